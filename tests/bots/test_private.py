"""No model is told a fact of another seat that has not told it: the game of an experiment that would ends."""

import json

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings

from bots.models import FailedTurn
from bots.private import facts_in, held, kept_from
from bots.turns import take_turn
from events.models import Event
from flow.models import Match
from llm.models import Call
from matching.models import Seat
from tests.bots import answers
from tests.bots.meetings import MODEL, say
from tests.bots.test_turns import QUICK, claims_of
from tests.chat.games.telling import DOOR, KEY
from tests.chat.rooms import Sitter, make_match


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def room(leaks: int, known: str = "own") -> Match:
    """A person who knows of the key, and a model that knows of the door."""
    seat = Sitter("talker", "model", "prompts/one.md", settings={**QUICK, "asked_if_ai": "admit", "model": MODEL})
    match = make_match("telling", Sitter("talker"), seat, parameters={"leaks": leaks, "known": known})
    for number, facts in ((1, {"f1": KEY}), (2, {"f2": DOOR})):
        Seat.objects.filter(group=match.group, number=number).update(dealt={"facts": facts})
    return match


def take(match: Match) -> str:
    answers.will('{"message": "I see", "then": "more"}')
    (claim,) = claims_of(match)
    return async_to_sync(take_turn)(claim)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'A: "{KEY}"', ["f1"]),
        ("the KEY lies, under the\nthird stone", ["f1"]),
        (json.dumps("The key lies under\nthe third stone"), ["f1"]),
        ("The key lies under the first stone. The door opens.", []),
        ("It is red.", []),
    ],
)
def test_fact_is_found_word_for_word(text: str, found: list[str]) -> None:
    assert held(text, {"f1": KEY, "f2": DOOR, "f3": "red"}) == found


def test_facts_are_what_was_dealt_under_their_name() -> None:
    assert facts_in({"facts": {"f1": KEY}, "goal": "win"}) == {"f1": KEY}
    assert facts_in({}) == facts_in({"facts": ["no ids"]}) == {}


@pytest.mark.django_db
def test_own_fact_is_told_and_no_other() -> None:
    match = room(leaks=0)
    assert take(match) == "delivered"
    asked = str(answers.asked[0].messages)
    assert DOOR in asked
    assert KEY not in asked


@pytest.mark.django_db
def test_view_that_tells_another_seat_s_fact_ends_the_game_before_a_model_is_asked() -> None:
    match = room(leaks=1)
    assert take(match) == "failed"
    assert answers.asked == []
    assert not Call.objects.exists()
    failed = FailedTurn.objects.get()
    assert (failed.error_code, failed.did) == ("foreign_fact", "end")
    match.group.refresh_from_db()
    assert (match.group.status, match.group.end_reason) == ("ended", "technical")
    assert KEY not in str(list(Event.objects.values_list("facts", flat=True)))


@pytest.mark.django_db
def test_seat_that_is_declared_to_know_all_is_told_all() -> None:
    match = room(leaks=1, known="all")
    assert take(match) == "delivered"
    assert KEY in str(answers.asked[0].messages)


@pytest.mark.django_db
def test_seat_that_is_declared_to_know_nothing_is_not_even_told_its_own() -> None:
    match = room(leaks=0, known="nothing")
    assert take(match) == "failed"
    assert answers.asked == []
    assert FailedTurn.objects.get().error_code == "foreign_fact"


def test_facts_that_are_kept_from_a_seat_may_have_one_id() -> None:
    mine, other = Seat(pk=1, number=1, dealt={"facts": {"f": KEY}}), Seat(pk=2, number=2, dealt={"facts": {"f": DOOR}})
    for seat, kept in ((mine, DOOR), (other, KEY)):
        assert list(kept_from(seat, [mine, other], "own").values()) == [kept]
        assert sorted(kept_from(seat, [mine, other], "nothing").values()) == sorted([KEY, DOOR])
        assert kept_from(seat, [mine, other], "all") == {}


@pytest.mark.django_db
def test_what_its_owner_has_told_is_no_secret_any_more() -> None:
    match = room(leaks=0)
    assert take(match) == "delivered"
    say(match, f"Listen: {KEY}")
    assert take(match) == "delivered"
    assert KEY in str(answers.asked[0].messages)


@pytest.mark.django_db
def test_what_is_told_with_unseen_characters_in_it_is_told_and_ends_no_game() -> None:
    """A prompt holds it without them: whoever writes so could end the game of everybody."""
    match = room(leaks=0)
    assert take(match) == "delivered"
    say(match, KEY.replace("e", "e\u200b", 1).replace(" ", "\u2028", 1))
    assert take(match) == "delivered"
    assert not FailedTurn.objects.exists()
