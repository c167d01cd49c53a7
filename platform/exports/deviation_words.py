"""The deviations to be read: what was not as planned, and from whom conditions and outcomes were kept."""

from collections.abc import Iterator, Sequence

from events.models import Event
from exports.columns import Row
from exports.scope import Scope
from exports.tables.deviations import rows_of_deviations
from studies.masking.services import LOOKED, MONITOR_ENDED, MONITOR_NAMED
from studies.masking.standing import State, ended_at, state_of

WHAT_IT_IS = """Written from what the platform records; `deviations.csv` holds the same rows. Days count from the one on
which the study was set up, day 1 (UTC), as in all tables. What was decided elsewhere, and how the analysis differs from
what was registered, does not stand here.
"""
TITLES = {
    "unmasked": "Unmasked before collection was closed",
    "amended": "New versions of the study file",
    "opened_beyond": "More people than the sample wants",
    "helped": "Help that changed somebody's course",
}
MASKING = {
    State.NEVER: "Nothing was masked: demonstrations and simulated people have no outcomes.",
    State.NOT_YET: "Nothing is masked yet: nobody who was recruited has entered.",
    State.MASKED: "Conditions and outcomes are masked for everybody but a named monitor until collection is closed.",
    State.UNMASKED: "Conditions and outcomes were masked for everybody but a named monitor, and were unmasked on "
    "study day {day}, before collection was closed.",
    State.ENDED: "Conditions and outcomes were masked for everybody but a named monitor until collection was closed, "
    "as planned, on study day {day}.",
}


def deviations_markdown(scope: Scope) -> str:
    """The whole page."""
    rows = list(rows_of_deviations(scope))
    lines = [f"# Deviations: {scope.study.slug}", "", WHAT_IT_IS, "## Masking", "", *_masking(scope), ""]
    for kind, title in TITLES.items():
        found = [row for row in rows if row["kind"] == kind]
        lines += [f"## {title}", "", *(_lines(found) or ["None is recorded."]), ""]
    return "\n".join(lines)


def _masking(scope: Scope) -> Iterator[str]:
    state, at = state_of(scope.study), ended_at(scope.study)
    yield MASKING[state].format(day=scope.day(at) if at else "")
    named, ended = (_people(scope, kind) for kind in (MONITOR_NAMED, MONITOR_ENDED))
    yield f"Monitors named: {named}." + (f" The rights of {ended} were ended." if ended else "")
    if state in (State.UNMASKED, State.ENDED):  # before, each look would make another dataset
        looks = Event.objects.filter(kind=LOOKED, subject_kind="study", subject_id=scope.study.pk).order_by("pk")
        days = list(dict.fromkeys(str(scope.day(look.at)) for look in looks))
        yield f"Monitors looked at unmasked data on study days: {', '.join(days) or 'none'}."


def _people(scope: Scope, kind: str) -> int:
    """How many accounts an event of the study was about."""
    return len(set(Event.objects.filter(kind=kind, study_id=scope.study.pk).values_list("facts__user", flat=True)))


def _lines(rows: Sequence[Row]) -> list[str]:
    return [line for row in rows for line in _line(row)]


def _line(row: Row) -> Iterator[str]:
    version = f"version {row['version']}, " if row["version"] else ""
    by = f", by {row['role']}" if row["role"] else ""
    yield f"* Study day {row['study_day']}: {version}after {row['people']} recruited people had entered{by}."
    yield f"  {_one_line(row['what'])}"
    if row["reason"]:
        yield f"  Reason: {_one_line(row['reason'])}"


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
