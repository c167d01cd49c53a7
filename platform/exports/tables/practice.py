"""What people were shown and answered in practice: alone, against made-up answers, and in no other table."""

from collections.abc import Iterator

from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from flow.models import PracticeStep

COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    keys.REPEAT,
    Column("stage", "The practice stage, as named in the study file."),
    Column("number", "Order of the page in the stage, from 1.", "integer"),
    Column("role", "The role that was practised.", missing="never empty"),
    Column("round", "Round of practice in that role, from 1.", "integer", "rounds"),
    keys.STEP,
    Column("view", "What the page told, made-up answers among it.", "json"),
    Column("view_sha256", "SHA-256 of the view as JSON with sorted keys."),
    Column("values", "What was answered, by field; {} for a page to read.", "json", missing="it was not answered"),
    keys.since_session("opened_s", "When the page was first shown"),
    keys.since_session("answered_s", "When it was answered", missing="it was not answered"),
]


def _practice(scope: Scope) -> Iterator[Row]:
    found = PracticeStep.objects.filter(kept("session__participant"), session__participant__study=scope.study)
    ordered = found.select_related("session__participant").order_by(
        by_code("session__participant__code"), "session", "opened_at", "stage", "number"
    )
    for one in ordered.iterator(chunk_size=CHUNK):
        yield {
            "participant": one.session.participant.code,
            "wave": one.session.wave,
            "repeat": one.session.repeat,
            "stage": one.stage,
            "number": one.number,
            "role": one.role,
            "round": one.round,
            "step": one.path,
            "view": one.view,
            "view_sha256": one.sha256,
            "values": one.values,
            "opened_s": seconds(one.opened_at, one.session.started_at),
            "answered_s": seconds(one.answered_at, one.session.started_at),
        }


PRACTICE = Table(
    "practice", "Each page of practice: no outcome, as the others' answers were made up", COLUMNS, _practice
)
