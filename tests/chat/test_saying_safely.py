"""Messages over sockets where a study protects people: what screening finds goes by the form, which does the rest."""

import pytest

from chat import lines
from chat.models import Entry, SafetyStep, Trigger
from tests.chat.test_between_people import send
from tests.chat.test_safety import NOTE, OFFER, STOP, TWO, room, versions_may_change
from tests.chat.test_saying import say, told

pytestmark = pytest.mark.django_db
_ = versions_may_change


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
