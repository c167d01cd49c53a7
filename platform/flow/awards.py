"""Which belief of each seat is paid when a game is over. Reads rows and draws; writes nothing.

Drawn is among what a seat was asked in matches that counted, about what really came true. What did not come, or was
imputed, is among it and wins nothing: else it would be better not to answer wherever a round brought more than a belief
may win. Not among it is what would have to be compared with what nobody decided, or does not fit on the scale on which
it was asked. Each such belief is as likely as any other of the seat's.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from flow.game import Game
from flow.models import Act, Award, Match, Placing
from flow.state import MatchState, play_of
from matching.models import Group, Seat
from paradigm import Belief, Decision, Field, Play, Points
from paradigm.bonus import Bonus, Stated, draw, won
from paradigm.fields import resolve
from paradigm.program import step_at

log = logging.getLogger("rapport.task")


@dataclass(frozen=True)
class Item:
    """One belief that may be drawn."""

    match: Match
    seat: Seat
    path: str
    field: Field
    belief: Belief
    stated: Stated


def awards_of(group: Group, game: Game, states: Sequence[MatchState]) -> list[Award]:
    """One belief of each seat that was asked for any, as rows that are not stored yet; none where the study pays none.

    Args:
        states: Of the group's complete matches, by round and number, with every act.
    """
    bonus, prize = game.experiment.bonus, game.prize
    if bonus is None or not prize:
        return []
    found: dict[Seat, list[Item]] = {}
    for state in states:
        for item in _items(state, bonus):
            found.setdefault(item.seat, []).append(item)
    return [_award(items, prize, _chance(group, seat)) for seat, items in found.items()]


def states_of(group: Group) -> list[MatchState]:
    """The group's complete matches with everything that was done in them, for the price of three queries."""
    matches = {match.pk: match for match in group.matches.filter(status=Match.Status.COMPLETE)}
    placings: dict[int, list[Placing]] = {pk: [] for pk in matches}
    for placing in Placing.objects.filter(match__in=matches).select_related("seat").order_by("position"):
        placings[placing.match_id].append(placing)
    acts: dict[int, list[Act]] = {pk: [] for pk in matches}
    for act in Act.objects.filter(match__in=matches).select_related("seat").order_by("pk"):
        acts[act.match_id].append(act)
    states = []
    for match in sorted(matches.values(), key=lambda match: (match.round, match.number)):
        match.group = group
        state = MatchState(match, path="")
        state.placings, state.stored_acts = placings[match.pk], acts[match.pk]
        states.append(state)
    return states


def _items(state: MatchState, bonus: Bonus) -> Iterator[Item]:
    """What was asked in a match, oldest first, beside what came true; only what a ticket can be drawn for."""
    real = [act for act in state.stored_acts if act.source != Act.Source.TIMEOUT]
    play = play_of(state.match, state.placings, real)
    for act in state.stored_acts:
        step = step_at(state.game.experiment.steps, act.path)
        if not isinstance(step, Decision) or step.voids_match:
            continue
        place, values = state.place(act.seat), {} if act.source == Act.Source.TIMEOUT else act.values
        for field in resolve(step.fields_of(place.role), place, state.at(act.path)):
            if field.belief is None or not isinstance(field, Points):
                continue
            said, truth = values.get(field.key), _truth(state, play, field, bonus)
            if truth is not None and _can_be_drawn(act, field, stated := _stated(field, said, truth)):
                yield Item(state.match, act.seat, act.path, field, field.belief, stated)


def _can_be_drawn(act: Act, field: Field, stated: Stated) -> bool:
    """Whether it can, which is for the experiment to see to: a game must end whatever its bounds are."""
    if not stated.can_be_drawn:
        facts = {"match": act.match_id, "path": act.path, "field": field.key, "low": stated.low, "high": stated.high}
        log.warning("a belief is not drawn: its bounds do not hold what came true", extra={"facts": facts})
    return stated.can_be_drawn


def _truth(state: MatchState, play: Play, field: Points, bonus: Bonus) -> int | None:
    """What came true. Who is an AI is known here alone: no rule of an experiment is told."""
    if field.belief and field.belief.what == "type":
        kinds = {placing.position: placing.seat.kind for placing in state.placings}
        low, high = _bounds(field)
        return high if kinds[field.about] == Seat.Kind.AI else low
    return bonus.truth(play, field)


def _stated(field: Points, said: int | None, truth: int) -> Stated:
    return Stated(said, truth, *_bounds(field))


def _bounds(field: Points) -> tuple[int, int]:
    return int(field.low), int(field.high)


def _chance(group: Group, seat: Seat) -> Random:
    return Random(f"{group.version.seed}/award/{group.code}/{seat.number}")  # noqa: S311  seeded on purpose


def _award(items: Sequence[Item], prize: int, chance: Random) -> Award:
    lot = draw([item.stated for item in items], chance)
    item = items[lot.index]
    return Award(
        seat=item.seat,
        match=item.match,
        path=item.path,
        field=item.field.key,
        what=item.belief.what,
        said=item.stated.said,
        truth=item.stated.truth,
        chances=item.stated.chances,
        tickets=item.stated.tickets,
        ticket=lot.ticket,
        prize=prize,
        points=prize if won(item.stated, lot.ticket) else 0,
    )
