"""The scratch in which a study is played for its pages: whatever happens inside is undone at its end.

Only ever called in a database that was made for simulation and holds nothing else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, models, transaction

from matching.models import Group
from participants.models import Participant
from screens.errors import ScreensError
from studies import allocation
from studies.models import Slot, Version

SET_ASIDE = 1_000_000_000
"""From here on are keys of holders that do not exist: they hold the slots of conditions that are not wanted now."""
MOST_TRIES = 500


@contextmanager
def undone() -> Iterator[None]:
    """Do something, the clock's moves included, and undo it; may be nested."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def count_anew() -> None:
    """Give whoever comes next the key that follows the last one there is: codes, and so all chance, follow from it."""
    for row in (Participant, Group):
        _restart(row)


def _restart(row: type[models.Model]) -> None:
    last = row._default_manager.aggregate(last=models.Max("pk"))["last"] or 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [row._meta.db_table, last + 1])


def under(version: Version, condition: str, act: Callable[[], None]) -> None:
    """Do what may allocate a condition, so that it allocates this one.

    What comes first in the sequence is set aside for holders that do not exist, until the wanted condition is next.

    Raises:
        ScreensError: "no_condition".
    """
    for _ in range(MOST_TRIES):
        with transaction.atomic():
            before = set(_held(version))
            count_anew()
            act()
            taken = next((slot for slot in _held(version).values() if slot.pk not in before), None)
            if taken is None or taken.condition == condition:
                return
            transaction.set_rollback(True)
        _set_aside(version, taken)
    text = f"{version} never allocated {condition}; is it among the conditions that the study file crosses?"
    raise ScreensError("no_condition", text)


def _held(version: Version) -> dict[int, Slot]:
    held = Slot.objects.filter(version=version, holder_id__isnull=False, holder_id__lt=SET_ASIDE)
    return {slot.pk: slot for slot in held}


@transaction.atomic
def _set_aside(version: Version, slot: Slot) -> None:
    last = Slot.objects.filter(holder_id__gte=SET_ASIDE).aggregate(models.Max("holder_id"))["holder_id__max"]
    unit: allocation.Unit = "group" if slot.holder_kind == "group" else "participant"
    allocation.take_slot(version, unit=unit, unit_id=(last or SET_ASIDE) + 1, stratum=slot.stratum)


@transaction.atomic
def let_miss(participant: Participant, misses: int) -> None:
    """Count so many missed acts in a row for somebody, as if they had been away before."""
    Participant.objects.filter(pk=participant.pk).update(strikes=misses)
