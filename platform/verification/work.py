"""Due work: nothing waits for longer than it may, and what failed for good had its consequence."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from bots.models import BotTurn
from bots.queries import TAKE_TURN
from events.due import FAILED
from events.models import Due, Event
from exports.codes import match_code
from flow.models import Match
from flow.services.parting import PART_AS_WISHED
from flow.standing import work_of
from scheduling.models import Reminder, ScheduledSession, Session
from scheduling.outbox import REMIND
from scheduling.pairs import GO_ON
from scheduling.services import TURN
from verification.inquiry import Inquiry

LAST_RESORT = "flow.tasks.last_resort"
DEADLINES = ("flow.tasks.close_step", "flow.tasks.stage_overdue", TURN, REMIND, GO_ON, PART_AS_WISHED)
ROWS_AT_ONCE = 1000


def check_work(inquiry: Inquiry) -> None:
    """Every row of due work of the study."""
    rows = work_of(inquiry.study).order_by("pk")
    inquiry.report.count("due work", rows.count())
    open_or_failed = rows.filter(outcome__in=("", "failed"))
    for batch in inquiry.batches("due work", open_or_failed.iterator(ROWS_AT_ONCE), size=ROWS_AT_ONCE):
        for row in batch:
            _check_row(inquiry, row)


def _check_row(inquiry: Inquiry, row: Due) -> None:
    if row.outcome == "failed":
        missing = _missing_after(row)
        if missing:
            inquiry.report.differ("failed work", _where(row), missing, row.error_code)
        return
    is_in_hand = row.lease_until is not None and row.lease_until > inquiry.at
    late = (inquiry.at - row.run_after).total_seconds()
    if late > inquiry.late_after_seconds and not is_in_hand:
        expected = f"done within {inquiry.late_after_seconds:g} s of its time"
        inquiry.report.differ("overdue work", _where(row), expected, f"{late:.0f} s late")


def _missing_after(row: Due) -> str:
    """What must have followed from a failure for good and did not; "" when it did."""
    turn = _turn_of(row) if row.reaction == TAKE_TURN else BotTurn.objects.none()
    # in a talk what the seat said before it failed is the outcome of its turn, and the failure a row of its own
    if turn.filter(Q(outcome=BotTurn.Outcome.FAILED) | Q(failures__isnull=False)).exists():
        return ""  # not the work failed but the model or policy: the turn says why, and its step's deadline decides
    if not Event.objects.filter(kind=FAILED, subject_kind="due", subject_id=row.pk).exists():
        return "an event that says that it failed"
    if row.reaction == TAKE_TURN:
        return "" if turn.exclude(outcome=BotTurn.Outcome.OPEN).exists() else "a turn with an outcome"
    if row.reaction in DEADLINES:
        resort = Due.objects.filter(Q(outcome="") | Q(outcome="done"), reaction=LAST_RESORT, key=f"due:{row.pk}")
        return "" if resort.exists() else "a last resort that was taken"
    return "work that does not fail: nothing else does it"


def _turn_of(row: Due) -> QuerySet[BotTurn]:
    return BotTurn.objects.filter(
        match=row.facts["match"], path=row.facts["path"], seat=int(row.key.rpartition(":")[2])
    )


def _where(row: Due) -> str:
    """What it is about, by codes: keys and facts hold primary keys."""
    facts = row.facts
    about = facts.get("stage", "") if isinstance(facts.get("stage"), str) else ""
    if "match" in facts:
        match = Match.objects.select_related("group").filter(pk=facts["match"]).first()
        code = match_code(match.group.code, match.round, match.number) if match else ""
        about = f"{code} at {facts['path']}" if "path" in facts else code
    elif "session" in facts:
        session = Session.objects.select_related("participant").filter(pk=facts["session"]).first()
        about = session.participant.code if session else ""
    elif "window" in facts:
        window = ScheduledSession.objects.select_related("participant").filter(pk=facts["window"]).first()
        about = f"{window.participant.code}, {window.wave} {window.repeat}" if window else ""
    elif "reminder" in facts:
        reminder = Reminder.objects.select_related("scheduled__participant").filter(pk=facts["reminder"]).first()
        about = reminder.scheduled.participant.code if reminder else ""
    return f"{row.reaction}{f' of {about}' if about else ''}"
