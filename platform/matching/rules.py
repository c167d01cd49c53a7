"""Who of those waiting is asked, who is seated, and where: pure, so that every case can be tried without a clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

WAITING, ASKED, READY = "waiting", "asked", "ready"
HUMAN, AI = "human", "ai"

PRESENT = timedelta(seconds=15)  # who has not been heard of for longer is not counted
GRACE = timedelta(seconds=2)  # what was pressed in time may arrive a little late
READY_LASTS = timedelta(seconds=60)  # somebody who said "ready" longer ago is asked anew
MOST_MISSES = 2  # asked twice without an answer: gone
FEWEST_ARRIVALS = 4  # from fewer nothing is said about how long it takes
SHORTEST_SPAN_SECONDS = 30.0


@dataclass(frozen=True)
class Waiting:
    """One person in the waiting room, as the rules see them."""

    ticket: int
    status: str
    joined_at: datetime
    seen_at: datetime
    asked_at: datetime | None = None
    ready_at: datetime | None = None
    misses: int = 0


@dataclass(frozen=True)
class Terms:
    """What the study file says of a waiting room.

    Args:
        humans: People in a group.
        ready_seconds: Time to press "ready".
        fill_seconds: From the first "ready" to the moment when stand-ins take the seats still missing; None: never.
        asks: Whether people are asked if they are there. Else who comes is ready, and that does not lapse: a server
            that is slow to seat many who come at once must not take them for people who do not answer.
    """

    humans: int
    ready_seconds: int
    fill_seconds: int | None = None
    asks: bool = True

    @property
    def answer_within(self) -> timedelta:
        """From the question to the moment when it counts as not answered."""
        return timedelta(seconds=self.ready_seconds) + GRACE

    @property
    def ready_lasts(self) -> timedelta:
        """How long "ready" holds; longer than any filling."""
        return max(READY_LASTS, timedelta(seconds=(self.fill_seconds or 0) + 30))


@dataclass(frozen=True)
class Tending:
    """What is to be done now, by ticket; and when to look again.

    Attributes:
        expired: Did not answer for the second time: they leave, with pay.
        back: Return to waiting, with their old place in the queue: not answered once, or ready too long ago.
        asked: Are to be asked whether they are ready.
        groups: Who sits together. A group with fewer than `Terms.humans` is filled with stand-ins.
    """

    expired: Sequence[int] = ()
    back: Sequence[int] = ()
    asked: Sequence[int] = ()
    groups: Sequence[Sequence[int]] = ()
    look_again_at: datetime | None = None


@dataclass
class _Pool:
    ready: list[Waiting] = field(default_factory=list)
    pending: list[Waiting] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    expired: list[int] = field(default_factory=list)
    absent_ready: list[Waiting] = field(default_factory=list)


def is_present(one: Waiting, now: datetime) -> bool:
    """Whether somebody has been heard of lately."""
    return one.seen_at >= now - PRESENT


def tend(everybody: Sequence[Waiting], terms: Terms, now: datetime) -> Tending:
    """Decide what follows from who waits now. First come, first served."""
    pool = _sorted_out(everybody, terms, now)
    groups = _groups(pool.ready, terms, now)
    seated = {ticket for group in groups for ticket in group}
    ready = [one for one in pool.ready if one.ticket not in seated]
    asked = _to_ask(pool.waiting, len(ready) + len(pool.pending), terms)
    return Tending(
        expired=pool.expired,
        back=[ticket for ticket in pool.back if ticket not in asked],
        asked=asked,
        groups=groups,
        look_again_at=_next_look([*ready, *pool.absent_ready], pool.pending, asked, terms=terms, now=now),
    )


def _sorted_out(everybody: Sequence[Waiting], terms: Terms, now: datetime) -> _Pool:
    pool = _Pool()
    for one in sorted(everybody, key=lambda one: (one.joined_at, one.ticket)):
        if one.status == ASKED and one.asked_at is not None:
            if one.asked_at + terms.answer_within > now:
                pool.pending.append(one)
                continue
            if one.misses + 1 >= MOST_MISSES:
                pool.expired.append(one.ticket)
                continue
            pool.back.append(one.ticket)
        elif one.status == READY and one.ready_at is not None:
            if not terms.asks or one.ready_at + terms.ready_lasts > now:
                (pool.ready if is_present(one, now) else pool.absent_ready).append(one)
                continue
            pool.back.append(one.ticket)
        if is_present(one, now):
            pool.waiting.append(replace(one, status=WAITING))
    return pool


def _groups(ready: Sequence[Waiting], terms: Terms, now: datetime) -> list[list[int]]:
    tickets = [one.ticket for one in ready]
    whole = len(tickets) // terms.humans * terms.humans
    groups = [tickets[start : start + terms.humans] for start in range(0, whole, terms.humans)]
    rest = ready[whole:]
    if rest and terms.fill_seconds is not None and _fill_at(rest, terms.fill_seconds) <= now:
        groups.append([one.ticket for one in rest])
    return groups


def _fill_at(ready: Sequence[Waiting], fill_seconds: int) -> datetime:
    return min(one.ready_at for one in ready if one.ready_at) + timedelta(seconds=fill_seconds)


def _to_ask(waiting: Sequence[Waiting], in_hand: int, terms: Terms) -> list[int]:
    """As many as complete whole groups, or everybody where stand-ins may complete one."""
    if terms.fill_seconds is not None:
        return [one.ticket for one in waiting]
    possible = (in_hand + len(waiting)) // terms.humans
    return [one.ticket for one in waiting[: max(0, possible * terms.humans - in_hand)]]


def _next_look(
    ready: Sequence[Waiting], pending: Sequence[Waiting], asked: Sequence[int], *, terms: Terms, now: datetime
) -> datetime | None:
    moments = [one.asked_at + terms.answer_within for one in pending if one.asked_at]
    if terms.asks:
        moments += [one.ready_at + terms.ready_lasts for one in ready if one.ready_at]
    if asked:
        moments.append(now + terms.answer_within)
    if ready and terms.fill_seconds is not None:
        moments.append(max(now + timedelta(seconds=1), _fill_at(ready, terms.fill_seconds)))
    return min(moments, default=None)


@dataclass(frozen=True)
class SeatPlan:
    """One seat to be made. `person` is a ticket, or None; `is_stand_in`: a person's seat without a person."""

    number: int
    role: str
    kind: str
    person: int | None = None

    @property
    def is_stand_in(self) -> bool:
        """Whether the condition wants a person here and none came."""
        return self.kind == HUMAN and self.person is None


