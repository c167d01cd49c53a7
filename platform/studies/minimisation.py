"""Minimisation: the condition that keeps the numbers most alike over the covariates, by a biased coin.

Source: Pocock & Simon (1975), Biometrics 31, 103-115; without covariates, and with two conditions, the biased coin of
Efron (1971), Biometrika 58, 403-417. Unequal weights: the biased coin of Han, Enas & McEntegart (2009), Statistics in
Medicine 28, 3329-3346; a coin that knows nothing of them would give a condition of small weight more than its share.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

Profile = Mapping[str, str]
"""Answer by covariate."""


@dataclass(frozen=True)
class Coin:
    """How a condition is chosen.

    Args:
        weights: Condition → how often it is wanted relative to the others.
        imbalance: "range" or "variance" of the numbers, each divided by its weight.
        probability: How often the condition of the least weight is taken when it is the best. Any other best one is
            taken so often that each condition that is not the best has a chance in proportion to its weight. With equal
            weights it is the same for all.
    """

    weights: Mapping[str, int]
    imbalance: str
    probability: float

    def choose(self, held: Sequence[tuple[str, Profile]], profile: Profile, rng: Random) -> str:
        """The condition of whoever comes now.

        Args:
            held: Condition and profile of everybody who holds one.
            profile: Of whoever comes.
        """
        counts = _counts(held, profile)
        unlike = {condition: self._with(condition, counts) for condition in self.weights}
        least = min(unlike.values())
        best = [condition for condition, much in unlike.items() if much == least]
        rest = [condition for condition, much in unlike.items() if much > least]
        pool = rest if rest and rng.random() < self._missing(rest) else best
        return rng.choices(pool, [self.weights[condition] for condition in pool])[0]

    def _missing(self, rest: Sequence[str]) -> float:
        """How often none of the best is taken."""
        others = sum(self.weights.values()) - min(self.weights.values())
        return (1 - self.probability) * sum(self.weights[condition] for condition in rest) / others

    def after(self, condition: str, held: Sequence[tuple[str, Profile]], profile: Profile) -> Fraction:
        """How unlike the numbers would be with the newcomer in a condition, summed over the covariates."""
        return self._with(condition, _counts(held, profile))

    def _with(self, condition: str, counts: Sequence[Mapping[str, int]]) -> Fraction:
        total = Fraction(0)
        for of in counts:
            numbers = [Fraction(of[one] + (one == condition), weight) for one, weight in self.weights.items()]
            total += _unlike(numbers, self.imbalance)
        return total


def _counts(held: Sequence[tuple[str, Profile]], profile: Profile) -> list[Counter[str]]:
    """For each covariate how many hold each condition of those who share the newcomer's answer; without any, of all."""
    return [
        Counter(condition for condition, its in held if its.get(covariate) == profile.get(covariate))
        for covariate in profile or ("",)
    ]


def _unlike(numbers: Sequence[Fraction], imbalance: str) -> Fraction:
    if imbalance == "range":
        return max(numbers) - min(numbers)
    mean = Fraction(sum(numbers), len(numbers))
    return Fraction(sum((number - mean) ** 2 for number in numbers), len(numbers))
