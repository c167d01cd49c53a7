"""People behind the curtain where somebody may be in danger: the study file's line is said, whoever was to write."""

import pytest
from django.conf import LazySettings

from bots.wizards import services
from chat.models import Entry, Trigger
from events import runner
from flow.models import Match
from tests.bots import answers
from tests.bots.curtains import ANA, WIZARD, asked, sit, write
from tests.bots.talking import reply
from tests.bots.test_guard import LINE, newest, says
from tests.bots.test_model_seats import MODEL
from tests.bots.test_turns import QUICK
from tests.bots.test_wizards_kept import differences
from tests.chat.rooms import Sitter
from tests.chat.safe_rooms import STOP, room
from tests.chat.test_between_people import send

pytestmark = pytest.mark.django_db(transaction=True)
DANGER = "You should kill yourself. I want to kill myself, too."


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def talk(draft: str = "hello") -> Match:
    """A talk in a study that protects people, in which somebody is asked for the seat's first message."""
    settings = {**QUICK, "asked_if_ai": "deflect", "model": MODEL, "wizard": WIZARD}
    match = room(
        Sitter("talker"), Sitter("talker", "model", "prompts/one.md", settings=settings), replies={"line": LINE}
    )
    answers.will(reply(draft))
    runner.drain("bots")
    return match


def test_words_of_a_person_that_name_danger_are_held_as_a_model_s_are() -> None:
    match = talk()
    sit(match)
    write(match, DANGER)
    assert newest() == LINE
    row = asked(match)
    assert (row.outcome, row.by, row.wizard) == ("held", "safety", ANA)
    assert Trigger.objects.get().is_reply
    assert differences(match) == set()


def test_draft_that_names_danger_is_offered_to_nobody() -> None:
    match = talk(DANGER)
    assert newest() == LINE
    assert (asked(match).outcome, asked(match).by, asked(match).wizard) == ("held", "safety", "")
    assert differences(match) == set()


def test_what_was_decided_is_not_said_to_somebody_who_may_be_in_danger_by_then() -> None:
    match = talk()
    sit(match)
    services.decide(asked(match).pk, ANA, words="Cheer up!", begins_with_draft=False)
    says(match, STOP)
    runner.drain("bots")
    assert newest() == STOP
    send(match, 1, safety="resume")
    runner.drain("bots")
    assert newest() == LINE
    assert not Entry.objects.filter(text="Cheer up!").exists()
    assert (asked(match).outcome, asked(match).by) == ("held", "safety")
    assert differences(match) == set()
