"""The outbox of reminders: what is written there, each change once and recorded. All of it in a caller's transaction.

The caller holds the lock of the person's newest visit, save where it says otherwise.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from events import clock, due, log
from scheduling.calendars import zone_named
from scheduling.models import Reminder, ScheduledSession
from scheduling.reminders import EVENT_OF, PLANNED, State, Visit, after_quiet, check_state, reminder_at
from studies import definition
from studies.models import Study
from studies.schema import StudyFile
from studies.schema_waves import Reminder as Rule

REMIND = "flow.tasks.remind"
MOVED = "reminder.moved"
OVER, EXCUSED, LEFT, QUIET = "over", "excused", "left", "quiet"
REPLANNED = "replanned"
_BECAUSE = {Visit.EXCUSED: EXCUSED, Visit.CANCELLED: LEFT}


def rules_of(study: StudyFile, wave: str) -> Sequence[Rule]:
    """The reminders that a wave declares, in order; none where the study says no way to send them."""
    if study.reminders is None:
        return []
    return next(one.reminders for one in study.waves if one.id == wave)


def plan(row: ScheduledSession) -> None:
    """Put the reminders of a visit into the outbox whose window is known now, or move those that still wait there."""
    study = definition.definition(row.participant.version)
    rules = rules_of(study, row.wave)
    if study.reminders is None or not rules or row.opens_at is None:
        return
    assert row.closes_at is not None, "a window has both"
    known = {(one.number, one.channel): one for one in row.reminders.select_for_update(of=("self",)).order_by("pk")}
    own, zone = zone_named(row.zone), zone_named(row.participant.zone)
    for number, rule in enumerate(rules, start=1):
        planned = reminder_at(rule, opens=row.opens_at, closes=row.closes_at, zone=own)
        send = after_quiet(planned, study.reminders.quiet_hours, zone)
        for channel in study.reminders.channels:
            reminder = known.get((number, channel))
            if reminder is None:
                _put(Reminder(scheduled=row, number=number, channel=channel, planned_at=planned, send_at=send))
            elif reminder.state == State.QUEUED and (reminder.planned_at, reminder.send_at) != (planned, send):
                reminder.scheduled = row
                reminder.planned_at = planned
                move_to(reminder, send, because=REPLANNED)


def _put(reminder: Reminder) -> None:
    reminder.save()
    _record(reminder, PLANNED, {"channel": reminder.channel})
    _send_at(reminder)


def move_to(reminder: Reminder, at: datetime, *, because: str) -> None:
    """Let a reminder that waits be sent at another time; `planned_at` is saved, too."""
    reminder.send_at = at
    reminder.save(update_fields=["planned_at", "send_at"])
    due.cancel(REMIND, _key(reminder))
    _send_at(reminder)
    _record(reminder, MOVED, {"because": because})


def put_off(reminder: Reminder, at: datetime, *, because: str) -> None:
    """The same for whoever has its `Due` row in hand and settles it afterwards."""
    reminder.send_at = at
    reminder.save(update_fields=["send_at"])
    _send_at(reminder)
    _record(reminder, MOVED, {"because": because})


def turn(reminder: Reminder, state: State, *, reason: str = "", facts: Mapping[str, object] | None = None) -> None:
    """Let a reminder pass into another state, and record it. The caller holds the lock of its row.

    Raises:
        SchedulingError: "not_here" where that state cannot follow.
    """
    reminder.state, reminder.reason = check_state(reminder.state, state), reason
    if state == State.SENDING:
        reminder.attempt += 1
        reminder.claimed_at = clock.now()
    if state == State.SENT:
        reminder.sent_at = reminder.sent_at or clock.now()
    reminder.save(update_fields=["state", "reason", "attempt", "claimed_at", "sent_at"])
    _record(reminder, EVENT_OF[state], {"because": reason, **(facts or {})})


def drop(row: ScheduledSession) -> None:
    """A visit is over: what still waits to be sent about it is not."""
    if not rules_of(definition.definition(row.participant.version), row.wave):
        return
    because = _BECAUSE.get(Visit(row.state), OVER)
    for reminder in row.reminders.select_for_update(of=("self",)).filter(state=State.QUEUED).order_by("pk"):
        reminder.scheduled = row
        was_moved = reminder.planned_at < reminder.send_at and reminder.planned_at <= clock.now()
        is_quiet = was_moved and row.state in (Visit.MISSED, Visit.PARTIAL)  # their end came too late
        turn(reminder, State.SUPPRESSED, reason=QUIET if is_quiet else because)
        due.forget(REMIND, _key(reminder))


def try_again(reminder: Reminder, at: datetime) -> None:
    """What certainly did not leave is sent later."""
    due.schedule(REMIND, _key(reminder), at, facts={"reminder": reminder.pk})


def unresolved(study: Study) -> int:
    """How many reminders of a study somebody should look at: they failed, or nobody knows whether they were sent."""
    rows = Reminder.objects.filter(scheduled__participant__study=study, state__in=[State.UNKNOWN, State.FAILED])
    return rows.exclude(reason="resolved").count()


def locked(key: int) -> Reminder:
    """A reminder under its lock. What joins it was there before it, and never changes hands."""
    rows = Reminder.objects.select_for_update(of=("self",)).select_related("scheduled__participant__study")
    return rows.get(pk=key)


def _send_at(reminder: Reminder) -> None:
    due.schedule(REMIND, _key(reminder), reminder.send_at, facts={"reminder": reminder.pk})


def _key(reminder: Reminder) -> str:
    return f"reminder:{reminder.pk}"


def _record(reminder: Reminder, kind: str, facts: Mapping[str, object]) -> None:
    row = reminder.scheduled
    said = {"number": reminder.number, "wave": row.wave, "repeat": row.repeat, **facts}
    log.record(kind, study=row.participant.study_id, subject=("reminder", reminder.pk), facts=said)
