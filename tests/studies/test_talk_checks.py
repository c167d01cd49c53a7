"""What the check says of the terms of a talk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from paradigm import Chat, Talk, setting
from studies import registry
from tests.studies.conftest import Folder

TALK = Talk("chat", seconds=600, min_active_seconds=300, min_turns=4, ends="any")


@contextmanager
def with_talk(talk: Talk) -> Iterator[None]:
    """The experiment of the test study with a talk at its end."""
    sharing = registry.experiment("sharing")
    usual, settings = sharing.steps, sharing.parameters

    class Longer(settings):  # type: ignore[misc, valid-type]
        wait: int = setting(900, "Before it may be ended", unit="s", ge=0)
        style: str = setting("sideways", "What becomes of pastes")

    object.__setattr__(sharing, "steps", [*usual, talk])
    object.__setattr__(sharing, "parameters", Longer)
    try:
        yield
    finally:
        object.__setattr__(sharing, "steps", usual)
        object.__setattr__(sharing, "parameters", settings)


def codes(folder: Folder) -> set[str]:
    return {problem.code for problem in folder.problems() if problem.code.startswith("E46")}


@pytest.mark.parametrize(
    ("talk", "code", "path", "words"),
    [
        (replace(TALK, min_turns="turns"), "E460", "experiment", 'names "turns"'),
        (replace(TALK, ends="soon"), "E460", "experiment", "it may be all, any"),
        (replace(TALK, channel=Chat(pastes="style")), "E460", "experiment", '"sideways"'),
        (replace(TALK, min_active_seconds="wait"), "E461", "parameters.wait", "after 900 active seconds"),
        (replace(TALK, idle_seconds=0), "E462", "experiment", "never pass"),
        (replace(TALK, channel=Chat(max_chars="many")), "E460", "experiment", '`max_chars` names "many"'),
        (replace(TALK, channel=Chat(min_chars="few")), "E460", "experiment", '`min_chars` names "few"'),
        (replace(TALK, channel=Chat(100, min_chars="wait")), "E464", "parameters.wait", "asks for messages of 900"),
        (replace(TALK, quota=3), "E463", "experiment", "asks for 4 entries and allows 3"),
    ],
)
def test_terms_that_do_not_fit_get_their_code(folder: Folder, talk: Talk, code: str, path: str, words: str) -> None:
    with with_talk(talk):
        found = folder.one(code)
    assert found.path == f"waves[main].stages[game].{path}"
    assert words in found.what
    assert found.remedy


def test_terms_that_fit_are_accepted(folder: Folder) -> None:
    with with_talk(TALK):
        assert codes(folder) == set()
    with with_talk(replace(TALK, when=lambda state: state.parameters.rounds > 99, quota=1)):
        assert codes(folder) == set(), "a talk that cannot come"
