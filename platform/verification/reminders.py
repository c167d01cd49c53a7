"""Reminders: each in the state to which its events lead, none sent twice, none against what it was to be sent for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from events.models import Event
from participants.models import Participant
from scheduling.models import Reminder, ScheduledSession, Session
from scheduling.outbox import rules_of
from scheduling.reminders import COUNTED, EVENT_OF, STATE_AFTER, State, is_so
from scheduling.services import ZONE_CHANGED
from scheduling.states import STATE_AFTER as WINDOW_AFTER
from scheduling.states import State as Visit
from studies import definition
from verification.inquiry import Inquiry

Log = Mapping[int, Sequence[Event]]
CLAIMED, SENT, BACK = EVENT_OF[State.SENDING], EVENT_OF[State.SENT], EVENT_OF[State.QUEUED]
FINISHED = "session.finished"


@dataclass(frozen=True)
class _Told:
    """What the events say: of reminders, of the visits they are about, and of when somebody's part ended."""

    reminders: Log
    windows: Log
    ends: Mapping[int, int]  # participant -> the event
    travels: Log  # participant -> changes of their zone


def check_reminders(inquiry: Inquiry, visits: Mapping[Participant, Sequence[Session]]) -> None:
    """For some people, each with their visits."""
    people = [one for one in visits if definition.definition(one.version).reminders is not None]
    if not people:
        return
    planned = ScheduledSession.objects.filter(participant__in=people).order_by("participant", "number")
    rows: dict[int, list[Reminder]] = defaultdict(list)
    known = {visit.pk: visit for visit in planned}
    for row in Reminder.objects.filter(scheduled__in=known).order_by("number", "channel"):
        row.scheduled = known[row.scheduled_id]
        rows[row.scheduled_id].append(row)
    keys = [row.pk for several in rows.values() for row in several]
    whose = {visit.pk: person.pk for person in people for visit in visits[person]}
    ends = {whose[at]: events[-1].pk for at, events in _log("session", list(whose), kind=FINISHED).items()}
    travels = _log("participant", [one.pk for one in people], kind=ZONE_CHANGED)
    told = _Told(_log("reminder", keys), _log("window", list(known)), ends, travels)
    by_key, of_person = {person.pk: person for person in people}, defaultdict[int, list[Reminder]](list)
    for visit in known.values():
        visit.participant = by_key[visit.participant_id]
        of_person[visit.participant_id] += rows[visit.pk]
        _check_visit(inquiry, visit, rows[visit.pk], told)
    for person in people:
        _check_study_cap(inquiry, person, of_person[person.pk])
        if not told.travels[person.pk]:  # by which clock their days were counted is not kept of whoever has moved
            _check_day_cap(inquiry, person, of_person[person.pk])


def _log(about: str, keys: Sequence[int], **more: str) -> Log:
    found: dict[int, list[Event]] = defaultdict(list)
    for event in Event.objects.filter(subject_kind=about, subject_id__in=keys, **more).order_by("pk"):
        found[event.subject_id].append(event)
    return found


def _check_visit(inquiry: Inquiry, visit: ScheduledSession, rows: Sequence[Reminder], told: _Told) -> None:
    study = definition.definition(visit.participant.version)
    where = f"{visit.participant.code}, {visit.wave} {visit.repeat}"
    if visit.opens_at is not None and study.reminders is not None:
        count = len(rules_of(study, visit.wave))
        wanted = {f"{number} by {name}" for number in range(1, count + 1) for name in study.reminders.channels}
        found = {f"{row.number} by {row.channel}" for row in rows}
        inquiry.report.compare("reminders of a visit", where, sorted(wanted), sorted(found))
    for row in rows:
        inquiry.report.count("reminders")
        _check_row(inquiry, f"{where}, reminder {row.number} by {row.channel}", row, told)
    cap = study.reminders.caps.per_visit if study.reminders is not None else None
    sent = sum(row.state in COUNTED for row in rows)
    if cap is not None and sent > cap:
        inquiry.report.differ("reminders beyond a cap", where, f"at most {cap} about a visit", str(sent))


def _check_row(inquiry: Inquiry, where: str, row: Reminder, told: _Told) -> None:
    report, events = inquiry.report, told.reminders[row.pk]
    state = inquiry.follow("reminder", where, [STATE_AFTER[one.kind] for one in events if one.kind in STATE_AFTER])
    report.compare("state of a reminder", where, state, row.state)
    report.compare("sending of a reminder", where, state == State.SENT, row.sent_at is not None)
    kinds = Counter(event.kind for event in events)
    if kinds[SENT] > 1 or kinds[CLAIMED] > 1 + kinds[BACK]:
        often = f"claimed {kinds[CLAIMED]} times, sent {kinds[SENT]} times"
        report.differ("reminder sent twice", where, "once at most, save what never left", often)
    claims = [event for event in events if event.kind == CLAIMED]
    rules = rules_of(definition.definition(row.scheduled.participant.version), row.scheduled.wave)
    if not claims or row.number > len(rules):
        return
    last = claims[-1].pk
    moves = [WINDOW_AFTER[one.kind] for one in told.windows[row.scheduled_id]
             if one.kind in WINDOW_AFTER and one.pk < last]  # fmt: skip
    visit, condition = moves[-1] if moves else str(Visit.PLANNED), rules[row.number - 1].only_if
    if not is_so(condition, visit):
        report.differ("reminder against its condition", where, condition, f"a visit that was {visit}")
    ended = told.ends.get(row.scheduled.participant_id)
    if ended is not None and ended < last:
        report.differ("reminder of somebody who had left", where, "none", "one that was claimed later")


def _check_study_cap(inquiry: Inquiry, person: Participant, rows: Sequence[Reminder]) -> None:
    said = definition.definition(person.version).reminders
    cap, sent = said.caps.per_study if said is not None else None, sum(row.state in COUNTED for row in rows)
    if cap is not None and sent > cap:
        inquiry.report.differ("reminders beyond a cap", person.code, f"at most {cap} in the study", str(sent))


def _check_day_cap(inquiry: Inquiry, person: Participant, rows: Sequence[Reminder]) -> None:
    said = definition.definition(person.version).reminders
    cap = said.caps.per_day if said is not None else None
    if cap is None or not person.zone:
        return
    zone = ZoneInfo(person.zone)
    counted = (row.claimed_at for row in rows if row.state in COUNTED)
    for day, sent in sorted(Counter(at.astimezone(zone).date() for at in counted if at is not None).items()):
        if sent > cap:
            inquiry.report.differ("reminders beyond a cap", person.code, f"at most {cap} on {day}", str(sent))
