"""A turn as its handler holds it, and what may be asked of it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

from bots.bursts import Pause, pauses
from bots.delivery import Delivery
from bots.models import BotTurn, FailedTurn
from bots.queries import Address, newest_of_people
from bots.rules import Heard, is_waited_for, only_ends
from flow.queries import TurnFacts
from matching.models import Group

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """One turn as its handler holds it.

    Attributes:
        facts: None when there is nothing left to do.
        heard: For talks only.
        has_missed: Whether the match is void because this seat's act did not come.
        delivery: How what it says comes to the others.
        failed: What its policy has done so far, where its model has given nothing usable yet.
    """

    row: BotTurn
    address: Address
    facts: TurnFacts | None
    heard: Heard | None
    has_missed: bool
    delivery: Delivery = field(default_factory=Delivery)
    failed: FailedTurn | None = None

    @property
    def key(self) -> str:
        """Names this one act: the turn's row, and how many entries its seat had made before."""
        return f"turn:{self.row.pk}:{self.made}"

    @property
    def made(self) -> int:
        """How many entries its seat has made in a talk."""
        return self.heard.made if self.heard else 0

    @property
    def answers(self) -> int:
        """The number of the entry that it is to answer in a talk."""
        return self.heard.answers if self.heard else 0

    @property
    def waits(self) -> bool:
        """Whether it is delayed as a person would be; groups without people are played at once."""
        return self.row.match.group.origin != Group.Origin.RUN

    @property
    def rest(self) -> Sequence[Values]:
        """What is still to be said of a reply that was begun."""
        return tuple(self.row.rest)

    @property
    def read(self) -> int:
        """Up to which entry was read what is to be said: where a reply was begun, up to its last message."""
        if self.heard is None or self.facts is None:
            return 0
        if self.rest:
            return self.heard.own_last
        # The view was read a moment before the entries were counted; one that an experiment makes has no numbers.
        numbers = [line.seq for line in self.facts.view.lines]
        shown = max(numbers, default=0)
        return len(self.heard.writers) if numbers and not shown else min(shown, len(self.heard.writers))

    @property
    def gives_way(self) -> bool:
        """Whether what is to be said is given up where a person has written since."""
        is_left = self.row.interruptions < self.delivery.most_interruptions
        return self.heard is not None and self.waits and self.delivery.begins_anew and is_left

    @property
    def only_ends(self) -> bool:
        """Whether nothing is left in a talk but to end it: all is said, or its model has failed at what was said last.

        Whoever has ended it is not kept in it by a model that gives nothing: nobody will say anything more to it.
        """
        if self.heard is None:
            return False
        gave_up = self.failed is not None and self.failed.did == FailedTurn.Did.SILENCE
        return only_ends(self.heard) or (gave_up and is_waited_for(self.heard))

    @property
    def rests_until(self) -> datetime | None:
        """Before when its model is not asked, which has failed: whoever writes on makes it answer no sooner.

        What is to be said already, and the end of a talk, need no model.
        """
        heard = self.heard
        is_asked = heard is not None and self.waits and not self.rest and not self.only_ends
        return self.row.rests_until if is_asked and self.row.read_to is None else None

    @property
    def begins_at(self) -> datetime | None:
        """Before when it does not begin, so that what people say in a row is answered as one; None: at once."""
        heard = self.heard
        if heard is None or heard.quota or not self.delivery.debounce_s or not self.waits:
            return None
        if heard.spoken_to_at is None or heard.last_spoken_at is None or self.rest:
            return None
        if self.row.read_to is not None and not self.gives_way:  # what it says is planned already
            return None
        return self.delivery.begins_at(heard.spoken_to_at, heard.last_spoken_at)


@dataclass(frozen=True)
class Plan:
    """When a turn acts, and from when on people see that it writes; None: they do not."""

    at: datetime
    typing_at: datetime | None = None


def pauses_of(turn: Turn, planned: Plan) -> list[Pause]:
    """When it is seen to stop writing what it says: worked out from the plan and the seed, the same whoever asks."""
    if planned.typing_at is None or turn.facts is None or not turn.delivery.pauses:
        return []
    chance = Random(f"{turn.facts.chance}/pauses/{turn.made}")  # noqa: S311  seeded on purpose
    return pauses(turn.delivery, (planned.at - planned.typing_at).total_seconds(), rng=chance)


def as_decided(turn: Turn) -> Turn:
    """A turn whose act is planned, as it was when that was decided: what was said since is for the next one.

    Whoever comes back to it asks the same, and so says the same. A reply that gives way is given up instead.
    """
    row, heard, facts = turn.row, turn.heard, turn.facts
    if row.read_to is None or heard is None or facts is None or turn.rest or turn.gives_way:
        return turn
    if not turn.waits or heard.own_last > row.read_to:
        return turn
    lines = [line for line in facts.view.lines if line.seq <= row.read_to]
    facts = replace(facts, view=replace(facts.view, lines=lines))
    return replace(turn, facts=facts, heard=replace(heard, writers=heard.writers[: row.read_to]))


def failed_of(turn: Turn) -> FailedTurn | None:
    """What is kept of it where its model has given nothing usable; a talk's row has many turns."""
    return turn.row.failures.filter(made=turn.made, heard=turn.answers).first()


def paused_before(turn: Turn) -> int:
    """How often it has paused since its seat last spoke, for its model, before what it is to answer now was written."""
    before = turn.row.failures.filter(made=turn.made, did=FailedTurn.Did.PAUSE).exclude(heard=turn.answers)
    return sum(before.values_list("tries", flat=True))


def is_interrupted(turn: Turn) -> bool:
    """Whether a person has said something since what is to be said was decided."""
    return newest_of_people(turn.address) > turn.read


def is_stale(turn: Turn) -> bool:
    """Whether a person has since what an earlier look, or a holder that died, has decided and planned."""
    row = turn.row
    is_planned = row.planned_at is not None and (row.delivered_at is None or row.delivered_at < row.planned_at)
    return is_planned and row.read_to is not None and newest_of_people(turn.address) > row.read_to