def plan_seats(roles: Mapping[str, tuple[int, int]], people: Sequence[int], rng: Random) -> list[SeatPlan]:
    """Give everyone a role and a number by chance, so that neither tells who is a person or who came first.

    Args:
        roles: Role → (seats for people, seats for AI).
        people: Tickets, at most as many as there are seats for people.

    Raises:
        ValueError: more people than seats.
    """
    places = [(role, HUMAN) for role, (humans, _) in roles.items() for _ in range(humans)]
    empty = len(places) - len(people)
    if empty < 0:
        raise ValueError(f"{len(people)} people for {len(places)} seats")
    takers: list[int | None] = [*people, *[None] * empty]
    rng.shuffle(takers)
    everyone = [(role, kind, taker) for (role, kind), taker in zip(places, takers, strict=True)]
    everyone += [(role, AI, None) for role, (_, ais) in roles.items() for _ in range(ais)]
    rng.shuffle(everyone)
    return [SeatPlan(number, role, kind, taker) for number, (role, kind, taker) in enumerate(everyone, start=1)]


def expected_seconds(came: int, first: datetime | None, *, missing: int, now: datetime) -> float | None:
    """Seconds until `missing` more have come, if they come as fast as of late; None when there is too little to say so.

    Args:
        came: How many joined lately.
        first: When the first of them did.
    """
    if missing <= 0:
        return 0.0
    if came < FEWEST_ARRIVALS or first is None:
        return None
    span = max(SHORTEST_SPAN_SECONDS, (now - first).total_seconds())
    return missing * span / came
