"""Strategies do what their sources say: as chances, as frequencies, and in whole games."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.repeated_dilemma.experiment import Settings, experiment, worth
from paradigm import Moves, Seat, Worth
from paradigm.moves import Moved, Played, StrategyError
from paradigm.strategies import STRATEGIES, VECTOR, Strategy, strategies
from tests.language.rehearsal import Group

MOVES = Moves("move", "choice")
PD = Worth(cc=3, cd=0, dc=5, dd=1)
PAIRS = [(True, True), (True, False), (False, True), (False, False)]
CHANCES = st.floats(0.1, 0.9)
Vector = tuple[float, float, float, float]
VECTORS = st.tuples(CHANCES, CHANCES, CHANCES, CHANCES)
TWO_MOVES = sorted(name for name, each in STRATEGIES.items() if not each.is_share)


def after(*pairs: tuple[bool, bool], points: Worth | None = PD) -> Played:
    """What a strategy knows after these pairs of moves, own first."""
    return Played(MOVES, [Moved(float(own), float(other)) for own, other in pairs], worth=points)


def chance(name: str, known: Played, **numbers: float) -> float:
    """With what chance a strategy cooperates, its mistakes counted in."""
    strategy = STRATEGIES[name]
    said = strategy.numbers(numbers)
    return strategy.chance(strategy.rule(known, said), said)


def vector_of(name: str, **numbers: float) -> Vector:
    """The chances after CC, CD, DC and DD."""
    cc, cd, dc, dd = (chance(name, after(pair), **numbers) for pair in PAIRS)
    return cc, cd, dc, dd


def stationary(p: Vector, q: Vector) -> list[float]:
    """The long-run shares of CC, CD, DC and DD between two memory-one players, own moves of p first.

    Solves pi M = pi with sum(pi) = 1 by Gaussian elimination; the other reads the same pair the other way round.
    """
    swapped = (q[0], q[2], q[1], q[3])
    rows = [
        [(a if own else 1 - a) * (b if other else 1 - b) for own, other in PAIRS]
        for a, b in zip(p, swapped, strict=True)
    ]
    system = [[rows[i][j] - (i == j) for i in range(4)] + [0.0] for j in range(3)] + [[1.0] * 5]
    for k in range(4):
        pivot = max(range(k, 4), key=lambda i: abs(system[i][k]))
        system[k], system[pivot] = system[pivot], system[k]
        for i in range(4):
            if i != k:
                factor = system[i][k] / system[k][k]
                system[i] = [a - factor * b for a, b in zip(system[i], system[k], strict=True)]
    return [system[k][4] / system[k][k] for k in range(4)]


def frequencies(p: Vector, q: Vector, *, moves: int, seed: int) -> list[float]:
    """How often each pair came in a long game of two memory-one strategies."""
    memory, rng = STRATEGIES["memory_one"], Random(seed)
    mine, theirs = (dict(zip(VECTOR, each, strict=True)) | {"first": 1.0, "noise": 0.0} for each in (p, q))
    own, other, counted = True, True, dict.fromkeys(PAIRS, 0)
    for _ in range(moves):
        pair = (own, other)
        own = bool(memory.level(after(pair), mine, rng))
        other = bool(memory.level(after((pair[1], pair[0])), theirs, rng))
        counted[own, other] += 1
    return [counted[pair] / moves for pair in PAIRS]


@settings(max_examples=12, deadline=None)
@given(p=VECTORS, q=VECTORS, seed=st.integers(0, 9999))
def test_long_run_frequencies_are_those_of_the_markov_chain(p: Vector, q: Vector, seed: int) -> None:
    expected, found = stationary(p, q), frequencies(p, q, moves=6000, seed=seed)
    assert abs(sum(expected) - 1) < 1e-9
    assert max(abs(a - b) for a, b in zip(expected, found, strict=True)) < 0.08


@settings(max_examples=60, deadline=None)
@given(p=VECTORS, noise=st.floats(0, 0.5))
def test_memory_one_cooperates_by_its_vector_and_errs_at_its_rate(p: Vector, noise: float) -> None:
    numbers = dict(zip(VECTOR, p, strict=True))
    expected = tuple(each * (1 - noise) + (1 - each) * noise for each in p)
    assert vector_of("memory_one", noise=noise, **numbers) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "vector"),
    [
        ("tit_for_tat", (1, 0, 1, 0)),
        ("win_stay_lose_shift", (1, 0, 0, 1)),
        ("generous_tit_for_tat", (1, 1 / 3, 1, 1 / 3)),  # min(1 - (5 - 3)/(3 - 0), (3 - 1)/(5 - 1))
        ("always_cooperate", (1, 1, 1, 1)),
        ("always_defect", (0, 0, 0, 0)),
        ("random", (0.5, 0.5, 0.5, 0.5)),
        ("extortion", (11 / 13, 1 / 2, 7 / 26, 0)),  # Press & Dyson's example for 5, 3, 1, 0 and chi = 3
    ],
)
def test_vectors_are_those_of_the_literature(name: str, vector: Vector) -> None:
    assert vector_of(name) == pytest.approx(vector)


@settings(max_examples=60, deadline=None)
@given(q=VECTORS, chi=st.floats(1, 10), reach=st.floats(0.05, 1))
def test_extortioner_gets_its_multiple_whatever_the_other_does(q: Vector, chi: float, reach: float) -> None:
    shares = stationary(vector_of("extortion", chi=chi, reach=reach), q)
    own = sum(share * PD.of(*pair) for share, pair in zip(shares, PAIRS, strict=True))
    other = sum(share * PD.of(pair[1], pair[0]) for share, pair in zip(shares, PAIRS, strict=True))
    assert own - PD.dd == pytest.approx(chi * (other - PD.dd), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(moves=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_grim_never_forgives_others_and_holds_no_own_mistake_against_them(moves: list[tuple[bool, bool]]) -> None:
    has_met_defection = not all(other for _, other in moves)
    assert chance("grim", after(*moves)) == (0 if has_met_defection else 1)
    assert chance("grim", after(*moves), noise=0.1) == pytest.approx(0.1 if has_met_defection else 0.9)


@settings(max_examples=60, deadline=None)
@given(moves=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12))
def test_two_tats_need_two_defections_in_a_row(moves: list[tuple[bool, bool]]) -> None:
    heard = [other for _, other in moves]
    assert chance("tit_for_two_tats", after(*moves)) == (0 if heard[-2:] == [False, False] else 1)


@settings(max_examples=8, deadline=None)
@given(rate=st.floats(0.05, 0.95), noise=st.floats(0.01, 0.45), seed=st.integers(0, 9999))
def test_forgiving_and_mistakes_happen_at_their_rates(rate: float, noise: float, seed: int) -> None:
    rng, betrayed = Random(seed), after((True, False))
    forgiving, erring = STRATEGIES["generous_tit_for_tat"], STRATEGIES["tit_for_tat"]
    forgave = [forgiving.level(betrayed, forgiving.numbers({"generosity": rate}), rng) for _ in range(4000)]
    erred = [erring.level(betrayed, erring.numbers({"noise": noise}), rng) for _ in range(4000)]
    assert abs(sum(forgave) / 4000 - rate) < 0.04
    assert abs(sum(erred) / 4000 - noise) < 0.04


@given(first=st.floats(0, 1), name=st.sampled_from(["tit_for_tat", "win_stay_lose_shift", "memory_one", "extortion"]))
def test_first_move_is_set_apart(first: float, name: str) -> None:
    assert chance(name, after(), first=first) == pytest.approx(first)


def test_whoever_moves_second_answers_the_move_just_made() -> None:
    met = replace(after((True, True)), now=0.0)
    assert [chance(name, met) for name in ("tit_for_tat", "grim", "win_stay_lose_shift")] == [0, 0, 0]
    assert chance("tit_for_tat", replace(after(), now=1.0)) == 1
    assert chance("tit_for_tat", replace(after(), now=0.0), first=1.0) == 0


# --- whole games ---


def game(
    names: Mapping[int, str], *, seed: str = "1", numbers: Mapping[str, Any] | None = None, **values: Any
) -> Group:
    """One supergame of two, played by the experiment's own steps."""
    seats = [Seat(number, "player", "ai") for number in names]
    known = dict.fromkeys(names, numbers or {})
    return Group(
        experiment, seats, Settings(rounds=1, **values), policies=names, settings=known, seed=seed
    ).play()  # fmt: skip


