"""Answers are read as moves: of choices and numbers, of what is open, and of earlier matches as far as declared."""

from dataclasses import replace
from typing import Any

import pytest

from experiments.trust.experiment import Settings as Trust
from experiments.trust.experiment import experiment as trust
from paradigm import Choice, Decision, Experiment, Moves, Option, Parameters, Points, Role, Seat, Text, View, setting
from paradigm.history import played
from paradigm.moves import Moved, Played, moves_of
from paradigm.strategies import strategies
from tests.language.rehearsal import Group, Match


class Pot(Parameters):
    rounds: int = setting(3, "Rounds")
    endowment: int = setting(20, "What each may give", unit="points")


GIVE = Moves("give", "gift", memory="partner")
PUBLIC = Experiment(
    name="public",
    roles={"giver": Role()},
    parameters=Pot,
    steps=[Decision("give", "giver", [Points("gift", high="endowment")])],
    view=lambda _place, _state: View(),
    policies=strategies("share", "reciprocate", "grim"),
    moves=GIVE,
)


def public(policies: dict[int, str], numbers: dict[int, dict[str, Any]], *, moves: Moves = GIVE, **more: Any) -> Group:
    seats = [Seat(number, "giver", "ai") for number in policies]
    return Group(replace(PUBLIC, moves=moves), seats, Pot(), policies=policies, settings=numbers, **more).play()


def gifts(group: Group, seat: int) -> list[int]:
    return [play.acts["give"][seat]["gift"] for play in group.plays if not play.is_void]


def test_a_level_becomes_an_option_or_a_number() -> None:
    choice = Choice("gift", options=[Option("C", "X"), Option("D", "Y")])
    assert [GIVE.value(choice, level) for level in (0, 0.49, 0.5, 1)] == ["D", "D", "C", "C"]
    points = Points("gift", low=10, high=20)
    assert [GIVE.value(points, level) for level in (0, 0.26, 1)] == [10, 13, 20]
    with pytest.raises(TypeError, match="gift is a text"):
        GIVE.value(Text("gift"), 1)


def test_shares_are_matched_from_round_to_round() -> None:
    group = public({1: "share", 2: "reciprocate"}, {1: {"share": 0.8}, 2: {"first": 0.25}})
    assert gifts(group, 1) == [16, 16, 16]
    assert gifts(group, 2) == [5, 16, 16]


def test_of_several_others_the_mean_counts_and_the_threshold_decides() -> None:
    numbers = {1: {"share": 1.0}, 2: {"share": 0.0}, 3: {"first": 0.0}, 4: {}}
    group = public({1: "share", 2: "share", 3: "reciprocate", 4: "grim"}, numbers)
    assert gifts(group, 3) == [0, 13, 7]  # of 1, 0 and 1; then of 1, 0 and 0
    assert gifts(group, 4) == [20, 0, 0], "a third is less than half: a defection"
    lenient = public({1: "share", 2: "share", 3: "share", 4: "grim"}, {**numbers, 3: {"share": 0.1}}, moves=replace(
        GIVE, threshold=0.3))  # fmt: skip
    assert gifts(lenient, 4) == [20, 20, 20]


def test_memory_reaches_as_far_as_it_is_declared() -> None:
    numbers = {1: {"share": 0.8}, 2: {"first": 0.25}}
    forgetful = public({1: "share", 2: "reciprocate"}, numbers, moves=replace(GIVE, memory="match"))
    assert gifts(forgetful, 2) == [5, 5, 5]


def test_void_matches_are_not_remembered() -> None:
    def away(match: Match, place: Any) -> bool:
        return match.round == 2 and place.seat == 1

    group = public({1: "share", 2: "reciprocate"}, {1: {"share": 0.8}, 2: {"first": 0.25}}, absent=away)
    assert [play.is_void for play in group.plays] == [False, True, False]
    assert gifts(group, 2) == [5, 16]


def test_partners_are_told_apart_from_anyone() -> None:
    seats = [Seat(number, "giver", "ai") for number in (1, 2, 3)]
    group = Group(PUBLIC, seats, Pot())
    group.play_round(1, seats[:2])
    group.play_round(2, [seats[0], seats[2]])
    match = Match(group, PUBLIC.pairing(_pairing(seats[:2]))[0], 3)
    place = match.places[0]
    known = {memory: _read(replace(GIVE, memory=memory), match, place) for memory in ("match", "partner", "anyone")}
    level = {play.round: {s: act["gift"] / 20 for s, act in play.acts["give"].items()} for play in group.plays}
    assert known["match"].history == ()
    assert known["partner"].history == (Moved(level[1][1], level[1][2]),)
    assert known["anyone"].history == (Moved(level[1][1], level[1][2]), Moved(level[2][1], level[2][3]))


def _pairing(seats: list[Seat]) -> Any:
    from random import Random

    from paradigm import Matching

    return Matching(seats, 3, Random(1), Pot())


def _read(moves: Moves, match: Match, place: Any) -> Played:
    found = played(moves, PUBLIC.steps, place, match)
    assert found is not None
    return found


def test_who_moves_second_knows_the_move_and_how_much_could_be_given() -> None:
    seats = [Seat(1, "sender", "ai"), Seat(2, "receiver", "ai")]
    numbers: dict[int, dict[str, Any]] = {1: {"first": 0.4}, 2: {}}
    group = Group(
        trust, seats, Trust(rounds=2), policies={1: "reciprocate", 2: "reciprocate"}, settings=numbers
    ).play()  # fmt: skip
    first, second = group.plays
    assert (first.acts["send"][1]["sent"], first.acts["back"][2]["returned"]) == (4, 5)  # 0.4 of 12 is 4.8
    assert second.acts["send"][1]["sent"] == 4  # 5 of the 12 that could come back
    assert moves_of(trust.moves, "sender") == trust.moves["sender"]  # type: ignore[index]
    assert moves_of(trust.moves, "nobody") is None


def test_nothing_sent_leaves_nothing_to_answer() -> None:
    seats = [Seat(1, "sender", "ai"), Seat(2, "receiver", "ai")]
    group = Group(
        trust, seats, Trust(rounds=2), policies={1: "half", 2: "reciprocate"}, settings={1: {"share": 0.0}}
    ).play()  # fmt: skip
    assert [play.acts["back"][2]["returned"] for play in group.plays] == [0, 0]
