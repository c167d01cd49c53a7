"""How well a classifier tells programs from people, with limits that hold for groups.

Turns of one group share people, chance and the load of the moment, so neither folds nor limits may treat them as
independent. Folds never part a group. The limits are those of DeLong's method for clustered data (Obuchowski 1997,
Biometrics 53:567): analytic, so the same rows give the same limits, and with few groups honest where a bootstrap of few
groups is too narrow; the quantile is Student's with one degree of freedom less than there are groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy import stats
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from tests.blinding.scorers import SEED, scorers
from tests.blinding.turns import Row

LEVEL = 0.95
TOLD_APART = 0.55
ENOUGH = 2000
MOST = 0.95  # whatever is above it has been told apart, however few the rows
TOGETHER = 1.4  # room for turns of a group that go together, where there are few
FOLDS = 5
Array = Any  # numpy's own types say less than this file's sentences


@dataclass(frozen=True)
class Auc:
    """The area under a ROC curve: the chance that a program's row is scored above a person's. Limits of 95 %."""

    what: str
    auc: float
    low: float
    high: float
    programs: int
    people: int
    groups: int

    def __str__(self) -> str:
        return (
            f"{self.what}: AUC {self.auc:.3f} [{self.low:.3f}, {self.high:.3f}]"
            f" from {self.programs} programs and {self.people} people in {self.groups} groups"
        )


@dataclass(frozen=True)
class Table:
    """Rows as numbers without gaps; truth and group of each row."""

    names: list[str]
    values: Array
    is_program: Array
    groups: Array


def table(rows: Sequence[Row]) -> Table:
    """Rows as a table; which of them lack a number is a column of its own. Columns that say nothing are left out."""
    names = sorted({name for row in rows for name in row.numbers})
    values = np.array([[row.numbers.get(name, np.nan) for name in names] for row in rows])
    absent = np.isnan(values)
    fingerprints = np.array([name.endswith((" is", " all")) for name in names])
    columns: dict[bytes, tuple[str, Array]] = {}
    for index, name in enumerate(names):
        known = values[~absent[:, index], index]
        distinct = len(np.unique(known))
        column = np.where(absent[:, index], known.mean(), values[:, index])
        is_drawn_anew = fingerprints[index] and distinct > len(known) / 2
        if distinct > 1 and not is_drawn_anew:
            columns.setdefault(column.tobytes(), (name, column))
        if absent[:, index].any():
            gap = absent[:, index].astype(float)
            columns.setdefault(gap.tobytes(), (f"no {name}", gap))
    kept = list(columns.values())
    return Table(
        names=[name for name, _ in kept],
        values=np.column_stack([column for _, column in kept]),
        is_program=np.array([row.is_program for row in rows]),
        groups=np.array([row.group for row in rows]),
    )


def judge(rows: Sequence[Row], what: str) -> list[Auc]:
    """What each model reaches on groups that it was not trained on."""
    said = table(rows)
    folds = StratifiedGroupKFold(n_splits=min(FOLDS, len(set(said.groups))), shuffle=True, random_state=SEED)
    found = []
    for name, new in scorers().items():
        scores = np.empty(len(rows))
        with threadpool_limits(1):  # more threads than free cores only wait for each other
            for known, unknown in folds.split(said.values, said.is_program, said.groups):
                scorer = new()
                scorer.fit(said.values[known], said.is_program[known], said.groups[known])
                scores[unknown] = scorer.score(said.values[unknown])
        found.append(auc_of(scores, said.is_program, said.groups, what=f"{what} by {name}"))
    return found


def loudest(rows: Sequence[Row], count: int = 10) -> list[str]:
    """The single columns that tell most: where to look when the test fails."""
    said = table(rows)
    areas = [float(_shares(column[said.is_program], column[~said.is_program]).mean()) for column in said.values.T]
    order = sorted(range(len(areas)), key=lambda index: -abs(areas[index] - 0.5))
    return [f"{areas[index]:.3f} {said.names[index]}" for index in order[:count]]


def auc_of(scores: Array, truth: Array, groups: Array, *, what: str = "") -> Auc:
    """The area and its limits.

    Each row's component is the share of the other kind that it is on the right side of; components are summed by group,
    and their spread over groups gives the variance.
    """
    programs, people = scores[truth], scores[~truth]
    right = _shares(programs, people)
    wrong = 1 - _shares(people, programs)
    area = float(right.mean())
    names = np.unique(groups)
    of_programs = np.array([np.sum(right[groups[truth] == name] - area) for name in names]) / len(programs)
    of_people = np.array([np.sum(wrong[groups[~truth] == name] - area) for name in names]) / len(people)
    count = len(names)
    error = sqrt(count / (count - 1) * float(np.sum((of_programs + of_people) ** 2)))
    reach = _quantile(count) * error
    return Auc(what, area, max(0.0, area - reach), min(1.0, area + reach), len(programs), len(people), count)


def _shares(ones: Array, others: Array) -> Array:
    """For each of `ones`, the share of `others` below it, ties counted half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, ones, side="left")
    upto = np.searchsorted(ordered, ones, side="right")
    return (below + upto) / (2 * len(others))


def bound(programs: int, people: int, groups: int) -> float:
    """The most that the upper limit may be: 0.55 for 2,000 rows of each kind, wider for fewer.

    Where nothing tells them apart, the area has the standard error of Wilcoxon's statistic, and more where turns of a
    group go together. The limit lies a quantile of it above the area, and three more are room for chance in the area.
    """
    if min(programs, people) >= ENOUGH:
        return TOLD_APART
    error = TOGETHER * sqrt((programs + people + 1) / (12 * programs * people))
    return min(MOST, 0.5 + (_quantile(groups) + 3) * error)


def _quantile(groups: int) -> float:
    return float(stats.t.ppf((1 + LEVEL) / 2, groups - 1))
