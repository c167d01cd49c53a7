"""Keys of calls: what is spelled is read, and nothing else is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots import scopes
from matching.models import Group, Seat
from studies.models import Version

NUMBERS = st.integers(1, 10**9)


def seat(study: int, origin: str) -> Seat:
    """A seat of a group of a study; nothing of it is stored."""
    return Seat(group=Group(version=Version(study_id=study), origin=origin))


@given(NUMBERS, NUMBERS, st.integers(0, 99), st.sampled_from(Group.Origin.values))
def test_what_is_spelled_for_a_turn_is_read(study: int, turn: int, made: int, origin: str) -> None:
    key = scopes.scope_of(seat(study, origin), f"turn:{turn}:{made}")
    assert scopes.read(key) == scopes.Scope(scopes.TURN, turn, str(made))
    for question, line in ((key, "reply"), (scopes.again(key), "reply"), (scopes.safety_of(key), "safety")):
        found = scopes.read(question)
        assert found is not None
        assert (found.number, found.line) == (turn, line)
    is_trial = origin == Group.Origin.DEMO
    assert key.startswith(f"{scopes.turns_of_study(study)}{turn}:") is not is_trial


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(1, 9))
def test_what_is_spelled_for_notes_and_sentinels_is_read(study: int, talk: int, partner: int, attempt: int) -> None:
    found = scopes.read(scopes.of_notes(seat(study, Group.Origin.LIVE), talk, partner, attempt))
    assert found is not None
    assert (found.what, found.number, found.seat, found.line) == (scopes.NOTES, talk, partner, "memory")
    read = scopes.read(f"{scopes.of_reading(study, talk)}:first:2")
    assert read is not None
    assert (read.what, read.number, read.line) == (scopes.PROBE, talk, "sentinel")


@pytest.mark.parametrize("key", ["", "due:17", "study:3", "study:x/turn:1:0", "study:3/turn:x:0", "study:3/other:1:0"])
def test_key_of_somebody_else_says_nothing(key: str) -> None:
    assert scopes.read(key) is None


def test_patterns_find_the_keys_that_they_are_for() -> None:
    key = scopes.of_notes(seat(3, Group.Origin.LIVE), 8, 41, 1)
    assert re.search(scopes.any_of(scopes.NOTES, [7, 8]), key)
    assert not re.search(scopes.any_of(scopes.NOTES, [80, 41]), key)
    assert not re.search(scopes.any_of(scopes.TURN, [8]), key)
