"""People who are allocated one by one, and that a verification reads one snapshot and writes nothing."""

from pathlib import Path

import pytest
from django.db import connection

from studies.models import Allocation, Slot, Study
from tests.machinery.people import newcomer
from tests.stages.test_allocation_of_people import at_the_briefing, study_of_people
from tests.verification.tampering import change, sql
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)


def named(study: Study) -> set[str]:
    """The names of all differences."""
    return {each.what for each in check(study).differences}


def within_a_snapshot(what: str, done: int, total: int) -> None:
    """Asked while a verification is under way."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
        assert cursor.fetchone() == ("repeatable read", "on"), what


@pytest.mark.parametrize(("at", "allocated"), [({"at": "about", "strata": ["site"]}, 1), ({"at": "entry"}, 2)])
def test_people_hold_the_slots_they_took(at: dict[str, object], allocated: int, tmp_path: Path) -> None:
    version = study_of_people(tmp_path, at)
    person = at_the_briefing(version, "north").participant
    newcomer(version)
    report = check(version.study, progress=within_a_snapshot)
    assert [str(each) for each in report.differences] == []
    assert (report.counts["people"], report.counts["allocations"]) == (2, allocated)
    change(person, origin="demo")
    assert named(version.study) == {"sequence of a person"}
    change(person, origin="link")
    taken = Allocation.objects.get(unit_id=person.pk)
    sql("DELETE FROM studies_allocation WHERE id = %s", taken.pk)
    change(Slot.objects.get(pk=taken.slot_id), holder_kind="", holder_id=None)
    assert "slot of a person" in named(version.study)
