"""Sending what is in the outbox: decide and claim, send, record. Each message leaves at most once.

The claim is committed before anything is sent. Whoever finds a row that is claimed already is either another worker on
the same work, or comes after one that died between claim and record; in both cases nobody knows whether the message
left, so the row is `unknown`, until the one that claimed it says better, or a person does.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from django.db import transaction

from events import clock, log
from flow.errors import FlowError
from flow.kinds import kind
from flow.letters import Letter, NotSentError, letter_of
from flow.services import windows
from flow.services.locking import lock_newest, retry_lock
from participants import identity
from participants.errors import ParticipantError
from participants.models import Participant
from participants.services import make_link
from scheduling import outbox
from scheduling import services as scheduling
from scheduling.models import Reminder, ScheduledSession
from scheduling.reminders import COUNTED, LATE_AFTER, State, after_quiet, is_so, useful_until
from scheduling.states import OVER
from studies import definition
from studies.models import Study
from studies.queries import is_held
from studies.schema_reminders import Reminders
from studies.schema_waves import Reminder as Rule

TRY_AGAIN_AFTER = timedelta(minutes=5)
RESOLVE = "rescue.reminder"
log_of = logging.getLogger("rapport.task")


@dataclass(frozen=True)
class Claimed:
    """A message that is this caller's to send, under the number of its claim."""

    key: int
    attempt: int
    channel: str
    address: str
    letter: Letter


@dataclass(frozen=True)
class Wait:
    """Not now, but at an instant, and why."""

    at: datetime
    because: str


@dataclass(frozen=True)
class Drop:
    """Not at all."""

    reason: str


def remind(key: int) -> str:
    """Do what is due about a row of the outbox; any number of callers may come, late, again or in vain.

    Returns:
        The state in which the row is then; "gone" where there is none.
    """
    seen = Reminder.objects.select_related("scheduled").filter(pk=key).first()
    if seen is None:
        return "gone"
    if windows.is_time(seen.scheduled, clock.now()):
        windows.turn(seen.scheduled_id)  # what must be so is asked of the visit as it stands now
    claimed = retry_lock(lambda: _claim(seen))
    if isinstance(claimed, str):
        return claimed
    state, reason = _send(claimed)
    return record(claimed.key, claimed.attempt, state, reason=reason)


def _claim(seen: Reminder) -> Claimed | str:
    """Decide under the locks of the person's newest visit, of the visit that it is about, and of the row."""
    session = lock_newest(seen.scheduled.participant_id)
    row = scheduling.lock_scheduled(seen.scheduled_id)
    row.participant = session.participant
    reminder = outbox.locked(seen.pk)
    reminder.scheduled = row
    if reminder.state == State.SENDING:
        outbox.turn(reminder, State.UNKNOWN, reason="broken_off")
    if reminder.state != State.QUEUED or clock.now() < reminder.send_at:
        return reminder.state
    try:
        found = _verdict(reminder, row)
        if isinstance(found, str):
            return _claimed(reminder, row, address=found)
    except ParticipantError as error:  # it was sealed with a key that is gone
        outbox.turn(reminder, State.FAILED, reason=error.code)
    else:
        if isinstance(found, Drop):
            outbox.turn(reminder, State.SUPPRESSED, reason=found.reason)
        else:
            outbox.put_off(reminder, found.at, because=found.because)
    return reminder.state


def _claimed(reminder: Reminder, row: ScheduledSession, *, address: str) -> Claimed:
    person = row.participant
    link = make_link(person.study, origin=person.origin, participant=person, ends_at=row.grace_until)
    letter = letter_of(reminder, row, link=link, stop=identity.stop_token_of(person))
    outbox.turn(reminder, State.SENDING)
    return Claimed(reminder.pk, reminder.attempt, reminder.channel, address, letter)


def _verdict(reminder: Reminder, row: ScheduledSession) -> Drop | Wait | str:
    """Whether to send now, and then to which address."""
    person, now = row.participant, clock.now()
    study = definition.definition(person.version)
    said, rule = study.reminders, outbox.rules_of(study, row.wave)[reminder.number - 1]
    assert said is not None, "E310: a study with reminders says how"
    if row.state in OVER or person.status != Participant.Status.ACTIVE:
        return Drop(outbox.LEFT if person.status != Participant.Status.ACTIVE else outbox.OVER)
    if reason := _gate(person.study):
        return Drop(reason)
    if now - reminder.send_at > LATE_AFTER:
        return Drop("late")
    if not is_so(rule.only_if, row.state):
        return Drop("condition")
    return _not_now(row, rule, said) or _reached(reminder, row, said)


def _not_now(row: ScheduledSession, rule: Rule, said: Reminders) -> Drop | Wait | None:
    """What becomes of a message that nobody may be sent at this time; None where it may leave."""
    now = clock.now()
    if row.opens_at is None:  # the partner has left, and it is about to be planned anew: that moves the message
        return Wait(now + TRY_AGAIN_AFTER, outbox.REPLANNED)
    at = after_quiet(now, said.quiet_hours, ZoneInfo(row.participant.zone))
    if at <= now:
        return None
    assert row.closes_at is not None and row.grace_until is not None  # noqa: PT018
    until = useful_until(rule, closes=row.closes_at, grace_until=row.grace_until)
    return Wait(at, outbox.QUIET) if at < until else Drop(outbox.QUIET)


