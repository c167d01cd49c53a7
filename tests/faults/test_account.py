"""The reckoning sees what it is there to see: else its zeros would mean nothing."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from tests.faults.account import UNDISTURBED, Account, reckon_forms, reckon_lateness, reckon_rounds, reckon_verification
from tests.faults.nemesis import Fault

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TRIAD = [(7, path, role, "person") for path, role in UNDISTURBED.decisions[1].elements()]


def account() -> Account:
    return Account("test", {})


def test_differences_are_counted_by_what_they_mean() -> None:
    found = account()
    kinds = ("acknowledged form lost", "acknowledged form altered", "acknowledged form doubled", "participant's status")
    reckon_verification(found, [f"{kind}: where: expected a, found b" for kind in kinds])
    assert (found.lost, found.doubled, found.wrong, len(found.problems)) == (2, 1, 1, 4)


def test_round_without_a_decision_must_be_void_by_a_timeout() -> None:
    found = account()
    reckon_rounds(found, [(7, 1, "complete", "", "")], TRIAD)
    assert found.problems == []
    reckon_rounds(found, [(7, 1, "complete", "", "")], TRIAD[1:])
    reckon_rounds(found, [(7, 1, "void", "ask", "")], TRIAD[1:])
    assert found.unexplained == 2
    reckon_rounds(found, [(7, 1, "void", "ask", "")], [(7, "ask", "selector", "timeout")])
    assert found.unexplained == 2


def test_person_who_completed_has_sent_every_form() -> None:
    forms = UNDISTURBED.forms
    found = account()
    reckon_forms(found, [("p", "completed", stage, count) for stage, count in forms.items()])
    assert found.problems == []
    reckon_forms(found, [("p", "completed", stage, count) for stage, count in (forms - Counter(["quiz"])).items()])
    reckon_forms(found, [("q", "inactive", stage, count) for stage, count in (forms + Counter(["quiz"])).items()])
    assert found.unexplained == 2


def test_lateness_counts_from_the_end_of_the_fault() -> None:
    found, second = account(), timedelta(seconds=1)
    fault = Fault("kill", "", NOON, NOON + 4 * second)
    reckon_lateness(found, [("job", "jobs", NOON, NOON + 6 * second)], [fault])
    assert (found.late_seconds, found.overdue_seconds, found.latest) == (6.0, 2.0, "job")
