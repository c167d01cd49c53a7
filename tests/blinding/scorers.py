"""What learns to tell programs from people: three that see different things."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
from scipy import stats
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ALARM = 0.05  # chance that some column seems to tell where none does
MOST_KEPT = 20
SEED = 1
Array = Any  # numpy's own types say less than this file's sentences


class Scorer(Protocol):
    """What learns to tell programs from people."""

    def fit(self, values: Array, is_program: Array, groups: Array) -> None:
        """Learn from rows of some groups."""

    def score(self, values: Array) -> Array:
        """The more it takes a row for a program's, the more."""


class Plain:
    """A model of scikit-learn that is given every column."""

    def __init__(self, model: Any) -> None:
        self.model = clone(model)  # a fold must not know what another has learnt

    def fit(self, values: Array, is_program: Array, groups: Array) -> None:
        """As `Scorer` says; which rows go together does not matter to it."""
        self.model.fit(values, is_program)

    def score(self, values: Array) -> Array:
        """The chance that each row is a program's."""
        return self.model.predict_proba(values)[:, 1]


class Few:
    """Looks for the columns that tell by themselves, beyond chance, and learns from those alone.

    Among thousands of columns of noise the others hardly see one that tells now and then. A column counts if programs
    have more of it or lie further from its middle (or the other way round), by a test over groups, of all columns at
    once (Bonferroni). Where none does, all rows score alike.
    """

    def __init__(self) -> None:
        self.model = HistGradientBoostingClassifier(
            max_iter=60, learning_rate=0.1, max_leaf_nodes=6, min_samples_leaf=5, random_state=SEED
        )
        self.kept: Array = np.array([], dtype=int)

    def fit(self, values: Array, is_program: Array, groups: Array) -> None:
        """Choose columns, and learn from them."""
        ranks = stats.rankdata(values, axis=0) / len(values) - 0.5
        least = np.minimum(*(_chance(each, is_program, groups) for each in (ranks, np.abs(ranks))))
        told = np.flatnonzero(least < ALARM / (2 * values.shape[1]))
        self.kept = told[np.argsort(least[told], kind="stable")][:MOST_KEPT]
        if len(self.kept):
            self.model.fit(values[:, self.kept], is_program)

    def score(self, values: Array) -> Array:
        """The chance that each row is a program's."""
        if not len(self.kept):
            return np.full(len(values), 0.5)
        return self.model.predict_proba(values[:, self.kept])[:, 1]


def _chance(columns: Array, is_program: Array, groups: Array) -> Array:
    """For each column, how likely such a difference is by chance: a t test of what each group adds to it."""
    names, at = np.unique(groups, return_inverse=True)
    parts = (is_program - is_program.mean())[:, None] * (columns - columns.mean(axis=0))
    of_groups = np.zeros((len(names), columns.shape[1]))
    np.add.at(of_groups, at, parts)
    spread = of_groups.std(axis=0, ddof=1) / np.sqrt(len(names))
    mean = of_groups.mean(axis=0)
    ratio = np.divide(mean, spread, out=np.where(mean == 0, 0.0, np.inf), where=spread > 0)
    return 2 * stats.t.sf(np.abs(ratio), len(names) - 1)


def scorers() -> dict[str, Callable[[], Scorer]]:
    """Three that see different things: steps and interactions, weak trends over many columns, one column among many."""
    return {name: partial(Plain, model) for name, model in models().items()} | {"few": Few}


def models() -> dict[str, Any]:
    """Of scikit-learn."""
    trees = HistGradientBoostingClassifier(
        max_iter=120, learning_rate=0.07, max_leaf_nodes=15, min_samples_leaf=5, l2_regularization=1.0,
        random_state=SEED,
    )  # fmt: skip
    line = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    return {"trees": trees, "line": line}
