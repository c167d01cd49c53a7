"""Messages over sockets where a study protects people: what screening finds goes by the form, which does the rest."""

import pytest

from chat import lines
from chat.models import Entry, SafetyStep, Trigger
from chat.screening_wordings import edition
from tests.chat.safe_rooms import NOTE, OFFER, STOP, TWO, room
from tests.chat.test_between_people import send
from tests.chat.test_saying import say, told

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", [NOTE, OFFER, STOP])
def test_words_in_which_something_is_found_go_by_the_form(text: str) -> None:
    match = room(*TWO)
    assert say(match, 1, text).seq == 0
    assert not Entry.objects.exists()
    assert not Trigger.objects.exists()
    assert say(match, 1, "I had a nice day.").seq == 1


def test_whoever_pauses_says_nothing_and_is_told_nothing_until_they_go_on() -> None:
    match = room(*TWO)
    send(match, 1, message=STOP)
    assert say(match, 1, "let me go on").seq == 0
    assert say(match, 2, "Are you there?").seq == 2
    assert told(match, 1, after=1) is None
    assert told(match, 2, after=1) == [(2, "", "Are you there?")]
    send(match, 1, safety="resume")
    assert SafetyStep.objects.filter(what="resumed").count() == 1
    assert told(match, 1, after=1) == [(2, "2", "Are you there?")]
    assert say(match, 1, "Now I am.").seq == 3
    assert lines.room_of(0) is None


def test_rules_that_changed_during_a_talk_are_noted_for_what_comes_over_a_socket_too() -> None:
    match = room(*TWO)
    talk = match.conversations.get()
    assert say(match, 1, "I had a nice day.").seq == 1
    talk.refresh_from_db()
    assert talk.edition == edition()
    match.conversations.update(edition="before")
    assert say(match, 1, "And you?").seq == 2
    talk.refresh_from_db()
    assert talk.edition == talk.SEVERAL
