"""Where a session sits in a game at this moment: the seat, the match of the round that is played, and whether it acted.

Every page of a game and every form from one begins with these reads, so they are few and prepared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from events.prepared import Given, prepared
from flow.kinds import VOID_PATH, kind
from flow.models import Act, Match, Placing
from matching.models import Seat
from paradigm import Talk
from paradigm.program import step_at
from scheduling.models import Session
from studies import definition


@dataclass(frozen=True)
class Sitting:
    """One session's place in its game. `match` is None in a round that is sat out, and before the first.

    Attributes:
        points: Earned in this game so far.
        has_acted: Whether the seat has acted at the match's open step.
    """

    seat: Seat
    points: int
    match: Match | None
    has_acted: bool

    @property
    def answered(self) -> Sequence[Any]:
        """What the page answers to: all that makes it another page, and nothing that another seat did blindly."""
        match = self.match
        here = [self.seat.status, self.seat.group.round]
        return here if match is None else [*here, match.pk, match.rev, self.has_acted, _entries(match)]


def sitting_of(session: Session, stage: str) -> Sitting | None:
    """The place of a session in the game at a stage; None where it has none."""
    seat = _seat.first(session=session.pk, stage=stage)
    if seat is None:
        return None
    points = seat.points or 0  # type: ignore[attr-defined]
    seat.session, seat.group.version = session, session.participant.version
    match = None
    if seat.group.round and seat.status == Seat.Status.SITTING:
        match = _match.first(group=seat.group_id, number=seat.group.round, seat=seat.pk)
    if match is None:
        return Sitting(seat, points, None, has_acted=False)
    match.group = seat.group
    return Sitting(seat, points, match, has_acted=match.has_acted)  # type: ignore[attr-defined]


def _entries(match: Match) -> int:
    """How many entries the open talk has; 0 where the step is none."""
    if not match.path or match.path == VOID_PATH:
        return 0
    game = definition.stage_named(match.group.version, match.group.stage)
    step = step_at(definition.experiment(game.experiment).steps, match.path)  # type: ignore[union-attr]
    return int(kind("entries", "count")(match, match.path)) if isinstance(step, Talk) else 0


@prepared
def _seat(session: Given, stage: Given) -> QuerySet[Seat]:
    earned = Placing.objects.filter(seat=OuterRef("pk")).values("seat").annotate(sum=Sum("points")).values("sum")
    seats = Seat.objects.filter(session=session, group__stage=stage).select_related("group")
    return seats.annotate(points=Subquery(earned)).order_by("-pk")[:1]


@prepared
def _match(group: Given, number: Given, seat: Given) -> QuerySet[Match]:
    acts = Act.objects.filter(match=OuterRef("pk"), path=OuterRef("path"), seat=seat)
    return Match.objects.filter(group=group, round=number, placings__seat=seat).annotate(has_acted=Exists(acts))
