"""Where nothing was tampered with, nothing differs, and every check has looked at something."""

import pytest

from tests.verification.played import Played
from verification.check import check
from verification.report import CHECKED

pytestmark = pytest.mark.django_db


def test_nothing_differs_in_a_played_study(played: Played) -> None:
    report = check(played.study, played.ledger)
    assert [str(each) for each in report.differences] == []
    assert {name for name in CHECKED if not report.counts[name]} == set()
