"""What keeps people in a conversation safe from each other: rules, a way out that costs nothing, no contact details."""

from uuid import uuid4

import pytest

from bots.gate import Sieve
from bots.judging import Rules, judged
from chat.models import Conversation, Entry
from events.models import Event
from flow.models import Act, Match, Submission
from flow.queries import page_of, rev_of
from flow.services import sessions
from paradigm import FieldError
from scheduling.models import Session
from tests.bots.test_turns import QUICK
from tests.chat.rooms import Sitter, make_match
from tests.chat.test_talks import act, asked

pytestmark = pytest.mark.django_db
TWO = [Sitter("talker"), Sitter("talker")]
LONG = {"quota": 0, "chars": 200}


def session_of(match: Match, number: int) -> Session:
    return Session.objects.get(seats__number=number, seats__group=match.group)


def send(match: Match, number: int, **data: str) -> sessions.Result:
    session = session_of(match, number)
    return sessions.submit(session.pk, key=uuid4(), rev=rev_of(session), data=data)


def test_message_with_contact_details_is_held_back_with_a_sentence_and_an_event() -> None:
    match = make_match("chatting", *TWO, parameters=LONG)
    result = send(match, 1, message="write to anna@example.org or 07700 900123")
    assert result.outcome == "refused"
    assert "This was not sent." in str(result.errors["message"])
    assert not Entry.objects.exists()
    assert not Submission.objects.exists(), "nothing was taken in"
    event = Event.objects.get(kind="chat.held_back")
    assert (event.facts["kinds"], event.facts["seat"]) == ("email, phone", match.group.seats.get(number=1).pk)
    assert "anna" not in str(event.facts)
    assert send(match, 1, message="write to me here").outcome == "stored"


def test_contact_details_pass_where_the_experiment_lets_them() -> None:
    match = make_match("chatting", *TWO, parameters=LONG | {"contacts": "allowed"})
    assert send(match, 1, message="anna@example.org").outcome == "stored"
    assert not Event.objects.filter(kind="chat.held_back").exists()


def test_model_is_told_why_its_words_were_not_taken() -> None:
    match = make_match("chatting", *TWO, parameters=LONG)
    found = judged({"message": "see www.example.org", "then": "more"}, Rules(asked(match, 1).fields, Sieve("")))
    assert "message" not in found.values
    assert "a link" in found.wrong["message"]


@pytest.mark.parametrize("partner", [Sitter("talker"), Sitter("talker", "policy", "talkative", settings=QUICK)])
def test_whoever_leaves_ends_it_for_two_and_nothing_is_void(partner: Sitter) -> None:
    match = make_match("chatting", Sitter("talker"), partner, parameters=LONG | {"turns": 9, "active": 90})
    assert page_of(session_of(match, 1)).facts["also"][0]["value"] == "left"
    assert send(match, 1, message="not sent with it", then="left").outcome == "stored"
    match.refresh_from_db()
    assert (match.path, match.status) == ("answer", "open")
    assert not Entry.objects.exists()
    assert Act.objects.get(path="talk").values == {"then": "left"}
    assert Event.objects.get(kind="talk.ready").facts["left"] is True
    assert Conversation.objects.get().closed_at is not None
    participant = session_of(match, 1).participant
    assert (participant.status, participant.exit) == ("active", ""), "left a conversation, not the study"


def test_others_go_on_when_one_of_several_leaves() -> None:
    match = make_match("chatting", *TWO, Sitter("talker"), parameters=LONG)
    act(match, 1, then="left")
    match.refresh_from_db()
    assert match.path == "talk"
    act(match, 2, message="still here")
    act(match, 2, then="left")
    match.refresh_from_db()
    assert match.path == "answer"


def test_program_cannot_leave() -> None:
    match = make_match("chatting", Sitter("talker"), Sitter("talker", "policy", "talkative"), parameters=LONG)
    offered = next(field for field in asked(match, 2).fields if field.key == "then")
    assert offered.schema()["enum"] == ["more", "ready"]


def test_rules_are_on_the_page_and_name_contact_details_where_they_are_held() -> None:
    match = make_match("chatting", *TWO, parameters=LONG)
    assert len(page_of(session_of(match, 1)).facts["talk"]["rules"]) == 3
    free = make_match("chatting", *TWO, parameters=LONG | {"contacts": "allowed"})
    assert len(page_of(session_of(free, 1)).facts["talk"]["rules"]) == 2
    with pytest.raises(FieldError, match="not sent"):
        asked(match, 1).fields[0].clean("t.me/annak")
