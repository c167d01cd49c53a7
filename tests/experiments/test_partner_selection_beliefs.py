"""Beliefs as a factor: asked when, where and about what the study says, in every combination, and told to nobody."""

from itertools import product
from typing import Any, get_args

import pytest

from experiments.partner_selection.experiment import Settings, experiment
from paradigm import Decision
from paradigm.beliefs import DEALT
from paradigm.fields import plain
from paradigm.program import leaves, may_ask, may_come, may_show
from tests.experiments.societies import group_of, seats_of, shown_at
from tests.language.rehearsal import Group

ROUNDS, ASKED = 6, 2
STEP = {"before": "forecast", "after": "expect"}
RETURN, TYPE = ({f"{name}@A", f"{name}@B"} for name in ("expected", "type_ai"))
KEYS = {"return": RETURN, "return_only": RETURN, "type": TYPE, "both": RETURN | TYPE}
CHECKPOINTS = {3, 6}


def choices(name: str) -> tuple[str, ...]:
    """What a parameter may be."""
    return get_args(Settings.model_fields[name].annotation)


COMBINATIONS = list(product(choices("beliefs_ask"), choices("beliefs_position"), choices("beliefs_about")))


def played(ask: str, position: str, about: str, *, seed: str = "1", **more: Any) -> Group:
    values: dict[str, Any] = {
        "beliefs_ask": ask,
        "beliefs_position": position,
        "beliefs_about": about,
        "beliefs_rounds": ASKED,
    }
    return group_of(seats_of(2, 2, 2), seed=seed, rounds=ROUNDS, **values, **more).play()


def rounds_at(group: Group, step: str) -> list[set[int]]:
    """The rounds in which each Chooser was asked at a step."""
    choosers = [seat.number for seat in group.seats if seat.role == "selector"]
    return [{play.round for play in group.plays if seat in play.acts.get(step, {})} for seat in choosers]


@pytest.mark.parametrize(("ask", "position", "about"), COMBINATIONS)
def test_each_combination_asks_what_when_and_where_it_says(ask: str, position: str, about: str) -> None:
    group = played(ask, position, about)
    here, other = STEP[position], STEP["after" if position == "before" else "before"]
    drawn = set(group.dealt[1][DEALT]) if ask == "random_rounds" else set()
    wanted = {
        "none": set(),
        "checkpoints": CHECKPOINTS,
        "every_round": set(range(1, ROUNDS + 1)),
        "random_rounds": drawn,
    }
    assert rounds_at(group, here) == [wanted[ask]] * 2
    assert rounds_at(group, other) == [set()] * 2
    is_last = ask != "none" and about == "return"
    assert rounds_at(group, "types") == [{ROUNDS} if is_last else set()] * 2
    for play in group.plays:
        paths = list(play.acts)
        if here in paths:
            assert (paths.index(here) < paths.index("decide")) == (position == "before")
            assert paths.index(here) > paths.index("reply")
        assert all(set(act) == KEYS[about] for act in play.acts.get(here, {}).values())
        assert all(set(act) == TYPE for act in play.acts.get("types", {}).values())


@pytest.mark.parametrize(("ask", "position", "about"), COMBINATIONS)
def test_what_may_come_is_what_comes(ask: str, position: str, about: str) -> None:
    """Known before anybody plays: pages that must be there, and fields that the codebook names."""
    group = played(ask, position, about)
    numbers = group.parameters
    asked = {
        (step.name, plain(one).name)
        for step in leaves(experiment.steps)
        if isinstance(step, Decision) and may_come(step, numbers)
        for role in experiment.roles
        for one in may_ask(step, role, numbers)
    }
    found = {
        (path, key.partition("@")[0])
        for play in group.plays
        for path, acts in play.acts.items()
        for act in acts.values()
        for key in act
    }
    assert asked == found
    shown = {view.page or f"{path}_{place.role}" for match in group.matches for path, place, view in match.shown}
    shown |= {block for match in group.matches for _, _, view in match.shown for block in view.blocks}
    possible = may_show(experiment, numbers, experiment.roles)
    assert shown <= possible
    by_chance = {"reply_candidate_unasked", "feedback_selector_kept", "feedback_candidate_picked"}
    assert possible - shown <= by_chance


def test_random_rounds_are_the_same_for_all_seats_and_differ_between_groups() -> None:
    groups = [played("random_rounds", "after", "return", seed=str(seed)) for seed in range(40)]
    for group in groups:
        (rounds,) = {tuple(facts[DEALT]) for facts in group.dealt.values()}
        assert len(set(rounds)) == ASKED
        assert set(rounds) <= set(range(1, ROUNDS + 1))
    drawn = {tuple(group.dealt[1][DEALT]) for group in groups}
    assert len(drawn) > 8
    assert {number for rounds in drawn for number in rounds} == set(range(1, ROUNDS + 1))


def test_random_rounds_stand_on_no_page_before_they_come() -> None:
    group = played("random_rounds", "before", "both")
    last = max(group.dealt[1][DEALT])
    for match in group.matches:
        for _, place, view in match.shown:
            assert DEALT not in str(view.as_json())
            assert set(view.facts) <= {"letter", "pot", "endowment", "picked", "returned", "points"}
            if match.round > last or place.role == "candidate":
                assert not view.blocks


@pytest.mark.parametrize("incentive", ["none", "one_random_item"])
def test_page_says_whether_an_answer_can_pay(incentive: str) -> None:
    group = played("every_round", "after", "both", beliefs_incentive=incentive)
    for match in group.matches:
        for place, view in shown_at(match, "expect"):
            paid = "beliefs_paid" if incentive == "one_random_item" else "beliefs_unpaid"
            assert list(view.blocks) == (["beliefs_return", "beliefs_type", paid] if place.role == "selector" else [])


def test_prize_is_at_stake_only_where_the_study_says_so() -> None:
    assert experiment.bonus is not None
    paid, unpaid = Settings(beliefs_incentive="one_random_item", beliefs_prize=25), Settings(beliefs_prize=25)
    assert (paid.number(experiment.bonus.prize), unpaid.number(experiment.bonus.prize)) == (25, 0)


def test_truth_of_an_expected_return_is_what_that_responder_decided_picked_or_not() -> None:
    assert experiment.bonus is not None
    for play in played("every_round", "after", "return").plays:
        at = {place.position: place.seat for place in play.places}
        step = next(one for one in leaves(experiment.steps) if one.name == "expect")
        assert isinstance(step, Decision)
        for letter in "AB":
            field = step.fields[0]._about(letter)  # type: ignore[union-attr]
            assert experiment.bonus.truth(play, field) == play.acts["decide"][at[letter]]["returned"]


def test_history_is_the_same_whether_beliefs_are_asked_or_not() -> None:
    for history in ("none", "last", "own_table"):
        for ask in ("none", "every_round"):
            group = played(ask, "before", "both", history=history)
            for match in group.matches:
                for path, place, view in match.shown:
                    most = {"none": 0, "last": 1, "own_table": match.round - 1}[history]
                    rows = [row for table in view.tables for row in table.rows]
                    expected = 0 if path in ("feedback", "types") else min(most, match.round - 1)
                    assert len(rows) == expected, (path, place.role)
