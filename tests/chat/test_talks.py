"""Talks as steps of a game: what a page shows and asks, what a form means, and when a talk is over."""

from typing import Any

import pytest
from django.db import transaction

from chat.models import Conversation, Entry
from flow.errors import FlowError
from flow.lookup import step_kind
from flow.models import Match
from flow.queries import is_answered_by, rev_of, seen_now
from flow.services import games, rounds
from flow.state import MatchState
from flow.step import Asked
from paradigm import View
from paradigm.fields import schema
from scheduling.models import Session
from tests.chat.rooms import Sitter, make_match

pytestmark = pytest.mark.django_db
TWO = [Sitter("talker"), Sitter("talker")]


def act(match: Match, number: int, *, key: str = "", **values: Any) -> str:
    match.refresh_from_db()
    seat = match.group.seats.get(number=number)
    return games.act(match_id=match.pk, path=match.path, seat_id=seat.pk, values=values, source="person", key=key)


def asked(match: Match, number: int) -> Asked:
    state = MatchState(Match.objects.get(pk=match.pk))
    implementation, step = step_kind(state)
    return implementation.asked(state, step, state.place(state.seats[number]))


def seen(match: Match, number: int) -> View:
    state = MatchState(Match.objects.get(pk=match.pk))
    return seen_now(state, state.place(state.seats[number]))


def test_talk_goes_from_messages_to_the_next_step_when_every_quota_is_used() -> None:
    match = make_match("chatting", *TWO, parameters={"quota": 2})
    assert [act(match, number, message=f"{number}{turn}") for turn in "ab" for number in (1, 2)] == ["stored"] * 4
    match.refresh_from_db()
    assert match.path == "answer"
    assert Conversation.objects.get(match=match).closed_at is not None


def test_form_sent_twice_says_it_once_and_another_body_is_a_conflict() -> None:
    match = make_match("chatting", *TWO)
    act(match, 1, key="k", message="hello")
    act(match, 1, key="k", message="hello")
    assert Entry.objects.count() == 1
    with pytest.raises(FlowError) as caught:
        act(match, 1, key="k", message="other")
    assert caught.value.code == "conflict"


def test_readiness_ends_a_talk_and_is_the_seats_last_word() -> None:
    match = make_match("chatting", *TWO)
    act(match, 1, message="bye", then="ready")
    assert asked(match, 1) == Asked()
    assert act(match, 1, message="more") == "already"
    act(match, 2, then="ready")
    match.refresh_from_db()
    assert match.path == "answer"
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("values", [{}, {"message": "  "}, {"then": "more"}, {"message": "x" * 41}, {"then": "maybe"}])
def test_incomplete_or_unfit_form_is_refused_and_says_why(values: dict[str, str]) -> None:
    match = make_match("chatting", *TWO)
    with pytest.raises(FlowError) as caught:
        act(match, 1, **values)
    assert caught.value.code == "refused"
    assert set(caught.value.errors) <= {"message", "then"}
    assert not Entry.objects.exists()


def test_message_that_is_too_short_is_refused_with_the_bound_whoever_writes_it() -> None:
    match = make_match("chatting", *TWO, parameters={"least": 6})
    (words,) = [field for field in asked(match, 1).fields if field.key == "message"]
    assert (words.min_chars, words.bounds) == (6, "at least 6 and at most 40 characters")  # type: ignore[attr-defined]
    seat = match.group.seats.get(number=1)
    said: list[tuple[str, dict[str, Any]]] = [(one, {"message": " short  "}) for one in ("person", "policy", "model")]
    for source, values in [*said, ("policy", {"entries": [{"kind": "message", "text": "short"}]})]:
        with pytest.raises(FlowError) as caught:
            games.act(match_id=match.pk, path="talk", seat_id=seat.pk, values=values, source=source)
        assert "message" in caught.value.errors
        if "entries" not in values:
            assert str(caught.value.errors["message"]) == "Please use at least 6 characters."
    assert not Entry.objects.exists()
    act(match, 1, message="longer", then="more")
    act(match, 1, then="ready")
    assert [entry.text for entry in Entry.objects.all()] == ["longer"]


