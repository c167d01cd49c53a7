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
from studies.latin import in_place
from studies.models import Slot, Version, levels_of

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
    """Do what may allocate levels, so that it allocates those of this condition; an order then begins with them.

    What comes first in a sequence is set aside for holders that do not exist, until what is wanted is next.

    Raises:
        ScreensError: "no_condition".
    """
    wanted = levels_of(condition).items()
    for _ in range(MOST_TRIES):
        with transaction.atomic():
            before = set(_held(version))
            count_anew()
            act()
            taken = [slot for slot in _held(version).values() if slot.pk not in before]
            stray = next((slot for slot in taken if not levels_of(in_place(slot.condition, 1)).items() <= wanted), None)
            if stray is None:
                return
            transaction.set_rollback(True)
        _set_aside(version, stray)
    text = f"{version} never allocated {condition}; is it among the conditions that the study file crosses?"
    raise ScreensError("no_condition", text)


def _held(version: Version) -> dict[int, Slot]:
    held = Slot.objects.filter(version=version, holder_id__isnull=False, holder_id__lt=SET_ASIDE)
    return {slot.pk: slot for slot in held}


@transaction.atomic
def _set_aside(version: Version, slot: Slot) -> None:
    last = Slot.objects.filter(holder_id__gte=SET_ASIDE).aggregate(models.Max("holder_id"))["holder_id__max"]
    unit = allocation.entries(version)[slot.entry].rule.unit
    draw = allocation.Draw(entry=slot.entry, place=slot.place)
    allocation.take_slot(version, unit=unit, unit_id=(last or SET_ASIDE) + 1, stratum=slot.stratum, draw=draw)


@transaction.atomic
def let_miss(participant: Participant, misses: int) -> None:
    """Count so many missed acts in a row for somebody, as if they had been away before."""
    Participant.objects.filter(pk=participant.pk).update(strikes=misses)
