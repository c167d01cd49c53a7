"""Partner selection: who earns what, what a seat is told, when beliefs are asked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.partner_selection.experiment import Settings, experiment
from paradigm import Place, Seat
from paradigm.fields import clean, resolve
from paradigm.program import leaves
from paradigm.steps import Decision
from tests.experiments.societies import group_of, rounds_of, seats_of, shown_at
from tests.language.rehearsal import Group, Match

FOLDER = Path(__file__).parents[2] / "experiments" / "partner_selection"
MOST_LINES = 200


@settings(max_examples=60, deadline=None)
@given(
    endowment=st.integers(2, 200),
    multiplier=st.integers(2, 10),
    seed=st.integers(0, 9999),
    shape=st.sampled_from([(1, 1, 1), (2, 2, 2), (3, 2, 5)]),
)
def test_payoff_is_what_was_kept_or_the_pot_shared_and_the_others_earn_nothing(
    endowment: int, multiplier: int, seed: int, shape: tuple[int, int, int]
) -> None:
    group = group_of(seats_of(*shape), seed=str(seed), endowment=endowment, multiplier=multiplier, rounds=3).play()
    for play in group.plays:
        invested = 0
        at = {place.position: place.seat for place in play.places}
        choice = play.acts["decide"][at["Chooser"]]["choice"]
        if choice == "keep":
            assert play.points == {at["Chooser"]: endowment, at["A"]: 0, at["B"]: 0}
        else:
            invested = endowment
            returned = play.acts["decide"][at[choice]]["returned"]
            assert 0 <= returned <= endowment * multiplier
            assert play.points[at["Chooser"]] == returned
            assert play.points[at[choice]] == endowment * multiplier - returned
            assert play.points[at[{"A": "B", "B": "A"}[choice]]] == 0
        assert sum(play.points.values()) == endowment + (multiplier - 1) * invested
        assert min(play.points.values()) >= 0


def void_second(match: Match, place: Place) -> bool:
    """Nobody decides in round 2."""
    return match.round == 2 and match.path == "decide"


def test_void_round_pays_the_endowment_and_is_remembered_without_amounts() -> None:
    group = group_of(seats_of(1, 1, 1), rounds=3, history="own_table", endowment=7)
    group.absent = void_second
    group.play()
    assert group.plays[1].is_void
    assert set(group.plays[1].points.values()) == {7}
    for place, view in shown_at(group.matches[2], "decide"):
        row = view.tables[0].rows[1]
        assert row[0] == 2
        assert row[1:] == ("not completed", "-", 7), place


def no_beliefs(match: Match, place: Place) -> bool:
    """Questions on beliefs stay unanswered."""
    return match.path in ("expect", "types")


def test_missing_belief_voids_nothing() -> None:
    group = group_of(seats_of(2, 2, 2), rounds=3, beliefs_ask="every_round")
    group.absent = no_beliefs
    group.play()
    assert len(group.plays) == 6
    assert not any(play.is_void for play in group.plays)
    assert all(play.acts["expect"] == {} for play in group.plays)


@pytest.mark.parametrize(
    ("values", "expected", "typed"),
    [
        ({"beliefs_rounds": 2}, {3, 5}, {5}),
        ({"beliefs_rounds": 9}, {1, 2, 3, 4, 5}, {5}),
        ({"beliefs_ask": "every_round"}, {1, 2, 3, 4, 5}, {5}),
        ({"beliefs_rounds": 1}, {5}, {5}),
        ({"beliefs_ask": "none"}, set(), set()),
    ],
)
def test_beliefs_are_asked_at_checkpoints_and_the_type_after_the_last_round(
    values: dict[str, Any], expected: set[int], typed: set[int]
) -> None:
    for labels in (False, True):
        group = group_of(seats_of(2, 2, 2), rounds=5, labels=labels, **values).play()
        assert {play.round for play in group.plays if "expect" in play.acts} == expected
        assert {play.round for play in group.plays if "types" in play.acts} == typed
        for play in group.plays:
            paths = list(play.acts)
            assert paths.index("reply") < paths.index("decide")
            assert "expect" not in paths or paths.index("decide") < paths.index("expect")
            for step, keys in (("expect", {"expected@A", "expected@B"}), ("types", {"type_ai@A", "type_ai@B"})):
                for seat, act in play.acts.get(step, {}).items():
                    assert play.place_of(seat).role == "selector"
                    assert set(act) == keys


def as_json(group: Group) -> list[Any]:
    """Everything that any seat was told, in order."""
    return [(path, place, view.as_json()) for match in group.matches for path, place, view in match.shown]


@pytest.mark.parametrize("history", ["none", "last", "own_table"])
def test_view_is_the_same_whoever_sits_there(history: str) -> None:
    seats = seats_of(2, 2, 2)
    plans = rounds_of(seats, 4, seed="9")
    swapped = [replace(seat, kind={"human": "ai", "ai": "human"}[seat.kind]) for seat in seats]

    def told(here: Sequence[Seat]) -> list[Any]:
        group = group_of(here, rounds=4, history=history, beliefs_rounds=2)
        group.rounds = 4
        group.dealt = {}
        for number, plan in enumerate(plans, start=1):
            for one in plan:
                match = Match(group, one, number).play()
                group.matches.append(match)
                group.plays.append(match.finished)
        return as_json(group)

    assert told(seats) == told(swapped)
    words = str(told(seats)).lower()
    assert "human" not in words
    assert "'ai'" not in words
    assert "person" not in words


def test_label_is_shown_on_each_responder_only_where_there_is_one() -> None:
    disclosed, hidden = (group_of(seats_of(2, 2, 2), rounds=2, labels=labels).play() for labels in (True, False))
    for match in disclosed.matches:
        kinds = {place.position: place.label for place in match.places}
        for _, _, view in match.shown:
            assert [(card.position, card.label) for card in view.cards] == [(at, kinds[at]) for at in "AB"] or [
                (card.position, card.label) for card in view.cards
            ] == [(at, kinds[at]) for at in "BA"]
    assert all(card.label == "" for match in hidden.matches for _, _, view in match.shown for card in view.cards)


def test_words_are_shown_to_nobody_before_both_have_replied_and_then_to_all() -> None:
    for match in group_of(seats_of(2, 2, 2), rounds=3, policy="fair").play().matches:
        for path in ("ask", "reply"):
            assert all(card.text == "" for _, view in shown_at(match, path) for card in view.cards)
        replies = {
            place.position: match.done["reply"][place.seat]["message"]
            for place in match.places
            if place.role != "selector"
        }
        for path in ("decide", "feedback"):
            for _, view in shown_at(match, path):
                assert {card.position: card.text for card in view.cards} == replies


def test_question_goes_to_both_and_its_absence_has_a_page_of_its_own() -> None:
    pages = set()
    for match in group_of(seats_of(2, 2, 2), rounds=12, policy="fair").play().matches:
        question = next(iter(match.done["ask"].values()))["question"]
        for place, view in shown_at(match, "reply"):
            assert [line.text for line in view.lines] == ([question] if question else [])
            if place.role == "candidate":
                pages.add((bool(question), view.page))
                assert all(line.who == "Chooser" for line in view.lines)
    assert pages == {(True, ""), (False, "reply_candidate_unasked")}


def test_feedback_gives_a_seat_its_own_result_and_never_the_amount_of_the_one_not_picked() -> None:
    pages: Counter[str] = Counter()
    for match in group_of(seats_of(3, 3, 3), rounds=12, history="none", policy="noisy").play().matches:
        decided = {place.position: match.done["decide"][place.seat] for place in match.places}
        choice = decided["Chooser"]["choice"]
        for place, view in shown_at(match, "feedback"):
            assert view.facts["points"] == match.finished.points[place.seat]
            pages[view.page or f"feedback_{place.role}"] += 1
            is_met = choice != "keep" and place.position in ("Chooser", choice)
            assert view.facts.get("returned") == (decided[choice]["returned"] if is_met else None)
            assert set(view.facts) == {"letter", "pot", "endowment", "points"} | (
                {"picked", "returned"} if is_met else set()
            )
            assert view.tables == []
    assert set(pages) == {
        "feedback_selector",
        "feedback_selector_kept",
        "feedback_candidate",
        "feedback_candidate_picked",
    }


def test_no_amount_of_another_is_told_before_the_feedback() -> None:
    for match in group_of(seats_of(2, 2, 2), rounds=3, history="none", beliefs_ask="every_round").play().matches:
        for path in ("ask", "reply", "decide", "expect"):
            assert all(set(view.facts) == {"letter", "pot", "endowment"} for _, view in shown_at(match, path))


@pytest.mark.parametrize(("history", "most"), [("none", 0), ("last", 1), ("own_table", 5)])
def test_history_shows_a_seat_its_own_rounds_only(history: str, most: int) -> None:
    group = group_of(seats_of(2, 2, 2), rounds=6, history=history, labels=True).play()
    assert max(len(view.tables[0].rows) if view.tables else 0 for m in group.matches for _, _, view in m.shown) == most
    assert all(not view.tables for m in group.matches for _, view in [*shown_at(m, "feedback"), *shown_at(m, "types")])
    own = {(play.round, place.seat): play for play in group.plays for place in play.places}
    for match in group.matches:
        for _, place, view in match.shown:
            for row in (row for table in view.tables for row in table.rows):
                play = own[int(row[0]), place.seat]
                assert row[3] == play.points[place.seat]
                if place.role == "candidate":
                    assert row[1] == play.acts["decide"][place.seat]["returned"]


def test_settings_each_have_a_unit_bounds_and_a_source() -> None:
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        assert extra["source"] == "our default, not the paper's"
        if field.annotation is int:
            assert extra["unit"], name
            assert len(field.metadata) == 2, name  # ge and le


def test_decisions_follow_the_parameters() -> None:
    group = group_of(seats_of(1, 1, 1), endowment=4, multiplier=5, rounds=1)
    match = Match(group, rounds_of(group.seats, 1, seed="1")[0][0], 1)
    decide = next(step for step in leaves(experiment.steps) if step.name == "decide")
    assert isinstance(decide, Decision)
    by_role = {place.role: resolve(decide.fields_of(place.role), place, match) for place in match.places}
    assert clean(by_role["candidate"], {"returned": 20})[1] == {}
    assert clean(by_role["candidate"], {"returned": 21})[1]["returned"].code == "out_of_range"
    assert [option.label for option in by_role["selector"][0].offered] == ["Pick A", "Pick B", "Keep 4 points"]  # type: ignore[attr-defined]


def test_experiment_is_at_most_two_hundred_lines() -> None:
    assert sum(len(file.read_text().splitlines()) for file in FOLDER.glob("*.py")) <= MOST_LINES
