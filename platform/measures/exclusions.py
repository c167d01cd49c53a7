"""Who met which rule of exclusion. Pure: what is known of a person comes from `measures.facts`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache

from studies.asked import asked_at
from studies.definition import definition
from studies.grammar import CALCULATIONS, COMPARISONS, Node, Number, Word
from studies.models import Version
from studies.rules import names_in, rule_of
from studies.schema_plan import Exclusion
from studies.variables import Variable, variables_of

Value = Fraction | str


@dataclass(frozen=True)
class Fact:
    """What is known of a person by one name, and since when. Without a value it is not known, or not yet."""

    value: Value | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Ruling:
    """What became of one rule for one person: whether they met it (None: not known), and since when that is settled."""

    exclusion: Exclusion
    is_met: bool | None
    at: datetime | None

    @property
    def excludes(self) -> bool:
        """Whether the person is no part of the analysable sample: a registered rule on what came before treatment."""
        return bool(self.is_met) and self.exclusion.registered and self.exclusion.when == "pre_treatment"


@lru_cache(maxsize=64)
def variables_in(version_id: int) -> Mapping[str, Variable]:
    """What is known of people in a version, by name."""
    version = Version.objects.get(pk=version_id)
    said = definition(version)
    return variables_of(said, lambda stage: asked_at(version, stage))


def rulings(exclusions: Sequence[Exclusion], facts: Mapping[str, Fact]) -> Iterator[Ruling]:
    """What became of every rule for one person.

    Args:
        facts: By name; a name that is missing is taken for a word.
    """
    for exclusion in exclusions:
        rule = rule_of(exclusion.rule)
        is_met = decide(rule, facts)
        yield Ruling(exclusion, is_met, None if is_met is None else _settled_at(rule, facts))


def _settled_at(rule: Node, facts: Mapping[str, Fact]) -> datetime | None:
    """From when on nothing that came later could change it: of `a or b` the first that was true is enough."""
    times = {at for name in names_in(rule) if name in facts and (at := facts[name].at) is not None}
    for time in sorted(times):
        known = {name: one if one.at is None or one.at <= time else Fact() for name, one in facts.items()}
        if decide(rule, known) is not None:
            return time
    return None


def decide(rule: Node, facts: Mapping[str, Fact]) -> bool | None:
    """Whether a rule is met; None where what is not known could still decide either way."""
    if isinstance(rule, Number | Word):
        raise TypeError("a rule is a comparison, or several joined by and, or")
    if rule.sign in COMPARISONS:
        left, right = _value(rule.left, facts), _value(rule.right, facts)
        return None if left is None or right is None else bool(CALCULATIONS[rule.sign](left, right))
    sides = (decide(rule.left, facts), decide(rule.right, facts))
    decisive = rule.sign == "or"
    if decisive in sides:
        return decisive
    return None if None in sides else not decisive


def _value(node: Node, facts: Mapping[str, Fact]) -> Value | None:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Word):
        return facts[node.name].value if node.name in facts else node.name
    left, right = _value(node.left, facts), _value(node.right, facts)
    if not isinstance(left, Fraction) or not isinstance(right, Fraction) or (node.sign == "/" and right == 0):
        return None
    return Fraction(CALCULATIONS[node.sign](left, right))
