"""What a socket acknowledged is held against the conversation: its entry must be there, once, with its words."""

from uuid import uuid4

import pytest

from chat.models import Entry
from flow.models import Match
from simulation.ledger import Acknowledged, acknowledged
from tests.chat.rooms import Sitter, make_match
from tests.chat.test_saying import FREE, by_form, say
from tests.machinery.erasing import erasing
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
TWO = [Sitter("talker"), Sitter("talker")]


@pytest.fixture
def spoken() -> tuple[Match, list[Acknowledged]]:
    """Two messages over sockets, of the first of which the answer was late: its form came, too."""
    match, ledger = make_match("chatting", *TWO, parameters=FREE), []
    for number, text in ((1, "one"), (2, "two")):
        form = {"key": str(uuid4()), "rev": "t", "message": text}
        assert say(match, number, text, key=form["key"]).seq == number
        ledger.append(acknowledged(number, "said", form))
    by_form(match, 1, "one", ledger[0].key)
    return match, ledger


def found(match: Match, ledger: list[Acknowledged]) -> tuple[int, int, int, int]:
    """How many were found, lost, stored twice, altered."""
    report = check(match.group.version.study, ledger, late_after_seconds=1e6)
    counts = report.ledger
    return counts["found"], counts["lost"], counts["doubled"], counts["altered"]


def test_entries_answer_for_what_sockets_acknowledged(spoken: tuple[Match, list[Acknowledged]]) -> None:
    match, ledger = spoken
    assert found(match, ledger) == (2, 0, 0, 0)
    with erasing():
        Entry.objects.filter(key=ledger[1].key).update(text="another")
    assert found(match, ledger) == (2, 0, 0, 1)
    with erasing():
        Entry.objects.filter(key=ledger[1].key).delete()
    assert found(match, ledger) == (1, 1, 0, 0)


def test_no_form_answers_for_them(spoken: tuple[Match, list[Acknowledged]]) -> None:
    match, ledger = spoken
    with erasing():
        Entry.objects.filter(key=ledger[0].key).delete()
    assert found(match, ledger) == (1, 1, 0, 0)