def test_page_shows_what_was_said_by_position_and_own_words_as_own() -> None:
    match = make_match("chatting", *TWO)
    act(match, 1, message="mine")
    act(match, 2, message="theirs")
    assert [(line.who, line.text, line.seq) for line in seen(match, 1).lines] == [("", "mine", 1), ("2", "theirs", 2)]
    assert [(line.who, line.text) for line in seen(match, 2).lines] == [("1", "mine"), ("", "theirs")]


@pytest.mark.parametrize(("label", "path"), [("AI", "answer"), ("", "talk")])
def test_people_are_held_up_only_by_programs_that_may_be_people(label: str, path: str) -> None:
    match = make_match("chatting", Sitter("talker"), Sitter("talker", "policy", "talkative", label=label))
    act(match, 1, then="ready")
    match.refresh_from_db()
    assert match.path == path


def test_feed_takes_posts_comments_and_votes_and_ranks_by_votes() -> None:
    match = make_match("feeding", *[Sitter("reader")] * 3)
    assert "do" not in schema(asked(match, 1).fields)["properties"]
    act(match, 1, message="first")
    act(match, 2, message="second")
    assert schema(asked(match, 3).fields)["properties"]["to"]["enum"] == ["2", "1"]
    act(match, 3, do="up", to="1")
    act(match, 3, do="down", to="1")
    act(match, 3, do="up", to="1")
    act(match, 2, do="comment", to="1", message="why?")
    view = seen(match, 1)
    assert [(line.who, line.text) for line in view.lines] == [("", "first"), ("2", "why?"), ("2", "second")]
    assert view.tables[0].rows == [(1, 1)]
    with pytest.raises(FlowError) as caught:
        act(match, 1, do="comment", message="about nothing")
    assert caught.value.code == "refused"


def test_document_shows_the_fold_of_its_edits() -> None:
    match = make_match("drafting", Sitter("writer"), Sitter("writer"))
    act(match, 1, section="facts", message="one")
    act(match, 2, section="facts", message="two")
    act(match, 1, section="advice", message="go")
    cards = {card.position: card.text for card in seen(match, 2).cards}
    assert cards == {"facts": "two", "options": "", "advice": "go"}


def test_rules_read_entries_in_pages() -> None:
    match = make_match("chatting", *TWO, parameters={"quota": 20})
    for index in range(12):
        act(match, 1 + index % 2, message=f"m{index}")
    state = MatchState(Match.objects.get(pk=match.pk))
    assert [entry.text for entry in state.entries("talk", after=3, limit=2)] == ["m3", "m4"]
    assert len(state.entries("talk")) == 12
    assert [entry.seat for entry in state.entries("talk", limit=2)] == [1, 2]
    assert state.entries("nothing") == []


def test_seat_that_left_is_not_waited_for() -> None:
    match = make_match("chatting", *TWO, Sitter("talker"))
    act(match, 1, then="ready")
    act(match, 2, then="ready")
    with transaction.atomic():
        rounds.leave_seat(games.lock_group(match.group_id), match.group.seats.get(number=3))
    match.refresh_from_db()
    assert match.path != "talk"
    assert Conversation.objects.get(match=match).closed_at is not None


@pytest.mark.parametrize(
    ("game", "role", "said", "is_current"),
    [
        ("chatting", "talker", {"message": "hi"}, True),
        ("drafting", "writer", {"section": "facts", "message": "two"}, False),
    ],
)
def test_what_others_say_meanwhile_makes_a_form_old_only_where_it_would_replace_their_words(
    game: str, role: str, said: dict[str, str], is_current: bool
) -> None:
    match = make_match(game, Sitter(role), Sitter(role))
    session = Session.objects.get(seats__number=1, seats__group=match.group)
    before = rev_of(session)
    act(match, 2, **said)
    assert rev_of(session) != before, "the page is drawn anew"
    assert is_answered_by(session, before) is is_current
