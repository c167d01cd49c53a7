"""In a simulated study codes follow from the seed, so one seed gives one table; everywhere else they are secrets."""

from collections.abc import Sequence

import pytest
from django.db import connection, transaction

from matching.models import Group
from matching.services import run_group
from participants.models import Participant
from participants.tokens import CODE_LENGTH
from studies.models import Version
from tests.machinery.people import MakeVersion, newcomer

pytestmark = pytest.mark.django_db


def codes(version: Version) -> Sequence[str]:
    """The codes of the first two people and of the first group of a database, all undone afterwards."""
    _as_new(Participant, Group)
    with transaction.atomic():
        people = [newcomer(version, origin=Participant.Origin.SIMULATED).participant.code for _ in range(2)]
        group = run_group(version, "game").code
        transaction.set_rollback(True)
    return [*people, group]


def _as_new(*rows: type[Participant] | type[Group]) -> None:
    """Count from 1 again."""
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1, false)", [row._meta.db_table])


def test_one_seed_gives_one_table_of_codes(make_version: MakeVersion) -> None:
    version = make_version(is_simulated=True)
    first = codes(version)
    assert codes(version) == first
    assert len(set(first)) == 3
    assert [(code[:4], len(code)) for code in first] == [(f"SIM{letter}", CODE_LENGTH + 4) for letter in "ppg"]


def test_another_seed_gives_other_codes(make_version: MakeVersion) -> None:
    one, other = (codes(make_version(is_simulated=True)) for _ in range(2))
    assert not set(one) & set(other)


def test_codes_of_real_people_are_not_in_the_seed(make_version: MakeVersion) -> None:
    version = make_version()
    one, other = (codes(version) for _ in range(2))
    assert not set(one) & set(other)
    assert not [code for code in [*one, *other] if code.startswith("SIM")]
