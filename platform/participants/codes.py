"""How a new participant or group is named: by a secret, save in a simulated study, where the seed decides."""

from random import Random
from typing import TypedDict

from django.db import connection, models

from participants.tokens import new_code
from studies.models import Version

SIMULATED = "SIM"
"""How every code of a simulated study begins: so each row of its dataset says what it is, wherever it is pasted."""


class Names(TypedDict, total=False):
    """The columns that name a new row."""

    pk: int
    code: str


def names_of(row: type[models.Model], prefix: str, version: Version) -> Names:
    """What a new row is called.

    In a simulated study the key is drawn first and the code follows from it and the seed: whoever comes as the n-th
    has the same code in every run with that seed, and so has all chance that is seeded by a code.
    """
    if not version.study.is_simulated:
        return {"code": new_code(prefix)}
    key = _next_key(row)
    return {"pk": key, "code": new_code(SIMULATED + prefix, Random(f"{version.seed}/code/{prefix}/{key}").choice)}  # noqa: S311


def _next_key(row: type[models.Model]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [row._meta.db_table])
        return int(cursor.fetchone()[0])
