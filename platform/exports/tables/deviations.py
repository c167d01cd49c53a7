"""What was done otherwise than planned, and when, counted in study days."""

from bisect import bisect_right
from collections.abc import Iterator

from exports import keys
from exports.columns import Column, Row, Table
from exports.departures import departures_of
from exports.scope import Scope
from participants.models import Participant

COLUMNS = [
    Column("order", "Order in which it happened, from 1.", "integer"),
    Column(
        "kind",
        "What it was: a new version of the study file; opened beyond the sample; help for a person or group that "
        "changed their course; conditions and outcomes unmasked before collection was closed.",
        allowed="amended|opened_beyond|helped|unmasked",
    ),
    Column("version", "Number of the study version that came of it.", "integer", missing="none did"),
    keys.STUDY_DAY,
    Column(
        "role", "Whose decision it was: a role in the study, or whoever works on the server.",
        allowed="owner|editor|monitor|…|server", missing="not recorded",
    ),
    Column("people", "How many recruited people had entered by then.", "integer", "people", "0 or more"),
    Column("what", "What was done; of an amendment each change, as a place in the study file.", "text"),
    Column(
        "reason", "Why, in the words of whoever did it.", "text",
        missing="none was given, or it stays inside because it may name a person",
    ),
]  # fmt: skip


def rows_of_deviations(scope: Scope) -> Iterator[Row]:
    """Every deviation, oldest first."""
    recruited = scope.study.participants.filter(origin=Participant.Origin.LINK)
    entered = sorted(recruited.values_list("created_at", flat=True))
    for order, one in enumerate(departures_of(scope.study), start=1):
        yield {
            "order": order,
            "kind": one.kind,
            "version": one.number,
            "study_day": scope.day(one.at),
            "role": one.role,
            "people": bisect_right(entered, one.at),
            "what": one.what,
            "reason": one.reason,
        }


DEVIATIONS = Table("deviations", "Something that was done otherwise than planned", COLUMNS, rows_of_deviations)
