"""A belief that was drawn is drawn once more: whatever was changed in it is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flow.models import Award
from tests.bots.test_beliefs_run import PRIZE, played
from tests.verification.tampering import change, remove
from verification.check import check
from verification.report import Report

pytestmark = pytest.mark.django_db(transaction=True)
PAID = {"beliefs_ask": "every_round", "beliefs_incentive": "one_random_item", "beliefs_prize": PRIZE}


def found(tmp_path: Path, tamper: Callable[[Award], None]) -> Report:
    study = played(tmp_path, PAID)
    assert check(study).is_clean
    tamper(Award.objects.get())
    return check(study)


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (lambda award: change(award, points=PRIZE - award.points), {"award", "award, reckoned"}),
        (lambda award: change(award, chances=award.chances - 1), {"award", "award, reckoned"}),
        (lambda award: change(award, ticket=award.ticket % award.tickets + 1), {"award"}),
        (lambda award: change(award, prize=PRIZE + 1), {"award"}),
        (lambda award: change(award, match_id=award.match.group.matches.exclude(pk=award.match_id)[0].pk), {"award"}),
        (remove, {"award"}),
    ],
)
def test_changed_award_is_found(tmp_path: Path, tamper: Callable[[Award], None], named: set[str]) -> None:
    report = found(tmp_path, tamper)
    assert named <= {difference.what for difference in report.differences}
    assert {difference.what for difference in report.differences} <= {"award", "award, reckoned"}


def test_rules_that_fail_are_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> int:
        raise ValueError("no truth")

    study = played(tmp_path, PAID)
    monkeypatch.setattr("verification.awards.awards_of", fails)
    assert {difference.what for difference in check(study).differences} >= {"awards that cannot be drawn"}
