"""People between visits: each person's planned visits and what became of them, counts for each visit, who is at risk.

States, codes and times alone: no condition, no outcome. Who asked that their data be deleted is not there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from events import clock
from flow.home import MARKS
from participants.models import Participant
from scheduling.models import ScheduledSession, Session
from scheduling.states import OVER, State
from scheduling.windows import slots_of
from studies import definition
from studies.lasting import lasting
from studies.models import Study, Version

SOON = timedelta(hours=12)
MOST_ROWS = 100
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class VisitCount:
    """What has become of one planned visit, over all people."""

    number: int
    visit: str
    planned: int
    open: int
    started: int
    completed: int
    partial: int
    missed: int
    excused: int
    cancelled: int


@dataclass(frozen=True)
class Cell:
    """One visit of one person: a shape of `participant/mark.html`, the state, and a time that matters for it (UTC)."""

    state: str
    shape: str
    when: str


@dataclass(frozen=True)
class PersonRow:
    """One person's visits. `risk` says why somebody is at risk of not coming again; empty otherwise."""

    participant: str
    status: str
    risk: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Grid:
    """A page of people by visits."""

    at: datetime
    visits: Sequence[VisitCount]
    rows: Sequence[PersonRow]
    people: int
    at_risk: int
    page: int
    pages: int


def has_several_visits(study: Study) -> bool:
    """Whether people come back in this study."""
    return study.current is not None and len(definition.definition(study.current).waves) > 1


def visit_counts(study: Study) -> Sequence[VisitCount]:
    """A line for each visit after the first, by number; none before anybody has finished that."""
    rows = ScheduledSession.objects.filter(participant__in=_people(study)).values_list("number", "state")
    found: dict[int, Counter[str]] = {}
    for number, state, count in rows.annotate(n=Count("pk")).order_by("number"):
        found.setdefault(number, Counter())[state] = count
    names = _names(study)
    return [
        VisitCount(number, names.get(number, str(number)), **{state.value: counts[state] for state in State})
        for number, counts in found.items()
    ]


def between_visits(study: Study) -> int:
    """How many people have nothing to do now but to come again."""
    going_on = Session.objects.filter(participant=OuterRef("pk"), status=Session.Status.ACTIVE)
    planned = ScheduledSession.objects.filter(participant=OuterRef("pk"))
    return _people(study).filter(Exists(planned), ~Exists(going_on), exit="").count()


def at_risk(study: Study) -> int:
    """How many people missed their last visit, or have not begun one that closes soon."""
    return _at_risk(_enrolled(study)).count()


def grid_of(study: Study, *, only_at_risk: bool = False, page: int = 1, is_masked: bool = False) -> Grid:
    """A page of people, those first who came first.

    Args:
        only_at_risk: Whether to leave out everybody else.
        page: From 1; beyond the last it is the last.
        is_masked: Whether to leave out times where two people may stay partners: they meet when both can.
    """
    now = clock.now()
    people = _at_risk(_enrolled(study)) if only_at_risk else _enrolled(study)
    count = people.count()
    pages = max(1, -(-count // MOST_ROWS))
    page = min(max(page, 1), pages)
    found = list(people.order_by("pk")[(page - 1) * MOST_ROWS : page * MOST_ROWS])
    visits: dict[int, list[ScheduledSession]] = {person.pk: [] for person in found}
    for row in ScheduledSession.objects.filter(participant__in=found).select_related("session").order_by("number"):
        visits[row.participant_id].append(row)
    counts = visit_counts(study)
    numbers = [one.number for one in counts]
    has_times = not (is_masked and any(map(_lasts, study.versions.all())))
    rows = [_row(person, visits[person.pk], numbers, now, has_times=has_times) for person in found]
    return Grid(now, counts, rows, _enrolled(study).count(), at_risk(study), page, pages)


def _people(study: Study) -> QuerySet[Participant]:
    return Participant.objects.filter(study=study).exclude(status=Participant.Status.WITHDRAWN)


def _enrolled(study: Study) -> QuerySet[Participant]:
    return _people(study).filter(Exists(ScheduledSession.objects.filter(participant=OuterRef("pk"))))


def _at_risk(people: QuerySet[Participant]) -> QuerySet[Participant]:
    """Those who are still in the study, and whose last visit was missed or whose open one closes soon."""
    visits = ScheduledSession.objects.filter(participant=OuterRef("pk"))
    last = visits.filter(state__in=OVER).order_by("-number").values("state")[:1]
    closing = visits.filter(state=State.OPEN, closes_at__lt=clock.now() + SOON)
    return people.filter(exit="").annotate(last=Subquery(last)).filter(Q(last=State.MISSED) | Exists(closing))


def _lasts(version: Version) -> bool:
    return lasting(definition.definition(version)) is not None


def _row(
    person: Participant, visits: Sequence[ScheduledSession], numbers: Sequence[int], now: datetime, *, has_times: bool
) -> PersonRow:
    by_number = {row.number: row for row in visits}
    cells = [_cell(by_number.get(number), has_times=has_times) for number in numbers]
    risk = "; ".join(_risks(visits, now, has_times=has_times)) if not person.exit else ""
    return PersonRow(person.code, person.exit or "active", risk, cells)


def _risks(visits: Sequence[ScheduledSession], now: datetime, *, has_times: bool) -> Iterator[str]:
    """Why somebody may not come again, as `_at_risk` finds them."""
    over = [row for row in visits if row.state in OVER]
    if over and over[-1].state == State.MISSED:
        yield "missed the last one"
    for row in visits:
        if row.state == State.OPEN and row.closes_at is not None and row.closes_at < now + SOON:
            when = f"in {max(0, ceil((row.closes_at - now) / AN_HOUR))} h" if has_times else "soon"
            yield f"not begun, closes {when}"


def _cell(row: ScheduledSession | None, *, has_times: bool) -> Cell:
    """What stands in the grid; nothing where the person's version plans no such visit."""
    if row is None:
        return Cell("", "", "")
    return Cell(row.state, MARKS[row.state], _when(row) if has_times else "")


def _when(row: ScheduledSession) -> str:
    """The instant that matters: when it opens, until when it can be begun or finished, or when it was over."""
    said = {
        State.PLANNED: ("from", row.opens_at or row.planned_open),
        State.OPEN: ("until", row.closes_at),
        State.STARTED: ("until", row.grace_until),
        State.CANCELLED: ("", None),
    }
    word, at = said.get(State(row.state), ("", row.ended_at))
    return f"{word} {at:%m-%d %H:%M}".strip() if at is not None else ""


def _names(study: Study) -> Mapping[int, str]:
    """Number → "talk 2", as the newest version plans it."""
    if study.current is None:
        return {}
    study_file = definition.definition(study.current)
    slots = enumerate(slots_of(study_file), start=1)
    return {
        n: slot.wave if study_file.waves[slot.at].repeat == 1 else f"{slot.wave} {slot.repeat}" for n, slot in slots
    }