def moves_in(group: Group) -> list[tuple[str, str]]:
    """The choices of seats 1 and 2, turn by turn."""
    acts = group.matches[0].done
    return [(acts[path][1]["choice"], acts[path][2]["choice"]) for path in acts if path.endswith("move")]


def letters(said: Sequence[tuple[str, str]], seat: int) -> str:
    return "".join(pair[seat - 1] for pair in said)


def test_games_go_as_they_must() -> None:
    betrayed = moves_in(game({1: "tit_for_tat", 2: "always_defect"}, turns=5))
    assert (letters(betrayed, 1), letters(betrayed, 2)) == ("CDDDD", "DDDDD")
    pavlov = moves_in(game({1: "win_stay_lose_shift", 2: "always_defect"}, turns=5))
    assert letters(pavlov, 1) == "CDCDC"
    friends = moves_in(game({1: "grim", 2: "tit_for_tat"}, turns=5))
    assert (letters(friends, 1), letters(friends, 2)) == ("CCCCC", "CCCCC")
    patient = moves_in(game({1: "tit_for_two_tats", 2: "always_defect"}, turns=5))
    assert letters(patient, 1) == "CCDDD"
    suspicious = moves_in(game({1: "tit_for_tat", 2: "tit_for_tat"}, turns=4, numbers={"first": 0}))
    assert letters(suspicious, 1) == "DDDD"


