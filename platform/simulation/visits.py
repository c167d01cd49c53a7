"""Visit by visit: for how many each was planned, who came and who stayed away, and how long a study can take."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from events import clock
from events.models import Event
from participants.models import Participant
from scheduling.models import ScheduledSession, Session
from scheduling.states import ATTENDED, EVENT_OF, State
from scheduling.windows import Person, calendar
from simulation.figures import median, percent
from simulation.sections import Cell, Column, Section
from studies import definition
from studies.models import Study, Version
from studies.schema_waves import Wave
from studies.spans import span

SECONDS_PER_HOUR = 3600
BEGUN = frozenset({*ATTENDED, State.STARTED})
STATES = (State.COMPLETED, State.PARTIAL, State.MISSED, State.EXCUSED, State.CANCELLED)


def visits(study: Study, version: Version) -> list[Section]:
    """One table; none for a study with one visit."""
    waves = definition.definition(version).waves
    if len(waves) == 1:
        return []
    rows = [_first(study, waves[0])]
    by_visit: dict[int, list[ScheduledSession]] = defaultdict(list)
    for row in ScheduledSession.objects.filter(participant__study=study).select_related("session").order_by("number"):
        by_visit[row.number].append(row)
    opened = _opened(study)
    rows += [_visit(version, planned, opened) for planned in by_visit.values()]
    columns = [
        Column("visit", "visit"), Column("planned", "planned"), Column("opened", "opened"), Column("begun", "begun"),
        Column("completed", "completed"), Column("partial", "in part"), Column("missed", "missed"),
        Column("excused", "excused"), Column("cancelled", "cancelled"),
        Column("attended_percent", "begun, of planned, %"), Column("retained_percent", "still in the study, %"),
        Column("median_delay_h", "begun after, median h"),
    ]  # fmt: skip
    notes = [
        "Planned: people who had finished the first visit. Cancelled: their part had ended before.",
        "Still in the study: all who had finished the first visit, less those for whom this one was cancelled.",
        "Begun after: from the opening of the visit. Who comes, when, and who stays away is assumed.",
    ]
    return [Section("visits", "Visits", columns, rows, notes)]


def _first(study: Study, wave: Wave) -> Sequence[Cell]:
    """The visit that begins when somebody comes: it has no window."""
    came = Session.objects.filter(participant__study=study, wave=wave.id).count()
    enrolled = Participant.objects.filter(study=study, scheduled__isnull=False).distinct().count()
    counts = [None, None, came, enrolled, *[None] * (len(STATES) - 1)]
    return [wave.id, *counts, None, percent(enrolled, came), None]


def _visit(version: Version, planned: Sequence[ScheduledSession], opened: frozenset[int]) -> Sequence[Cell]:
    states = [row.state for row in planned]
    begun = [row for row in planned if row.state in BEGUN]
    delays = [_delay(row) for row in begun]
    left = states.count(State.CANCELLED)
    return [
        definition.visit_name(version, planned[0].wave, planned[0].repeat),
        len(planned),
        sum(row.pk in opened for row in planned),
        len(begun),
        *(states.count(state) for state in STATES),
        percent(len(begun), len(planned)),
        percent(len(planned) - left, len(planned)),
        median([hours for hours in delays if hours is not None]),
    ]


def _delay(row: ScheduledSession) -> float | None:
    if row.session is None or row.opens_at is None:
        return None
    return (row.session.started_at - row.opens_at).total_seconds() / SECONDS_PER_HOUR


def _opened(study: Study) -> frozenset[int]:
    """Keys of the planned visits that could ever be begun, as the log tells it."""
    log = Event.objects.filter(study_id=study.pk, kind=EVENT_OF[State.OPEN], subject_kind="window")
    return frozenset(log.values_list("subject_id", flat=True))


def longest_stay(version: Version) -> timedelta:
    """How long after coming somebody's last visit can close, at most; nothing in a study with one visit.

    Whoever begins each visit as it closes, and finishes it when its grace ends, stays longest.
    """
    study, now = definition.definition(version), clock.now()
    if len(study.waves) == 1:
        return timedelta(0)
    planned = calendar(study, Person(ZoneInfo("UTC"), version.seed, "", recruited=now, enrolled=now))
    windows = sum((wave.repeat * _open_for(wave) for wave in study.waves[1:]), timedelta(0))
    last: datetime = max(at for _, at, _ in planned)
    return last - now + windows


def _open_for(wave: Wave) -> timedelta:
    assert wave.closes is not None, "E306: a wave after the first says when it closes"
    return span(wave.closes.after).nominal + span(wave.grace).nominal + span(wave.min_gap).nominal
