"""What people reported of conversations."""

from collections.abc import Iterator

from chat.models import Report
from exports import keys
from exports.columns import BY_PARTNER, Column, Row, Table
from exports.scope import CHUNK, Scope, seconds
from exports.society import societies

COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    Column("reason", "What was wrong, as picked.", allowed="|".join(Report.Reason.values)),
    Column("text", "What happened, in their words.", "text", missing="none were written, or see `missing_reason`"),
    Column(
        "is_apart", "1 if they do not want to meet the others of it again, and are not seated with them.", "boolean"
    ),
    Column("last_seq", "Number of the newest entry of the conversation by then; 0 if there was none.", "integer"),
    keys.since_group("report_s", "When it was reported"),
    keys.since_group("answered_s", "When the study team had looked at it", missing="nobody has said so"),
    keys.MISSING_REASON,
]


def _reports(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        made = Report.objects.filter(conversation__match__group=society.group).exclude(seat__in=society.withdrawn)
        for one in made.select_related("conversation").order_by("pk").iterator(chunk_size=CHUNK):
            match, began = society.matches[one.conversation.match_id], society.group.formed_at
            is_withheld = society.is_withheld(match.pk, one.seat_id)
            yield {
                **society.place(match, one.conversation.path, one.seat_id),
                "reason": one.reason,
                "text": None if is_withheld else one.text,
                "is_apart": one.is_apart,
                "last_seq": one.last_seq,
                "report_s": seconds(one.at, began),
                "answered_s": seconds(one.answered_at, began),
                "missing_reason": BY_PARTNER if is_withheld else None,
            }


REPORTS = Table("reports", "What people reported of conversations", COLUMNS, _reports)
