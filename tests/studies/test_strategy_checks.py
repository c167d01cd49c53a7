"""Strategies in a study file: their numbers are known and within bounds, and the experiment has moves for them."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from experiments.repeated_dilemma.experiment import experiment
from paradigm.strategies import strategies
from studies import registry
from studies.problems import errors
from tests.experiments.short_dilemma import MIXED, copied
from tests.studies.conftest import Folder


@pytest.fixture
def dilemma(tmp_path: Path) -> Folder:
    return copied(tmp_path)


def test_numbers_of_strategies_are_taken(dilemma: Folder) -> None:
    dilemma.change(MIXED, f"{MIXED}    settings: {{noise: 0.05, first: 1, p: 0.3}}\n")
    assert errors(dilemma.problems()) == []


@pytest.mark.parametrize(
    ("numbers", "code", "key", "words"),
    [
        ("{nois: 0.05}", "E890", "nois", "Did you mean noise?"),
        ("{p_cc: 0.9}", "E890", "p_cc", "no strategy of this partner has a number of this name"),
        ("{noise: 0.6}", "E891", "noise", "0.6 is not from 0 to 0.5"),
        ("{p: often}", "E891", "p", "'often' is no number"),
        ("{first: true}", "E891", "first", "True is no number"),
    ],
)
def test_numbers_that_fit_no_strategy_are_refused(
    dilemma: Folder, numbers: str, code: str, key: str, words: str
) -> None:
    dilemma.change(MIXED, f"{MIXED}    settings: {numbers}\n")
    found = dilemma.one(code)
    assert found.path == f"partners.mixed.settings.{key}"
    assert words in f"{found.what} {found.remedy}"


def test_strategy_without_moves_is_refused(dilemma: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = replace(experiment, moves={"nobody": experiment.moves})  # type: ignore[dict-item]
    monkeypatch.setattr(registry, "experiment", cache(lambda _name: lacking))
    found = [each for each in dilemma.problems() if each.code == "E892"]
    assert {each.path for each in found} == {"partners.same.policies", "partners.mixed.policies"}
    assert "repeated_dilemma declares no moves of a player" in found[0].what


def test_numbers_for_policies_that_are_no_strategies_are_theirs(
    dilemma: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(experiment, policies={**strategies(), "random": lambda _turn: {}})
    monkeypatch.setattr(registry, "experiment", cache(lambda _name: own))
    dilemma.change(MIXED, f"{MIXED}    settings: {{whatever: 3}}\n")
    assert [each for each in dilemma.problems() if each.code in {"E890", "E891", "E892"}] == []
