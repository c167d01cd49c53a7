"""Repeated dilemmas: who meets whom, what a seat is told, and when a supergame ends."""

from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.run import run_groups
from experiments.repeated_dilemma.experiment import Settings, experiment
from flow.models import Act, Match
from matching.models import Group as Formed
from paradigm import Seat
from studies.check import check
from studies.problems import errors
from studies.services import freeze
from tests.experiments.short_dilemma import STUDIES, copied
from tests.language.rehearsal import Group


def seats_of(people: int, programs: int) -> list[Seat]:
    kinds = ["human"] * people + ["ai"] * programs
    return [Seat(number, "player", kind) for number, kind in enumerate(kinds, start=1)]


def met(group: Group) -> list[list[tuple[int, int]]]:
    """Who met whom, round by round."""
    return [[(plan.seats["1"], plan.seats["2"]) for plan in plans] for plans in group.past]


@settings(max_examples=40, deadline=None)
@given(people=st.integers(0, 4), programs=st.integers(0, 5), transfer=st.integers(0, 2), seed=st.integers(0, 999))
def test_people_meet_new_programs_and_at_last_people(people: int, programs: int, transfer: int, seed: int) -> None:
    if people + programs < 2:
        return
    group = Group(
        experiment, seats_of(people, programs), Settings(rounds=5, transfer=transfer, turns=1), seed=str(seed)
    )
    rounds = met(group.play())
    human = set(range(1, people + 1))
    for number, pairs in enumerate(rounds, start=1):
        seated = [seat for pair in pairs for seat in pair]
        assert len(seated) == len(set(seated))
        assert pairs, "somebody always meets somebody"
        mixed = sum((one in human) != (other in human) for one, other in pairs)
        if people and number <= 5 - transfer:
            assert mixed == min(people, programs)
        if people >= 2 and number > 5 - transfer:
            assert sum({one, other} <= human for one, other in pairs) == people // 2
    if people == 1 and programs >= 5 and not transfer:
        assert len({pair for pairs in rounds for pair in pairs}) == 5, "never the same program twice"


def test_each_is_told_what_was_chosen_after_both_have_chosen() -> None:
    group = Group(experiment, seats_of(0, 2), Settings(rounds=1, turns=3, history=2), labels={2: "Program"}).play()
    match = group.matches[0]
    moves = [match.done[f"supergame:{turn}/move"] for turn in (1, 2, 3)]
    for path, place, view in match.shown:
        turn = int(path.removeprefix("supergame:").partition("/")[0])
        known = turn if path.endswith("result") else turn - 1
        other = 3 - place.seat
        rows = view.tables[0].rows if view.tables else []
        assert [row[0] for row in rows] == [*range(1, known + 1)][-2:]
        letters = {"C": "X", "D": "Y"}
        assert [row[1:3] for row in rows] == [
            (letters[move[place.seat]["choice"]], letters[move[other]["choice"]]) for move in moves[:known][-2:]
        ]  # fmt: skip
        assert [card.label for card in view.cards] == ["Program" if other == 2 else ""]


def test_length_of_a_supergame_is_drawn_from_the_chance_to_go_on() -> None:
    group = Group(experiment, seats_of(0, 2), Settings(rounds=40, turns=100, go_on=0.75), seed="3")
    lengths = [sum(path.endswith("move") for path in match.done) for match in group.play().matches]
    assert len(set(lengths)) > 5
    assert abs(fmean(lengths) - 4) < 2  # 1 / (1 - 0.75)
    fixed = Group(experiment, seats_of(0, 2), Settings(rounds=2, turns=7)).play()
    assert [sum(path.endswith("move") for path in match.done) for match in fixed.matches] == [7, 7]


@pytest.mark.parametrize(("talk", "talks"), [("none", []), ("first", [1]), ("every", [1, 2, 3])])
def test_two_may_write_before_the_choices_that_are_named(talk: str, talks: list[int]) -> None:
    group = Group(experiment, seats_of(0, 2), Settings(rounds=1, turns=3, talk=talk)).play()  # type: ignore[arg-type]
    paths = list(dict.fromkeys(path for path, _, _ in group.matches[0].shown))
    assert [path for path in paths if path.endswith("talk")] == [f"supergame:{turn}/talk" for turn in talks]


def test_study_is_sound() -> None:
    assert errors(check(STUDIES / "pool")) == []


@pytest.mark.django_db(transaction=True)
def test_study_is_played_without_people_by_the_strategies_it_names(tmp_path: Path) -> None:
    version = freeze(copied(tmp_path, rounds=2, turns=4).path, seed="11")
    done = run_groups(version, 2)
    assert (done.complete, done.ended) == (2, 0)
    for group in Formed.objects.all():
        programs = group.seats.filter(is_stand_in=False)
        allowed = {"tit_for_tat"} if "pool=one" in group.condition else {
            "tit_for_tat", "win_stay_lose_shift", "always_defect", "random",
        }  # fmt: skip
        assert set(programs.values_list("policy", flat=True)) <= allowed
    assert set(Match.objects.values_list("status", flat=True)) == {"complete"}
    assert set(Act.objects.values_list("source", flat=True)) == {"policy"}
    _check_tit_for_tat()


def _check_tit_for_tat() -> None:
    """Whatever the other did, tit-for-tat did it one turn later."""
    seen = 0
    for match in Match.objects.prefetch_related("placings__seat", "acts"):
        seats = {placing.seat_id: placing.seat for placing in match.placings.all()}
        moves: dict[int, list[str]] = {pk: [] for pk in seats}
        for act in sorted(match.acts.all(), key=lambda act: act.pk):
            if act.path.endswith("/move"):
                moves[act.seat_id].append(act.values["choice"])
        for pk, seat in seats.items():
            if seat.policy == "tit_for_tat":
                other = next(each for each in moves if each != pk)
                assert moves[pk] == ["C", *moves[other][:-1]]
                seen += 1
    assert seen > 0