@settings(max_examples=20, deadline=None)
@given(one=st.sampled_from(TWO_MOVES), other=st.sampled_from(TWO_MOVES), seed=st.integers(0, 999))
def test_same_seed_makes_the_same_moves_and_points_follow(one: str, other: str, seed: int) -> None:
    first, again = (game({1: one, 2: other}, seed=str(seed), turns=12) for _ in range(2))
    said = moves_in(first)
    assert said == moves_in(again)
    assert len(said) == 12
    points = worth(Settings())
    assert first.plays[0].points[1] == sum(points.of(a == "C", b == "C") for a, b in said)
    assert first.plays[0].points[2] == sum(points.of(b == "C", a == "C") for a, b in said)


@pytest.mark.parametrize("name", TWO_MOVES)
def test_what_a_strategy_is_called_changes_nothing(name: str) -> None:
    called = replace(
        experiment, policies={"a": STRATEGIES[name], "zz": STRATEGIES[name], "random": STRATEGIES["random"]}
    )
    seats = [Seat(1, "player", "ai"), Seat(2, "player", "ai")]
    played = [
        Group(called, seats, Settings(rounds=1, turns=15), policies={1: each, 2: "random"}, seed="9").play()
        for each in ("a", "zz")
    ]
    assert moves_in(played[0]) == moves_in(played[1])


def test_moves_of_a_seed_stay_what_they_were() -> None:
    """A study that is run again under a later release must find the same partners."""
    said = moves_in(game({1: "random", 2: "roth_erev"}, seed="pinned", turns=20))
    assert (letters(said, 1), letters(said, 2)) == PINNED


PINNED = ("DCCDCCDCDCDDCDCCCDCC", "DDCDCDDDDDCCDDDCCDDD")


@pytest.mark.parametrize(
    ("name", "numbers", "words"),
    [
        ("tit_for_tat", {"noise": 0.7}, "noise: 0.7 is not from 0 to 0.5"),
        ("random", {"p": True}, "p: True is no number"),
        ("memory_one", {"p_cc": "often"}, "p_cc: 'often' is no number"),
    ],
)
def test_numbers_out_of_bounds_are_refused(name: str, numbers: dict[str, Any], words: str) -> None:
    with pytest.raises(StrategyError, match=words.replace("'", ".")):
        STRATEGIES[name].numbers(numbers)


def test_without_points_or_moves_it_says_what_is_missing() -> None:
    with pytest.raises(StrategyError, match="generosity"):
        chance("generous_tit_for_tat", after((True, False), points=None))
    with pytest.raises(StrategyError, match="T > R > P > S"):
        chance("extortion", after((True, False), points=Worth(cc=1, cd=2, dc=3, dd=4)))
    with pytest.raises(StrategyError, match="learner"):
        chance("roth_erev", after(points=None))
    unmoved = replace(experiment, moves=None)
    seats = [Seat(1, "player", "ai"), Seat(2, "player", "ai")]
    with pytest.raises(StrategyError, match="declares no moves of a player"):
        Group(unmoved, seats, Settings(), policies={1: "grim", 2: "grim"}).play()


def test_every_default_is_within_its_bounds_and_described() -> None:
    for name, strategy in STRATEGIES.items():
        assert strategy.rule.__doc__ or getattr(strategy.rule, "func", strategy.rule).__doc__, name
        for key, knob in strategy.knobs.items():
            assert knob.label, (name, key)
            assert knob.worked_out or knob.problem(knob.default) == "", (name, key)


def test_documents_name_every_strategy_and_number() -> None:
    page = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    for name, strategy in STRATEGIES.items():
        row = next(line for line in table if f"`{name}`" in line.split("|")[1])
        assert [key for key in strategy.knobs if f"`{key}`" not in row] == [], name


def test_what_is_asked_beside_the_move_is_answered_by_another_rule() -> None:
    def says_so(turn: Any) -> Mapping[str, Any]:
        return {one.key: 50 for one in turn.fields if one.name == "expected"}

    made = strategies("grim", beside=says_so)
    assert set(made) == {"grim"}
    asked = replace(experiment, policies={**made, "silent": Strategy(STRATEGIES["grim"].rule)})
    seats = [Seat(1, "player", "ai"), Seat(2, "player", "ai")]
    group = Group(asked, seats, Settings(rounds=1, turns=2, expects="every"), policies={1: "grim", 2: "silent"}).play()
    done = group.matches[0].done
    assert [done[f"supergame:{turn}/expect"][seat]["expected"] for turn, seat in product((1, 2), (1, 2))] == [
        50, None, 50, None,
    ]  # fmt: skip
