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
        topic: str = setting("", "What to talk about", max_length=12)

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


DELAY = '  - {what: delay, approved_by: ethics board, reference: "IRB-1", debrief: pages/debrief.md}\n'
CONSTANT = "asked_if_ai: deflect\n    delay: {min_s: 3, max_s: 3}"
WRITING = replace(TALK, channel=Chat(typing="shown"))


def constant(folder: Folder, *, label: str = "") -> None:
    """A study whose program takes a constant time, so that its pace needs no declaration, and the talk's pages."""
    folder.change(DELAY, "")
    folder.change("asked_if_ai: deflect", CONSTANT)
    if label:
        folder.change('label: {by: label, values: {hidden: "", marked: Program}}', f"label: {{all: {label}}}")


def test_program_that_may_be_a_person_and_is_seen_to_write_must_be_declared(folder: Folder) -> None:
    constant(folder)
    with with_talk(replace(TALK, channel=Chat(typing="off"))):
        assert "E465" not in folder.codes()
    with with_talk(WRITING):
        found = folder.one("E465")
    assert found.path == "waves[main].stages[game].parameters"
    assert "may be taken for one" in found.what
    with with_talk(replace(WRITING, when=lambda state: state.parameters.rounds > 99)):
        assert "E465" not in folder.codes(), "a talk that cannot come"
    with with_talk(replace(TALK, channel=Chat(typing="manner"))):
        assert "E460" in folder.codes()


def test_declared_delay_covers_writing_that_is_seen(folder: Folder) -> None:
    with with_talk(WRITING):
        assert {"E465", "W464"} & folder.codes() == set()


def test_program_that_is_called_one_is_not_seen_to_write_and_warned_about_where_it_is(folder: Folder) -> None:
    constant(folder, label="Program")
    with with_talk(WRITING):
        assert {"E465", "W464"} & folder.codes() == set()
        folder.change(CONSTANT, f"{CONSTANT}\n    typing: always")
        found = folder.one("W464")
    assert found.path == "partners.computer.typing"
