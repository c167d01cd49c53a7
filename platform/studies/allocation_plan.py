"""The seeded sequences of conditions, and which levels follow from what was drawn. Pure: the same seed, the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from studies.latin import in_place, orders
from studies.minimisation import Coin, Profile
from studies.models import condition_of, levels_of
from studies.schema import StudyFile
from studies.schema_allocation import Allocation, Moment

HOLDER: Mapping[str, str] = {
    "study": "study",
    "group": "group",
    "participant": "participant",
    "pair": "group",
    "session": "participant",
    "round": "group",
    "item": "participant",
}
"""Unit → who holds the slot: the whole study, a group, or a participant."""
ONLY = ",only "
"""In the name of a sequence of trials: what follows are the levels that all of its slots have."""
EVER = 10**6
"""A round after all that there are."""


@dataclass(frozen=True)
class Entry:
    """One entry of `allocation`, with its factors crossed.

    Args:
        number: Its place in the list, from 0.
        conditions: Every combination of its factors' levels, by name, in a fixed order; [""] where there is no factor.
    """

    number: int
    rule: Allocation
    factors: Sequence[str]
    conditions: Sequence[str]

    @property
    def holder(self) -> str:
        """Who holds its slots."""
        return HOLDER[self.rule.unit]

    @property
    def is_order(self) -> bool:
        """Whether a slot is an order of conditions instead of one."""
        return self.rule.method == "latin_square"

    @property
    def has_moment(self) -> bool:
        """Whether it gives its levels at a named round or session: anew, where another entry gave them before."""
        return isinstance(self.rule.at, Moment)

    @property
    def since(self) -> str:
        """From when its levels hold: "round 3", "session 2"; "" from the beginning."""
        if not isinstance(self.rule.at, Moment):
            return ""
        return f"round {self.rule.at.round}" if self.rule.at.round else f"session {self.rule.at.session}"

    def begins(self, at: "At") -> bool:
        """Whether its levels hold by then."""
        if not isinstance(self.rule.at, Moment):
            return True
        return at.session >= self.rule.at.session if self.rule.at.session else at.round >= self.rule.round

    @property
    def first(self) -> int:
        """The first round, session or item of an order."""
        return {"round": self.rule.round, "session": self.rule.session}.get(self.rule.unit, 1)

    @property
    def is_of_people(self) -> bool:
        """Whether it is drawn for one person for a whole session or longer."""
        return self.rule.unit in ("participant", "session")

    def weights(self) -> dict[str, int]:
        """Condition → how often it is given relative to the others."""
        return {name: self._named(self.rule.weights, name, 1) for name in self.conditions}

    def targets(self) -> dict[str, int]:
        """Condition → how many are wanted, for quotas."""
        return {name: self._named(self.rule.targets, name, 0) for name in self.conditions}

    def shares(self) -> dict[str, float]:
        """Condition → the share that the plan gives it, from 0 to 1."""
        of = self.targets() if self.rule.method == "quota" else self.weights()
        return {name: number / sum(of.values()) for name, number in of.items()}

    def _named(self, numbers: Mapping[str, int], condition: str, without: int) -> int:
        return numbers.get(condition, numbers.get(condition.partition("=")[2], without))

    def sequence(self, version: int, stratum: str) -> str:
        """The name by which a sequence of slots is seeded: version, entry (save the first), stratum."""
        return f"{version}/{self.number}/{stratum}" if self.number else f"{version}/{stratum}"


@dataclass(frozen=True)
class Held:
    """A slot that somebody holds: of which entry, for which round, pair, session or item, and what was drawn."""

    entry: int
    place: str
    condition: str


def entries_of(study: StudyFile) -> list[Entry]:
    """The entries of a study file, in order. A single one without factors has all of them."""
    rules = study.allocations
    return [
        Entry(number, rule, factors, _crossed(study, factors))
        for number, rule in enumerate(rules)
        for factors in [rule.factors or (study.conditions.cross if len(rules) == 1 else [])]
    ]


def conditions_of(study: StudyFile) -> list[str]:
    """Every condition of the whole design, by name, in a fixed order; [""] where nothing is manipulated."""
    return _crossed(study, study.conditions.cross)


def _crossed(study: StudyFile, factors: Sequence[str]) -> list[str]:
    levels = [study.factors[name].levels for name in factors]
    return [condition_of(dict(zip(factors, chosen, strict=True))) for chosen in product(*levels)]


def block(entry: Entry, *, seed: str, sequence: str, number: int) -> list[str]:
    """One block of a sequence, in the order of use.

    Permuted blocks hold each condition as often as its weight says; a quota is one block with its targets; a Latin
    square's block holds each of its orders once; simple randomisation has blocks of one. A sequence of trials that are
    to have some levels has blocks of the conditions with these, each once.

    Args:
        sequence: Which sequence of slots: `Entry.sequence`.
        number: Which block of it, from 1.
    """
    rng = Random(f"{seed}/allocation/{sequence}/{number}")  # noqa: S311  reproducible on purpose
    only = levels_of(sequence.partition(ONLY)[2])
    found = _with_levels(entry, only) if only else _contents(entry, rng)
    rng.shuffle(found)
    return found


def _with_levels(entry: Entry, only: Mapping[str, str]) -> list[str]:
    return [name for name in entry.conditions if only.items() <= levels_of(name).items()]


def _contents(entry: Entry, rng: Random) -> list[str]:
    rule, weights = entry.rule, entry.weights()
    if rule.method == "latin_square":
        return orders(entry.conditions)
    if rule.method == "quota":
        return [name for name, wanted in entry.targets().items() for _ in range(wanted)]
    if rule.method == "simple":
        return rng.choices(list(weights), list(weights.values()))
    times = rng.choice(rule.block_sizes) // sum(weights.values())
    return [name for _ in range(times) for name, weight in weights.items() for _ in range(weight)]


def minimised(
    entry: Entry, held: Sequence[tuple[str, Profile]], profile: Profile, *, seed: str, sequence: str, number: int
) -> str:
    """The condition of the slot with a number, by minimisation.

    Args:
        held: Condition and covariates of those who hold a slot of the sequence now, in any order.
        profile: Covariates of whoever takes this slot.
    """
    rng = Random(f"{seed}/allocation/{sequence}/{number}")  # noqa: S311  reproducible on purpose
    coin = Coin(entry.weights(), entry.rule.imbalance, entry.rule.probability)
    return coin.choose(held, profile, rng)


@dataclass(frozen=True)
class At:
    """When, and for what, levels are asked for.

    Args:
        round: 0: before the first; by default after the last.
        item: Number of the item; 0: levels of items are left out.
        pair: "2-5", by the seats' numbers; "": levels of pairs are left out.
    """

    round: int = EVER
    session: int = 1
    item: int = 0
    pair: str = ""


def levels_at(entries: Sequence[Entry], held: Iterable[Held], at: At = At()) -> dict[str, str]:
    """Which levels follow from the slots of one holder.

    What was drawn anew at a round or session takes the place of what was drawn before.
    """
    found: dict[str, str] = {}
    for one in sorted(held, key=lambda one: _order(entries[one.entry])):
        entry = entries[one.entry]
        if entry.begins(at):
            found |= levels_of(_drawn(entry, one, at))
    return found


def _order(entry: Entry) -> tuple[int, int, int]:
    return entry.rule.session, entry.rule.round, entry.number


def _drawn(entry: Entry, one: Held, at: At) -> str:
    """The condition that a slot gives; "" where it is another round's, session's, item's or pair's."""
    turns = {"round": at.round, "session": at.session, "item": at.item}
    if entry.rule.unit not in turns:
        return one.condition if entry.rule.unit != "pair" or one.place == at.pair else ""
    turn = turns[entry.rule.unit]
    if entry.is_order:
        place = turn - entry.first + 1
        return in_place(one.condition, place) if place >= 1 and turn < EVER else ""
    return one.condition if one.place == str(turn) else ""
