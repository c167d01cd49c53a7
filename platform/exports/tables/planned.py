"""Visits as they were planned, those included that never took place: missing visits are data."""

from collections.abc import Iterator
from dataclasses import replace

from django.db.models import OuterRef, Subquery

from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from scheduling.models import ScheduledSession, Session

NOT_YET = "not known yet: it depends on a visit that is not over"
NOT_BEGUN = "the visit was not begun"

COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    Column("repeat", "Which visit in this wave.", "integer", "visits"),
    Column("number", "Which visit after the first wave, from 1.", "integer", "visits"),
    replace(keys.PAIR, missing="it was planned for the person alone"),
    Column(
        "state",
        "What became of it: partial was begun and not finished in time, missed not begun in time, excused let be, "
        "by a researcher or because two people could not meet in it, cancelled left out "
        "because the person's part had ended.",
        allowed="|".join(ScheduledSession.State.values),
    ),
    Column(
        "reason",
        "Why it was missed, broken off or cancelled; the exit, where the person's part ended. Of pairs: "
        "partner_absent, who came and waited, or whose partner was let be; kept_waiting, whose partner waited; "
        "left_waiting and not_ready, who left the waiting room or did not answer in it; short, for which both shared "
        "too little time.",
        missing="nothing of the kind",
    ),
    Column(
        "is_still_offered",
        "1 if it was still offered after the person had missed too much, and all else was left out.", "boolean",
    ),
    Column(
        "planned_day", "Study day on which it was to open; 1 is the day (UTC) on which the study was set up.",
        "integer", "d", missing=NOT_YET,
    ),
    Column("opened_late_s", "How much later than planned it opened.", "number", "s", "0 or more", NOT_YET),
    Column("window_s", "For how long it could be begun.", "number", "s", "0 or more", NOT_YET),
    Column("begun_after_s", "When it was begun, counted from its opening.", "number", "s", "0 or more", NOT_BEGUN),
    Column("duration_s", "How long the visit took, pauses included.", "number", "s", missing=NOT_BEGUN),
    Column(
        "since_before_s",
        "Time between the end of the last visit that was begun (at first, of that of the first wave) and the beginning "
        "of this one.",
        "number", "s", "0 or more", NOT_BEGUN,
    ),
]  # fmt: skip


def _planned(scope: Scope) -> Iterator[Row]:
    rows = ScheduledSession.objects.filter(kept(), participant__study=scope.study)
    rows = rows.select_related("participant", "session", "pair_visit__pair").order_by(
        by_code("participant__code"), "number"
    )
    first = Session.objects.filter(participant=OuterRef("participant")).order_by("pk").values("finished_at")[:1]
    person, before = 0, None
    for row in rows.annotate(enrolled=Subquery(first)).iterator(chunk_size=CHUNK):
        if row.participant_id != person:
            person, before = row.participant_id, row.enrolled
        visit = row.session
        yield {
            "participant": row.participant.code,
            "wave": row.wave,
            "repeat": row.repeat,
            "number": row.number,
            "pair": row.pair_visit.pair.code if row.pair_visit else None,
            "state": row.state,
            "reason": row.reason or None,
            "is_still_offered": bool(row.exit),
            "planned_day": scope.day(row.planned_open) if row.planned_open else None,
            "opened_late_s": seconds(row.opens_at, row.planned_open),
            "window_s": seconds(row.closes_at, row.opens_at),
            "begun_after_s": seconds(visit.started_at if visit else None, row.opens_at),
            "duration_s": seconds(row.ended_at, visit.started_at) if visit else None,
            "since_before_s": seconds(visit.started_at, before) if visit else None,
        }
        before = row.ended_at if visit is not None else before


PLANNED_SESSIONS = Table(
    "planned_sessions", "Each planned visit of each person, missed ones included", COLUMNS, _planned
)
