"""Whom the debrief reached, and how it was tried."""

from collections.abc import Iterator

from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept
from flow.models import Debriefing

COLUMNS = [
    keys.PARTICIPANT,
    Column(
        "how",
        "How it was shown or tried: in its place, on the last page, by a link handed out.",
        allowed="|".join(Debriefing.How.values),
    ),
    Column("attempt", "Which attempt in this way, from 1.", "integer"),
    Column("is_delivered", "1 if a page with it was served.", "boolean"),
    keys.STUDY_DAY,
]


def _debriefings(scope: Scope) -> Iterator[Row]:
    rows = Debriefing.objects.filter(kept(), participant__study=scope.study).select_related("participant")
    for one in rows.order_by(by_code("participant__code"), "pk").iterator(chunk_size=CHUNK):
        yield {
            "participant": one.participant.code,
            "how": one.how,
            "attempt": one.attempt,
            "is_delivered": one.delivered_at is not None,
            "study_day": scope.day(one.at),
        }


DEBRIEFINGS = Table("debriefings", "Each way in which a person was told, or tried to be", COLUMNS, _debriefings)
