"""How an entry came about: kept as the browser says it within bounds, and of programs as the platform knows it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.models import BotTurn
from chat.models import Entry
from chat.writing import MOST_MS, MOST_TIMES, Writing, by_browser
from events import runner
from exports.scope import Scope
from exports.tables.talk import ENTRIES
from tests.bots.test_turns import QUICK
from tests.chat.rooms import Sitter, make_match
from tests.chat.test_talks import act

COUNTED = {"answers": "2", "first_key_ms": "900", "sent_ms": "4000", "edits": "3", "pastes": "1", "blurs": "0"}
NAMES = ("first_key_ms", "sent_ms", "edits", "pastes", "blurs")


def test_what_a_browser_counts_is_read_as_whole_numbers() -> None:
    assert by_browser(COUNTED, counts_pastes=True) == Writing(2, 900, 4000, 3, 1, 0)
    assert by_browser(COUNTED, counts_pastes=False).pastes is None
    assert by_browser({}, counts_pastes=True) == Writing()


NO_NUMBERS: list[Any] = ["-1", "1.5", "1e3", "", " 1", "٣", "0x10", "9" * 30, str(MOST_MS + 1), None, 7, True, []]


@pytest.mark.parametrize("said", NO_NUMBERS)
def test_what_is_no_whole_number_within_its_bounds_is_not_known(said: Any) -> None:
    assert by_browser({"sent_ms": said}, counts_pastes=True).sent_ms is None


@given(st.dictionaries(st.sampled_from([*NAMES, "answers", "planned_at"]), st.text() | st.integers().map(str)))
def test_nothing_that_a_browser_says_leaves_its_bounds(said: dict[str, str]) -> None:
    kept = by_browser(said, counts_pastes=True).within(5)
    assert kept["planned_at"] is None
    assert kept["answers"] is None or 0 <= kept["answers"] <= 5
    for name in NAMES:
        most = MOST_MS if name.endswith("_ms") else MOST_TIMES
        assert kept[name] is None or 0 <= kept[name] <= most


@pytest.mark.django_db
def test_message_keeps_how_it_was_written_and_a_repeat_changes_nothing() -> None:
    match = make_match("chatting", Sitter("talker"), Sitter("talker"), parameters={"pastes": "recorded"})
    act(match, 2, message="hello")
    act(match, 1, key="k", message="hi", **COUNTED | {"answers": "1"})
    act(match, 1, key="k", message="hi", **COUNTED | {"edits": "99"})
    (entry,) = Entry.objects.filter(seat__number=1)
    assert (entry.answers, entry.first_key_ms, entry.sent_ms) == (1, 900, 4000)
    assert (entry.edits, entry.pastes, entry.blurs, entry.planned_at) == (3, 1, 0, None)
    act(match, 1, message="what is not there yet", answers="77", sent_ms="soon")
    later = Entry.objects.latest("seq")
    assert (later.answers, later.sent_ms) == (None, None)


@pytest.mark.django_db
def test_table_has_planned_and_realised_delay_beside_what_people_did() -> None:
    partner = Sitter("talker", "policy", "talkative", settings=QUICK)
    match = make_match("chatting", Sitter("talker"), partner, parameters={"quota": 0, "pastes": "allowed"})
    act(match, 1, message="hello", **COUNTED | {"answers": "0"})
    runner.drain("bots")
    mine, theirs = list(ENTRIES.rows(Scope(match.group.version.study)))
    assert (mine["answers"], mine["sent_ms"], mine["pastes"], mine["delay_ms"]) == (0, 4000, None, None)
    assert mine["planned_s"] == ""
    assert (theirs["answers"], theirs["sent_ms"], theirs["edits"]) == (1, None, None)
    entry, turn = Entry.objects.get(seat__occupant="policy"), BotTurn.objects.get(path="talk")
    assert entry.planned_at is not None
    assert entry.planned_at == turn.planned_at
    planned = (entry.planned_at - match.group.formed_at).total_seconds()
    assert float(str(theirs["planned_s"])) == pytest.approx(planned, abs=0.001)
    apart = float(str(theirs["entry_s"])) - float(str(mine["entry_s"]))
    assert theirs["delay_ms"] == pytest.approx(apart * 1000, abs=1.1)