def _gate(study: Study) -> str:
    """Why nobody in a study is reminded now; empty where they may be."""
    if study.status == Study.Status.CLOSED:
        return "closed"
    return "paused" if is_held(study) else ""


def _reached(reminder: Reminder, row: ScheduledSession, said: Reminders) -> Drop | str:
    """The address by this channel, where it is the first that reaches the person, and no cap is met."""
    person = row.participant
    if identity.has_stopped(person):
        return Drop("unsubscribed")
    if any(_address(name, person) for name in takewhile(lambda one: one != reminder.channel, said.channels)):
        return Drop("other_channel")
    channel = kind("reminders", reminder.channel)()
    if not channel.is_ready(person):
        return Drop("not_set_up")
    address = _address(reminder.channel, person)
    if not address:
        return Drop("no_address")
    return _capped(row, said) or address


def _address(channel: str, person: Participant) -> str:
    found = kind("reminders", channel)()
    return str(found.address_of(person)) if found.is_ready(person) else ""


def _capped(row: ScheduledSession, said: Reminders) -> Drop | None:
    """The cap that is reached, if one is. Under the person's lock, so that two messages cannot both be the last."""
    person, caps = row.participant, said.caps
    counted = Reminder.objects.filter(scheduled__participant=person, state__in=COUNTED)
    if caps.per_visit is not None and counted.filter(scheduled=row).count() >= caps.per_visit:
        return Drop("cap_visit")
    if caps.per_study is not None and counted.count() >= caps.per_study:
        return Drop("cap_study")
    if caps.per_day is not None and _on_this_day(counted.values_list("claimed_at", flat=True), person) >= caps.per_day:
        return Drop("cap_day")
    return None


def _on_this_day(instants: Iterable[datetime | None], person: Participant) -> int:
    zone = ZoneInfo(person.zone)
    today = clock.now().astimezone(zone).date()
    return sum(at is not None and at.astimezone(zone).date() == today for at in instants)


def _send(claimed: Claimed) -> tuple[State, str]:
    """Send, outside of any transaction. What an exception says is never kept: it may quote the address."""
    try:
        kind("reminders", claimed.channel)().send(claimed.address, claimed.letter)
    except NotSentError as error:
        return (State.FAILED if error.is_final else State.QUEUED), error.code
    except Exception as error:
        facts = {"reminder": claimed.key, "channel": claimed.channel, "error": type(error).__name__}
        log_of.warning("nobody knows whether a reminder left", extra={"facts": facts})
        return State.UNKNOWN, "no_answer"
    return State.SENT, ""


@transaction.atomic
def record(key: int, attempt: int, state: State, *, reason: str = "") -> str:
    """Keep what became of a message, for whoever claimed it; harmless for anybody else.

    Returns:
        The state in which the row is then.
    """
    reminder = outbox.locked(key)
    if reminder.attempt != attempt or reminder.state not in (State.SENDING, State.UNKNOWN):
        return reminder.state
    again = clock.now() + TRY_AGAIN_AFTER
    if state == State.QUEUED and (reminder.state == State.UNKNOWN or again - reminder.send_at > LATE_AFTER):
        state = State.FAILED  # a worker that was taken for dead knows that it did not leave; or it would come too late
    if reminder.state != state:
        outbox.turn(reminder, state, reason=reason)
    if state == State.QUEUED:
        outbox.try_again(reminder, again)
    return reminder.state


@transaction.atomic
def give_up(key: int) -> None:
    """The work on a row failed for good: say so, so that a person sees it."""
    reminder = outbox.locked(key)
    if reminder.state == State.QUEUED:
        outbox.turn(reminder, State.FAILED, reason="gave_up")
    elif reminder.state == State.SENDING:
        outbox.turn(reminder, State.UNKNOWN, reason="broken_off")


@transaction.atomic
def doubt() -> int:
    """The database is an older one than that from which reminders left: of what is due by now nobody knows any more.

    Returns:
        How many there are.
    """
    rows = Reminder.objects.select_for_update(of=("self",)).filter(state=State.QUEUED, send_at__lte=clock.now())
    found = list(rows.select_related("scheduled__participant").order_by("pk"))
    for reminder in found:
        outbox.turn(reminder, State.UNKNOWN, reason="restored")
    return len(found)


@transaction.atomic
def resolve(reminder: Reminder, *, is_sent: bool, reason: str) -> None:
    """A person has found out what became of a message that nobody knew of. It is not sent again.

    Raises:
        FlowError: "no_reason"; "not_here" where the row is not unknown.
    """
    if not reason.strip():
        raise FlowError("no_reason", "say how you know: --reason TEXT; it is kept with what was done")
    row = outbox.locked(reminder.pk)
    if row.state != State.UNKNOWN:
        raise FlowError("not_here", f"this reminder is {row.state}: only one that is unknown can be resolved")
    if is_sent:
        row.sent_at = row.claimed_at or row.send_at
    outbox.turn(row, State.SENT if is_sent else State.FAILED, reason="resolved")
    person, visit = row.scheduled.participant, row.scheduled
    facts = {"number": row.number, "wave": visit.wave, "repeat": visit.repeat, "reason": reason.strip()}
    log.record(RESOLVE, study=person.study_id, subject=("participant", person.pk), facts=facts)
