"""Deleting what was kept for as long as the study file says, once collection is closed: in batches, for good.

Each batch is one transaction with its tombstone, so whoever interrupts it loses nothing, and running it again goes on.
A row that is emptied already is passed over: doing it twice changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from getpass import getuser

from django.db import transaction

from events import clock, log
from exports.errors import ExportError
from exports.holdings import STEPS, Changes, Step
from exports.models import Tombstone
from exports.services.door import erasing
from exports.tombstones import PURGED, kept_of
from matching.models import Group
from studies.models import Study

ROWS_AT_ONCE = 200
Progress = Callable[[str, str, int], None]
"""Told the class, the table, and how many of its rows were looked at."""
Counts = Mapping[str, Counter[str]]
"""Class → table → rows."""


def silent(rule: str, table: str, looked_at: int) -> None:
    """No progress is shown."""


def would_go(study: Study, rules: Sequence[str]) -> Counts:
    """How many rows of which table a purge would delete or empty now. Nothing is changed."""
    return {rule: Counter({step.table: _pass(step, study, None) for step in STEPS[rule]}) for rule in rules}


def purge(study: Study, rules: Sequence[str], *, by: str = "", progress: Progress = silent) -> Counts:
    """Delete what some classes hold of a study; how many rows of which table.

    Args:
        by: Who does it; the account on the server unless given.

    Raises:
        ExportError: "not_due": the study is not closed, or the class is kept for longer; "still_playing".
    """
    _need_due(study, rules)
    found: dict[str, Counter[str]] = {}
    for rule in rules:
        found[rule] = Counter()
        for step in STEPS[rule]:
            found[rule][step.table] = _pass(step, study, by or getuser(), progress)
        _finish(study, rule, found[rule])
    return found


def _need_due(study: Study, rules: Sequence[str]) -> None:
    now, kept = clock.now(), {str(one.rule): one for one in kept_of(study)}
    for rule in rules:
        if (due_at := kept[rule].due_at) is None:
            why = "is kept for good" if kept[rule].days is None else f"is kept: {study.slug} is not closed"
            raise ExportError("not_due", f"{rule} {why}")
        if due_at > now:
            raise ExportError("not_due", f"{rule} of {study.slug} is kept until {due_at:%Y-%m-%d}")
    playing = Group.objects.filter(version__study=study, status=Group.Status.ACTIVE).first()
    if playing is not None:
        remedy = f"wait, or end it with `manage.py group end {playing.code}`"
        raise ExportError("still_playing", f"group {playing.code} of {study.slug} still plays; {remedy}")


def _pass(step: Step, study: Study, by: str | None, progress: Progress = silent) -> int:
    """Go through the rows of a table once, in the order of their keys; how many were, or would be, changed.

    Args:
        by: Who does it; None: nothing is changed.
    """
    last, changed, seen, change = 0, 0, 0, step.change(study)
    while True:
        last, looked_at, touched = _batch(step, study, (last, change), by)
        seen, changed = seen + looked_at, changed + touched
        if not looked_at:
            return changed
        progress(step.rule, step.table, seen)


@transaction.atomic
def _batch(step: Step, study: Study, where: tuple[int, Changes], by: str | None) -> tuple[int, int, int]:
    """The last key, how many rows there were after it, and how many of them change."""
    last, change = where
    rows = step.rows(study).filter(pk__gt=last).order_by("pk")
    # Nobody else writes what is purged, save for an erasure: it waits, or this does.
    found = list((rows.select_for_update(of=("self",)) if by is not None else rows)[:ROWS_AT_ONCE])
    new = {row: change(row) for row in found}
    touched = [row for row, values in new.items() if values is None or values]
    if by is None or not touched:
        return (found[-1].pk if found else last), len(found), len(touched)
    with erasing():
        gone = [row.pk for row in touched if new[row] is None]
        step.model._default_manager.filter(pk__in=gone).delete()
        for row in touched:
            if values := new[row]:
                step.model._default_manager.filter(pk=row.pk).update(**values)
    Tombstone.objects.create(study=study, rule=step.rule, what=step.table, rows=len(touched), by=by)
    return found[-1].pk, len(found), len(touched)


@transaction.atomic
def _finish(study: Study, rule: str, gone: Counter[str]) -> None:
    """Keep that all of a class is gone. Who did it stands on the tombstones: an event may leave with the dataset."""
    facts = {"what": rule, "rows": gone.total()}
    log.record(PURGED, study=study.pk, subject=("study", study.pk), facts=facts)
