"""Messages about visits: planned, sent, and left out. Never to which address, nor their words."""

from collections.abc import Iterator

from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from scheduling.models import Reminder
from scheduling.reminders import State

NOT_SENT = "it was not sent, or nobody knows"

COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    Column("repeat", "Which visit in this wave.", "integer", "visits"),
    Column("reminder", "Which reminder of the wave, as the study file lists them, from 1.", "integer"),
    Column("channel", "By what it was to be sent.", allowed="email|recruiter_message"),
    Column(
        "state",
        "What became of it: queued was not due yet, sending was under way, sent was taken over by whoever carries it "
        "(which is not to say that it was read), suppressed was left out on purpose, failed certainly did not leave, "
        "of unknown nobody knows whether it left.",
        allowed="|".join(State.values),
    ),
    Column(
        "reason",
        "Why it was left out or did not leave: condition (what `if` says was not so), over, excused or left (the "
        "visit), late (by more than two hours), quiet (quiet hours to the end), unsubscribed, no_address, "
        "other_channel, cap_visit, cap_day, cap_study, paused, closed, not_set_up; or what the channel said.",
        missing="nothing of the kind",
    ),
    Column(
        "planned_s", "When it was to be sent by the study file, counted from the visit's opening.", "number", "s",
        "below 0 where it was to come before", "the visit's opening was moved meanwhile and is not known",
    ),
    Column(
        "moved_s", "How much later it was to be sent than planned, because of quiet hours.", "number", "s", "0 or more"
    ),
    Column("sent_s", "When it was sent, counted from the visit's opening.", "number", "s", missing=NOT_SENT),
    Column("attempts", "How often somebody was about to send it; only what never left was tried again.", "integer"),
]  # fmt: skip


def _reminders(scope: Scope) -> Iterator[Row]:
    rows = Reminder.objects.filter(kept("scheduled__participant"), scheduled__participant__study=scope.study)
    rows = rows.select_related("scheduled__participant")
    order = (by_code("scheduled__participant__code"), "scheduled__number", "number", "channel")
    for one in rows.order_by(*order).iterator(chunk_size=CHUNK):
        visit = one.scheduled
        yield {
            "participant": visit.participant.code,
            "wave": visit.wave,
            "repeat": visit.repeat,
            "reminder": one.number,
            "channel": one.channel,
            "state": one.state,
            "reason": one.reason or None,
            "planned_s": seconds(one.planned_at, visit.opens_at),
            "moved_s": seconds(one.send_at, one.planned_at),
            "sent_s": seconds(one.sent_at, visit.opens_at),
            "attempts": one.attempt,
        }


REMINDERS = Table("reminders", "Each message about a visit: planned, sent or left out", COLUMNS, _reminders)
