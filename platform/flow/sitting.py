"""Where a session sits in a game at this moment: the seat, the match of the round that is played, and whether it acted.

Every page of a game and every form from one begins with these reads, so they are few and prepared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum

from events.prepared import Given, prepared
from flow.kinds import VOID_PATH, kind
from flow.models import Act, Exposure, Match, Placing
from matching.models import Seat
from paradigm import Chat, Document, Talk
from paradigm.program import step_at, tells_result
from paradigm.steps import Step
from scheduling.models import Session
from studies import definition


@dataclass(frozen=True)
class Sitting:
    """One session's place in its game. `match` is None in a round that is sat out, and before the first.

    Attributes:
        earned: Points that were given in this game so far.
        given: Those of them that the match gave; 0 where it has given none yet.
        has_acted: Whether the seat has acted at the match's open step.
    """

    seat: Seat
    earned: int
    match: Match | None
    has_acted: bool
    given: int = 0

    @cached_property
    def points(self) -> int:
        """What was earned in this game, as far as a page has told it: a result that is still to be shown is left out.

        Points are given as soon as nothing can change them, and people may be asked before the result what they
        expect of it: the points beside that question would be its answer.
        """
        return self.earned if self._is_told else self.earned - self.given

    @property
    def _is_told(self) -> bool:
        match = self.match
        if not self.given or match is None or not match.path or match.status != Match.Status.OPEN:
            return True
        if tells_result(self._steps, match.path):
            return True
        opened = _opened.all(match=match.pk, seat=self.seat.pk)
        return any(tells_result(self._steps, path) for path in opened)

    @cached_property
    def answered(self) -> Sequence[Any]:
        """What the page answers to: all that makes it another page, and nothing that another seat did blindly."""
        match = self.match
        here = [self.seat.status, self.seat.group.round]
        if match is None:
            return here
        said = self._said if self._replaces_what_was_said else ()
        return [*here, match.pk, match.rev, self.has_acted, *said, *self._guarded[0]]

    @cached_property
    def shown(self) -> Sequence[Any]:
        """What may be new without making an answer to the page old.

        The end of the time, what others said, whether a talk may be ended now, and whether no answer has come in it.
        """
        return self.shown_with(self._said)

    def shown_with(self, said: Sequence[int]) -> Sequence[Any]:
        """`shown`, where so much had been said."""
        return [self.match.deadline_at if self.match else None, *said, *self._offered, *self._silent, *self._guarded[1]]

    @property
    def said(self) -> int | None:
        """How much has been said in the open talk; None where there is none."""
        return next(iter(self._said), None)

    def settle(self) -> None:
        """Read it before the page is drawn: what comes then makes a new page, never an old one that looks current."""
        _ = self.shown

    @cached_property
    def _said(self) -> Sequence[int]:
        talk = self._talk
        return [int(kind("entries", "count")(self.match, self.match.path))] if talk and self.match else []

    @cached_property
    def _offered(self) -> Sequence[bool]:
        """Whether the open talk may be ended by this seat, where that is not so from its beginning."""
        talk = self._talk
        if talk is None or self.match is None or not talk.has_minimum:
            return []
        return [bool(kind("entries", "offers_end")(self.match, self.match.path, self.seat))]

    @cached_property
    def _silent(self) -> Sequence[bool]:
        """Whether the page of an open conversation says that nothing has come for a while."""
        talk = self._talk
        if talk is None or self.match is None or not isinstance(talk.channel, Chat):
            return []
        return [bool(kind("entries", "is_silent")(self.match, self.match.path, self.seat))]

    @cached_property
    def _guarded(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """How the seat stands in a conversation that protects whoever is in it: pauses, a card, reminders."""
        study = definition.definition(self.seat.group.version)
        if self._talk is None or self.match is None or study.safety is None:
            return (), ()
        found: tuple[Sequence[Any], Sequence[Any]] = kind("safety", "standing")(self.match, self.match.path, self.seat)
        return found

    @property
    def _replaces_what_was_said(self) -> bool:
        """In a document an edit takes the place of another: it must be one of what was read."""
        return self._talk is not None and isinstance(self._talk.channel, Document)

    @cached_property
    def _talk(self) -> Talk | None:
        """The open step, if it is a talk."""
        match = self.match
        if match is None or not match.path or match.path == VOID_PATH:
            return None
        step = step_at(self._steps, match.path)
        return step if isinstance(step, Talk) else None

    @property
    def _steps(self) -> Sequence[Step]:
        """What a match of this game goes through."""
        group = self.seat.group
        return definition.experiment(definition.game(group.version, group.stage).experiment).steps


def sitting_of(session: Session, stage: str) -> Sitting | None:
    """The place of a session in the game at a stage; None where it has none."""
    placing = _playing.first(session=session.pk, status=Seat.Status.SITTING)
    if placing is not None and placing.seat.group.stage != stage:
        placing = None
    seat = placing.seat if placing else _seat.first(session=session.pk, stage=stage)
    if seat is None:
        return None
    seat.session, seat.participant, seat.group.version = session, session.participant, session.participant.version
    if placing is None:
        return Sitting(seat, seat.earned or 0, None, has_acted=False)  # type: ignore[attr-defined]
    placing.match.group = seat.group
    return Sitting(
        seat,
        placing.earned or 0,  # type: ignore[attr-defined]
        placing.match,
        has_acted=placing.has_acted,  # type: ignore[attr-defined]
        given=placing.points or 0,
    )


@prepared
def _playing(session: Given, status: Given) -> QuerySet[Placing]:
    """The placing in the round that the session's group is playing: one, for nobody sits in two running groups."""
    acts = Act.objects.filter(match=OuterRef("match"), path=OuterRef("match__path"), seat=OuterRef("seat"))
    placings = Placing.objects.filter(seat__session=session, seat__status=status)
    # the match's group, too, says nothing new, but without it the only way that an index knows is by the round
    now = placings.filter(match__group=F("seat__group"), match__round=F("seat__group__round")).select_related(
        "match", "seat__group"
    )
    return now.annotate(earned=_earned_by(OuterRef("seat")), has_acted=Exists(acts))


@prepared
def _seat(session: Given, stage: Given) -> QuerySet[Seat]:
    """The newest seat, where there is no match: before the first round, in one that is sat out, and afterwards."""
    seats = Seat.objects.filter(session=session, group__stage=stage).select_related("group")
    return seats.annotate(earned=_earned_by(OuterRef("pk"))).order_by("-pk")[:1]


@prepared
def _opened(match: Given, seat: Given) -> QuerySet[Exposure, str]:
    """The steps of a match that a seat has come to."""
    return Exposure.objects.filter(match=match, seat=seat).values_list("path", flat=True)


def _earned_by(seat: OuterRef) -> Subquery:
    return Subquery(Placing.objects.filter(seat=seat).values("seat").annotate(sum=Sum("points")).values("sum"))
