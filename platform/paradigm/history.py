"""The moves of a match so far, read from what its seats may see. Pure."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from paradigm.fields import Points, plain
from paradigm.moves import Acts, Declared, Moved, Moves, Played, moves_of
from paradigm.parameters import Parameters
from paradigm.program import leaves, names_step, repetition
from paradigm.state import Place, Play, State
from paradigm.steps import Decision, Step

MOST_PLAYS = 50  # finished matches that a state tells


def played(declared: Declared | None, steps: Sequence[Step], place: Place, state: State) -> Played | None:
    """What a strategy in a place knows: moves of closed repetitions, and those of others that may be seen already.

    None where the role has no move. What a blind step hides is not there: the state does not tell it.
    """
    own = moves_of(declared, place.role)
    if declared is None or own is None:
        return None
    reader = _Reader(declared, steps, state.parameters)
    history = [moved for play in _remembered(own, place, state) for moved in reader.of_play(place.seat, play)]
    turns = range(1, state.repetition + 1) if state.repetition else [None]
    here = [{step: state.acts(step, turn) for step in reader.steps} for turn in turns]
    levels = [reader.levels(acts, state.places) for acts in here]
    history += [found for each in levels if (found := _moved(place.seat, each)) is not None]
    worth = own.worth(state.parameters) if own.worth else None
    return Played(own, tuple(history), _now(place.seat, levels[-1]), worth)


def _remembered(own: Moves, place: Place, state: State) -> list[Play]:
    if own.memory == "match":
        return []
    here = {each.seat for each in state.places}
    plays = [play for play in state.last(place.seat, MOST_PLAYS) if not play.is_void]
    return [play for play in plays if own.memory == "anyone" or {each.seat for each in play.places} == here]


def _others(seat: int, levels: Mapping[int, float]) -> list[float]:
    return [level for other, level in sorted(levels.items()) if other != seat]


def _moved(seat: int, levels: Mapping[int, float]) -> Moved | None:
    others = _others(seat, levels)
    return Moved(levels[seat], fmean(others)) if seat in levels and others else None


def _now(seat: int, levels: Mapping[int, float]) -> float | None:
    others = _others(seat, levels)
    return fmean(others) if others and seat not in levels else None


class _Reader:
    """Reads levels from what was done, by the declared moves of each role."""

    def __init__(self, declared: Declared, steps: Sequence[Step], parameters: Parameters) -> None:
        self._declared, self._parameters = declared, parameters
        self._decisions = {step.name: step for step in leaves(steps) if isinstance(step, Decision)}
        by_role = [declared] if isinstance(declared, Moves) else list(declared.values())
        self.steps = list(dict.fromkeys(moves.step for moves in by_role))

    def levels(self, acts: Acts, places: Sequence[Place]) -> dict[int, float]:
        """Seat → level, of those who have moved."""
        found = {place.seat: self._level(acts, place) for place in places}
        return {seat: level for seat, level in found.items() if level is not None}

    def of_play(self, seat: int, play: Play) -> list[Moved]:
        """The repetitions of a finished match as one of its seats remembers them."""
        turns = dict.fromkeys(repetition(path) for path in play.acts if path.rpartition("/")[2] in self.steps)
        found = []
        for turn in turns:
            paths = {step: [p for p in play.acts if names_step(p, step, turn)] for step in self.steps}
            acts = {step: play.acts[at[-1]] for step, at in paths.items() if at}
            found.append(_moved(seat, self.levels(acts, play.places)))
        return [moved for moved in found if moved is not None]

    def _level(self, acts: Acts, place: Place) -> float | None:
        moves = moves_of(self._declared, place.role)
        said = acts.get(moves.step, {}).get(place.seat, {}).get(moves.field) if moves else None
        if moves is None or said is None:
            return None
        fields = self._decisions[moves.step].fields_of(place.role)
        declared = next(one for one in map(plain, fields) if one.name == moves.field)
        if not isinstance(declared, Points):
            return 1.0 if said == moves.cooperate else 0.0
        low = self._parameters.number(declared.low)
        high = moves.most(acts, self._parameters) if moves.most else self._parameters.number(declared.high)
        # where nothing could be given nobody has moved
        return min(1.0, max(0.0, (said - low) / (high - low))) if high > low else None
