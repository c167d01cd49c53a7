"""The verbs of `manage.py study` about keeping: what goes when its time is over, and which datasets are outdated."""

import sys
from collections.abc import Callable
from getpass import getuser
from typing import Any, Protocol

from django.core.management.base import CommandError

from events import clock
from exports.services import purge as purging
from exports.services.purge import Counts
from exports.services.releases import retire
from exports.tombstones import Kept, kept_of
from exports.wishes import outdated
from studies import queries
from studies.models import Study

LINES_BETWEEN = 2000
"""Rows between two signs of progress, where nobody sees a line being written over."""


class Teller(Protocol):
    """The command that a verb belongs to."""

    stdout: Any
    stderr: Any

    def say(self, text: str) -> None:
        """Print one line of good news."""


def purge_verb(command: Teller, options: dict[str, Any]) -> None:
    """Say what is kept until when, and delete what is due once somebody has typed the study's id."""
    study, now = queries.study_named(options["study"]), clock.now()
    kept = kept_of(study)
    due = [one for one in kept if one.due_at is not None and one.due_at <= now]
    counts = purging.would_go(study, [one.rule for one in due])
    for one in kept:
        command.stdout.write(_said(one, is_due=one in due))
        for table, rows in sorted(counts.get(one.rule, {}).items()):
            command.stdout.write(f"    {table:32} {rows:>9}")
    total = sum(found.total() for found in counts.values())
    if options["dry_run"] or not total:
        command.say(f"{total} rows of {study.slug} would be deleted or emptied; nothing was changed")
        return
    _warn(command, study, due)
    _agreed(command, study, is_sure=options["yes"])
    _do(command, study, [one.rule for one in due if counts[one.rule].total()])


def _said(one: Kept, *, is_due: bool) -> str:
    """When a class goes, and by which rule."""
    whose = ", our default" if one.is_ours else ""
    if one.days is None:
        return f"{one.rule}: kept for good"
    rule = f"{one.rule}: retention.{one.rule} is {one.days}d{whose}"
    if one.due_at is None:
        return f"{rule}, counted from the closing of collection"
    last = f", purged before on {one.purged_at:%Y-%m-%d}" if one.purged_at else ""
    return f"{rule}; {'due since' if is_due else 'kept until'} {one.due_at:%Y-%m-%d}{last}"


def _warn(command: Teller, study: Study, due: list[Kept]) -> None:
    """Whatever is wanted of what goes must have been written before."""
    if any(one.rule == "texts" for one in due):
        whole = study.releases.filter(is_masked=False, table="").order_by("-as_of").first()
        last = f"the last whole one is release {whole.number} of {whole.as_of:%Y-%m-%d}" if whole else "there is none"
        command.stdout.write(f"Words will be in no dataset that is written from now on; {last}.")
    if any(one.rule == "codes" for one in due):
        command.stdout.write("Datasets of before and of later will not join by `participant` any more.")


def _agreed(command: Teller, study: Study, *, is_sure: bool) -> None:
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise CommandError("nobody is there to confirm it: add --yes")
    command.stdout.write(f"This cannot be undone. Type {study.slug} to delete it: ", ending="")
    command.stdout.flush()
    if sys.stdin.readline().strip() != study.slug:
        raise CommandError("nothing was changed")


def _do(command: Teller, study: Study, rules: list[str]) -> None:
    told: dict[tuple[str, str], int] = {}
    is_terminal = sys.stderr.isatty()

    def report(rule: str, table: str, looked_at: int) -> None:
        if is_terminal or looked_at - told.get((rule, table), 0) >= LINES_BETWEEN:
            told[rule, table] = looked_at
            line = f"{rule}: {looked_at} rows of {table} looked at"
            sys.stderr.write(f"\r{line:70}\r" if is_terminal else f"{line}\n")
            sys.stderr.flush()

    try:
        done: Counts = purging.purge(study, rules, progress=report)
    except KeyboardInterrupt as error:
        text = "interrupted: what was deleted by then is gone, and has its tombstones; run it again to go on"
        raise CommandError(text) from error
    for rule, found in done.items():
        command.say(f"{rule}: {found.total()} rows deleted or emptied in {sum(map(bool, found.values()))} tables")


def releases_verb(command: Teller, options: dict[str, Any]) -> None:
    """List the datasets that were written, or keep that all copies of outdated ones are destroyed."""
    study = queries.study_named(options["study"])
    if options["retire"] is not None:
        numbers = retire(study, options["retire"], by=getuser())
        command.say(f"retired: {', '.join(map(str, numbers)) or 'none, because none was outdated'}")
    old = {one.number for one in outdated(study)}
    for one in study.releases.order_by("number"):
        state = "OUTDATED: destroy every copy" if one.number in old else "current"
        if one.retired_at is not None:
            state = f"retired {one.retired_at:%Y-%m-%d} by {one.retired_by}"
        kind, what = "masked" if one.is_masked else "whole", one.table or "all tables"
        written = f"{one.as_of:%Y-%m-%d %H:%M} UTC"
        command.stdout.write(
            f"{one.number:>4}  {written}  {kind:6}  {what:16}  {one.people:>6} people  {one.sha256[:12]}  {state}"
        )
    remedy = f": write a new one, and then `manage.py study releases {study.slug} --retire`" if old else ""
    command.stdout.write(f"{len(old)} outdated{remedy}")


VERBS: dict[str, Callable[[Any, dict[str, Any]], None]] = {"purge": purge_verb, "releases": releases_verb}
