"""Nobody writes beforehand what a person does, and what an experiment says of who knows what can be held against it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studies import registry
from studies.check import check
from tests.experiments.private_studies import copied
from tests.studies.conftest import Folder

BY_MODE = "{mode: {by: mode, values: {script: script, omniscient: omniscient, private: private}}}"
PERSON = 'partners:\n  person: {occupant: person, label: {all: ""}}\n'


@pytest.fixture
def with_person(tmp_path: Path) -> Folder:
    """The study with a person on one side. What else such a study needs is not looked at here."""
    folder = copied(tmp_path, "programs")
    folder.change(
        "second: {ai: 1}}, partners: {ai: side}}", "second: {humans: 1}}, partners: {human: person, ai: side}}"
    )
    folder.change("partners:\n  side:", f"{PERSON}  side:")
    return folder


def said(folder: Folder, code: str) -> list[tuple[str, str]]:
    return [(one.path, one.what) for one in check(folder.path) if one.code == code]


def test_person_is_never_made_to_say_what_is_written(with_person: Folder) -> None:
    ((path, what),) = said(with_person, "E924")
    assert path == "waves[main].stages[game].parameters"
    assert what == "what a second does at answers is written before, and a person may sit there."


@pytest.mark.parametrize("mode", ["private", "omniscient"])
def test_person_may_sit_where_each_speaks_for_itself(with_person: Folder, mode: str) -> None:
    with_person.change(BY_MODE, f"{{mode: {mode}}}")
    assert said(with_person, "E924") == []


def test_programs_may_sit_in_every_mode(tmp_path: Path) -> None:
    assert said(copied(tmp_path, "programs"), "E924") == []


def _some(role: str, parameters: Any) -> Any:
    return "some"


def _raises(role: str, parameters: Any) -> Any:
    raise LookupError(role)


@pytest.mark.parametrize(
    ("knows", "found"),
    [(_some, "what a first knows: some."), (_raises, "what a first knows: LookupError: first.")],
)
def test_unknown_word_for_what_is_known_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, knows: Any, found: str
) -> None:
    broken = replace(registry.experiment("private_information"), knows=knows)
    monkeypatch.setattr("studies.checks.knowledge.found_experiment", lambda _: broken)
    problems = said(copied(tmp_path, "programs"), "E925")
    assert {path for path, _ in problems} == {"waves[main].stages[game].experiment"}
    assert any(found in what for _, what in problems)
