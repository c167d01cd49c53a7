"""The reckoning sees what it is there to see: else its zeros would mean nothing."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulation.ledger import Acknowledged, acknowledged
from tests.faults.account import UNDISTURBED, Account, reckon_forms, reckon_lateness, reckon_ledger, reckon_rounds
from tests.faults.nemesis import Fault

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ENTRY = acknowledged(1, "stored", {"key": "k", "rev": "r", "choice": "a"}, title="Pick")
ROW = ("k", "stored", "r", ENTRY.body_sha256, "game", 1)
TRIAD = [(7, path, role, "person") for path, role in UNDISTURBED.decisions[1].elements()]


def account() -> Account:
    return Account("test", 0, {})


def changed(**fields: Any) -> tuple[Any, ...]:
    names = ("key", "outcome", "rev", "body", "stage", "acts")
    return tuple(fields.get(name, value) for name, value in zip(names, ROW, strict=True))


def test_ledger_that_agrees_is_no_problem() -> None:
    found = account()
    reckon_ledger(found, [ENTRY], [ROW])
    assert found.problems() == []


@pytest.mark.parametrize("row", [changed(key="other"), changed(outcome="late"), changed(rev="q"), changed(body="b")])
def test_acknowledged_form_that_is_not_there_as_it_was_is_lost(row: tuple[Any, ...]) -> None:
    found = account()
    reckon_ledger(found, [ENTRY], [row])
    assert len(found.lost) == 1


def test_acknowledged_move_without_an_act_is_lost_and_with_two_doubled() -> None:
    found = account()
    reckon_ledger(found, [ENTRY], [changed(acts=0)])
    assert (len(found.lost), len(found.doubled)) == (1, 0)
    reckon_ledger(found, [], [changed(acts=2)])
    assert len(found.doubled) == 2  # two acts, and nobody was told of the form


def test_saved_answer_of_before_is_told_apart_by_its_body() -> None:
    conflict = Acknowledged(1, "k", "conflict", "r", "another", "Pick", {})
    found = account()
    reckon_ledger(found, [conflict], [ROW])
    assert found.problems() == []


def test_round_without_a_decision_must_be_void_by_a_timeout() -> None:
    found = account()
    reckon_rounds(found, [(7, 1, "complete", "", "")], TRIAD)
    assert found.problems() == []
    reckon_rounds(found, [(7, 1, "complete", "", "")], TRIAD[1:])
    reckon_rounds(found, [(7, 1, "void", "ask", "")], TRIAD[1:])
    assert len(found.unexplained) == 2
    reckon_rounds(found, [(7, 1, "void", "ask", "")], [(7, "ask", "selector", "timeout")])
    assert len(found.unexplained) == 2


def test_person_who_completed_has_sent_every_form() -> None:
    forms = UNDISTURBED.forms
    found = account()
    reckon_forms(found, [("p", "completed", stage, count) for stage, count in forms.items()])
    assert found.problems() == []
    reckon_forms(found, [("p", "completed", stage, count) for stage, count in (forms - Counter(["quiz"])).items()])
    reckon_forms(found, [("q", "inactive", stage, count) for stage, count in (forms + Counter(["quiz"])).items()])
    assert len(found.unexplained) == 2


def test_lateness_counts_from_the_end_of_the_fault() -> None:
    found, second = account(), timedelta(seconds=1)
    fault = Fault("kill", "", NOON, NOON + 4 * second)
    reckon_lateness(found, [("job", "jobs", NOON, NOON + 6 * second)], [fault])
    assert (found.late_seconds, found.overdue_seconds, found.latest) == (6.0, 2.0, "job")
