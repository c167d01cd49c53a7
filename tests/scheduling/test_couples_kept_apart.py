"""What pairs tell while data come in, and what stays of a pair when somebody asks for deletion."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events import clock, runner
from exports.masked import masked
from exports.scope import Scope
from exports.tables import tables_of
from exports.tables.pairs import PAIRS
from flow.services import sessions
from scheduling.models import ScheduledSession
from studies.models import Version
from tests.machinery.people import make_version, newcomer, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import differences, enrolled, made, meet, newest, pair, pass_to, person_of
from tests.scheduling.test_couples import SIX

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:  # noqa: F811
    return made(make_version)


def let_out(version: Version, name: str) -> list[dict[str, Any]]:
    """The rows of a table while conditions and outcomes are held back; none where nothing of it leaves."""
    found = [table for table in masked(tables_of(version.study), version.study) if table.name == name]
    return [dict(row) for table in found for row in table.rows(Scope(version.study))]


def test_nothing_tells_who_meets_a_person_while_data_come_in(version: Version) -> None:
    both = enrolled(version, newcomer)
    pass_to(SIX, *both)
    meet(*both)
    assert let_out(version, "pairs") == []
    planned = let_out(version, "planned_sessions")
    assert len(planned) == 6
    assert not {"pair"} & planned[0].keys()
    assert {row["reason"] for row in planned} == {row["window_s"] for row in planned} == {None}
    assert "is_same_partner" not in let_out(version, "sessions")[0]
    assert "pair" not in let_out(version, "groups")[0]
    told = str([let_out(version, table.name) for table in tables_of(version.study)])
    assert pair().code not in told


def test_whoever_asks_for_deletion_leaves_a_pair_of_which_only_numbers_stay(version: Version) -> None:
    one, gone = enrolled(version, newcomer)
    pass_to(SIX, one, gone)
    meet(one, gone)
    sessions.leave(newest(gone).pk, withdraw=True)
    pass_to(clock.now() + timedelta(minutes=5), one)
    runner.drain("jobs")
    assert person_of(gone).erased_at is not None
    assert set(ScheduledSession.objects.filter(participant=gone.participant_id).values_list("zone", flat=True)) == {""}
    assert person_of(one).exit == "partners_left"
    (row,) = PAIRS.rows(Scope(version.study))
    assert (row["end_reason"], row["has_withdrawn"], row["visits_met"]) == ("withdrawn", True, 2)
    assert person_of(gone).code not in str(row)
    assert differences(version) == []
