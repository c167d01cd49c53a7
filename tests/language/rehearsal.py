"""Plays a declaration in memory, without database or clock: for tests of declarations, not of the platform."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from paradigm import (
    Decision,
    Entry,
    Experiment,
    Line,
    Matching,
    Parameters,
    Place,
    Play,
    Recollection,
    Seat,
    Talk,
    Turn,
    View,
)
from paradigm.experiment import MatchPlan
from paradigm.fields import clean, resolve
from paradigm.history import played
from paradigm.program import first, following, repetition, step_at
from paradigm.steps import Leaf

Absent = Callable[["Match", Place], bool]


def nobody(match: "Match", place: Place) -> bool:
    """Everybody acts in time."""
    del match, place
    return False


@dataclass
class Group:
    """A group of seats that plays an experiment from its first round to its last.

    `policies` names each seat's policy by seat number; a seat without one gives simulated values. `memories` is what
    a seat's policy is given as remembered, `settings` its numbers, `names` what it is called by name.
    """

    experiment: Experiment
    seats: Sequence[Seat]
    parameters: Parameters
    levels: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[int, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    memories: Mapping[int, Recollection] = field(default_factory=dict)
    settings: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    visit: int = 1
    visits: int = 1
    seed: str = "7"
    absent: Absent = nobody
    past: list[Sequence[MatchPlan]] = field(default_factory=list)
    plays: list[Play] = field(default_factory=list)
    matches: list["Match"] = field(default_factory=list)
    rounds: int = 0

    def play(self) -> "Group":
        """Every round; returns itself."""
        deal = self.experiment.deal
        self.dealt = deal(self.seats, self.parameters, self.chance("deal")) if deal else {}
        self.rounds = self.experiment.rounds(self.parameters, self.chance("rounds"))
        for number in range(1, self.rounds + 1):
            self.play_round(number, self.seats)
        return self

    def play_round(self, number: int, present: Sequence[Seat]) -> Sequence["Match"]:
        """Pair those present, and play each match to its end."""
        matching = Matching(present, number, self.chance(f"pairing/{number}"), self.parameters, tuple(self.past))
        plans = self.experiment.pairing(matching)
        played = [Match(self, plan, number).play() for plan in plans]
        self.past.append(plans)
        self.matches.extend(played)
        self.plays.extend(match.finished for match in played)
        return played

    def chance(self, purpose: str) -> Random:
        """Seeded by the group and a purpose."""
        return Random(f"{self.seed}/{purpose}")


class Match:
    """One match: implements `paradigm.State`."""

    def __init__(self, group: Group, plan: MatchPlan, number: int) -> None:
        roles = {seat.number: seat.role for seat in group.seats}
        self.group, self.round, self.edges = group, number, plan.edges
        self.places = [
            Place(s, roles[s], at, group.labels.get(s, ""), name=group.names.get(s, "")) for at, s in plan.seats.items()
        ]
        self.path = ""
        self.is_void = False
        self.said: dict[str, list[Entry]] = {}
        self.done: dict[str, dict[int, Mapping[str, Any]]] = {}
        self.shown: list[tuple[str, Place, View]] = []
        self.finished = Play(number, self.places, {}, {})

    @property
    def parameters(self) -> Parameters:
        return self.group.parameters

    @property
    def levels(self) -> Mapping[str, str]:
        return self.group.levels

    @property
    def rounds(self) -> int:
        return self.group.rounds

    @property
    def visit(self) -> int:
        return self.group.visit

    @property
    def visits(self) -> int:
        return self.group.visits

    @property
    def is_last_visit(self) -> bool:
        return self.group.visit == self.group.visits

    @property
    def repetition(self) -> int:
        return repetition(self.path)

    def acts(self, step: str, repetition: int | None = None) -> Mapping[int, Mapping[str, Any]]:
        paths = [path for path in self.done if path.rpartition("/")[2] == step and path != self.path]
        if repetition is not None:
            paths = [path for path in paths if f":{repetition}/" in path]
        return self.done[paths[-1]] if paths else {}

    def last(self, seat: int, k: int = 1) -> Sequence[Play]:
        own = [play for play in self.group.plays if any(place.seat == seat for place in play.places)]
        return own[-min(k, 50) :] if k else []

    def entries(self, talk: str, *, after: int = 0, limit: int = 50) -> Sequence[Entry]:
        return [entry for entry in self.said.get(talk, []) if entry.seq > after][:limit]

    def dealt(self, seat: int) -> Mapping[str, Any]:
        return self.group.dealt.get(seat, {})

    def random(self, purpose: str) -> Random:
        return self.group.chance(f"{self.round}/{self.places[0].seat}/{self.path}/{purpose}")

    def play(self) -> "Match":
        """Every step; a step that somebody misses voids the match, where the step says so."""
        path = first(self.group.experiment.steps, self)
        while path is not None and not self.is_void:
            self.path = path
            step = step_at(self.group.experiment.steps, path)
            self._take(step)
            self.path = ""  # between steps none is open, so what was blind may be seen
            path = following(self.group.experiment.steps, path, self)
        self.finished = self._finish()
        return self

    def _take(self, step: Leaf) -> None:
        for place in self.places:
            self.shown.append((self.path, place, self.group.experiment.view(place, self)))
        if isinstance(step, Decision):
            self._decide(step)
        elif isinstance(step, Talk):
            self._talk(step)

    def _decide(self, step: Decision) -> None:
        acts: dict[int, Mapping[str, Any]] = {}
        for place in self.places:
            fields = resolve(step.fields_of(place.role), place, self)
            if not fields:
                continue
            if self.group.absent(self, place):
                self.is_void = self.is_void or step.voids_match
                continue
            policy = self.group.policies.get(place.seat)
            rng = self.random(f"act{place.seat}")
            raw = step.written(place, self) if step.written is not None else None
            if raw is None:
                raw = self._ask(policy, place, step, rng) if policy else {one.key: one.simulate(rng) for one in fields}
            values, errors = clean(fields, raw)
            if errors:
                raise AssertionError(f"{self.path}, {place}: {errors}")
            acts[place.seat] = values
        self.done[self.path] = acts

    def _talk(self, step: Talk) -> None:
        said = self.said.setdefault(step.name, [])
        for _ in range(self.parameters.number(step.quota) or 3):
            for place in self.places:
                if step.includes(place.role):
                    for raw in self._entries(step, place):
                        if raw["kind"] not in step.channel.accepts:
                            raise AssertionError(f"{self.path}: {raw['kind']} is not an entry of a {step.channel.kind}")
                        said.append(Entry(len(said) + 1, place.seat, raw["kind"], raw["text"], raw.get("facts", {})))

    def _entries(self, step: Talk, place: Place) -> Sequence[Mapping[str, Any]]:
        rng = self.random(f"say{place.seat}/{len(self.said[step.name])}")
        policy = self.group.policies.get(place.seat)
        if policy:
            return list(self._ask(policy, place, step, rng)["entries"])
        return [{"kind": step.channel.accepts[0], "text": f"word {rng.randint(1, 99)}"}]

    def _ask(self, policy: str, place: Place, step: Decision | Talk, rng: Random) -> Mapping[str, Any]:
        fields = resolve(step.fields_of(place.role), place, self) if isinstance(step, Decision) else []
        view = self.group.experiment.view(place, self)
        if isinstance(step, Talk) and not view.lines:
            view = replace(view, lines=self._page(place, step))
        memory = self.group.memories.get(place.seat, Recollection())
        experiment, known = self.group.experiment, self.group.settings.get(place.seat, {})
        so_far = played(experiment.moves, experiment.steps, place, self)
        return experiment.policies[policy](Turn(step.name, place, view, fields, rng, known, memory, so_far))

    def _page(self, place: Place, step: Talk) -> Sequence[Line]:
        """What a talk shows by itself where the view says nothing: the newest entries that have words."""
        who = {each.seat: each.name or each.position for each in self.places}
        worded = [entry for entry in self.said[step.name] if entry.text][-20:]
        return [Line("" if e.seat == place.seat else who[e.seat], e.text, e.kind, e.seq) for e in worded]

    def _finish(self) -> Play:
        if self.is_void:
            amount = self.parameters.number(self.group.experiment.void_points)
            return Play(self.round, self.places, {}, {place.seat: amount for place in self.places}, is_void=True)
        return Play(self.round, self.places, self.done, self.group.experiment.payoff(self))
