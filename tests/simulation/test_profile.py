"""The assumptions about simulated people: named, bounded, and said to be assumptions."""

import statistics
from itertools import pairwise

import pytest
from pydantic import ValidationError

from simulation.profile import OURS, Profile, arrivals

SHARES = [row.name for row in Profile().rows() if row.unit == "share"]


def test_every_assumption_has_a_unit_and_says_whose_it_is() -> None:
    rows = Profile().rows()
    assert [row.name for row in rows] == list(Profile.model_fields)
    assert all(row.unit and row.meaning and row.source.startswith(OURS) for row in rows)
    changed = {row.name: row.source for row in Profile().with_(late_acts=0.5).rows()}
    assert changed["late_acts"] == "set for this run"
    assert changed["misreading"] == OURS


@pytest.mark.parametrize("name", Profile.model_fields)
def test_bounds_are_kept(name: str) -> None:
    with pytest.raises(ValidationError):
        Profile().with_(**{name: -0.01})
    with pytest.raises(ValidationError):
        Profile().with_(**{name: 1.01 if name in SHARES else 1e9})


def test_unknown_assumptions_are_refused() -> None:
    with pytest.raises(ValidationError):
        Profile().with_(lazyness=0.1)
    with pytest.raises(ValueError, match="late_acts"):
        Profile.from_words(["late_acts=often"])


def test_assumptions_may_be_typed() -> None:
    assert Profile.from_words(["late_acts=0.1", "two_tabs=0"]) == Profile(late_acts=0.1, two_tabs=0)


def test_flawless_people_never_err() -> None:
    calm = Profile.flawless()
    assert SHARES
    assert {getattr(calm, name) for name in SHARES} == {0}


def test_arrivals_have_the_rate_that_was_said() -> None:
    said = Profile(arrivals_per_minute=6)
    times = arrivals(4000, profile=said, seed="a")
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= 0
    assert statistics.mean(gaps) == pytest.approx(10, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(10, rel=0.08), "exponential gaps: as wide as they are long"
    assert times == arrivals(4000, profile=said, seed="a") != arrivals(4000, profile=said, seed="b")
    assert times[:10] == arrivals(10, profile=said, seed="a"), "more people do not move those before them"
    assert arrivals(3, profile=said.with_(arrivals_per_minute=0), seed="a") == [0, 0, 0]
