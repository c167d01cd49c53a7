"""Prompts of rising depth: who answers first, who sees what when, and that the prompts are whole, and ours."""

import re
from typing import Any

import pytest

from experiments.fast_friends.experiment import Settings, experiment
from experiments.fast_friends.prompts import DEEP, SMALL_TALK
from paradigm import Place, Seat
from tests.language.rehearsal import Group, Match

SEATS = [Seat(1, "b", "ai"), Seat(2, "a", "human")]
# Some words of the items of 1997, by which a copy would be known.
THEIRS = re.compile(
    r"dinner guest|famous|perfect.{0,12}day|sing to yourself|age of 90|hunch|crystal ball|dreamed of doing|"
    r"accomplishment|treasured|one year you would die|wish I had someone|embarrassing|cry in front|catches fire|"
    r"death would you find|too serious to be joked",
    re.IGNORECASE,
)


def group_of(**values: Any) -> Group:
    return Group(experiment, SEATS, Settings(**values), policies={1: "program", 2: "made_up"}).play()


def acted(match: Match) -> list[list[str]]:
    """Who answered at each step, in order."""
    roles = {seat.number: seat.role for seat in SEATS}
    return [sorted(roles[seat] for seat in acts) for path, acts in match.done.items() if acts and path != "near"]


def test_they_take_turns_to_begin() -> None:
    group = group_of(prompts_per_set=2)
    assert [acted(match) for match in group.matches[:3]] == [[["a"], ["b"]], [["b"], ["a"]], [["a"], ["b"]]]
    assert len(group.matches) == 6


def test_who_answers_second_has_read_the_first_answer_and_then_both_read_both() -> None:
    for match in group_of(prompts_per_set=2).matches:
        first, second = match.done["middle" if match.round % 2 == 0 else "begin"], None
        second = match.done["follow"] if match.round % 2 == 0 else match.done["middle"]
        (opener, said), (follower, replied) = *first.items(), *second.items()
        views = {(at, place.seat): view for at, place, view in match.shown}
        asked = "follow" if match.round % 2 == 0 else "middle"
        assert [line.text for line in views[asked, follower].lines] == [said["answer"]]
        for seat in (opener, follower):
            both = views["both", seat].lines
            assert [line.text for line in both] == [said["answer"], replied["answer"]]
            assert [line.who == "" for line in both] == [opener == seat, follower == seat]


def test_nobody_reads_an_answer_before_their_own_turn() -> None:
    for match in group_of(prompts_per_set=2).matches:
        first = "middle" if match.round % 2 == 0 else "begin"
        assert all(not view.lines for at, _, view in match.shown if at == first)


def test_last_prompts_are_shown_with_both_answers() -> None:
    match = group_of(prompts_per_set=2).matches[4]
    tables = [view.tables for at, place, view in match.shown if (at, place.role) == ("begin", "a")]
    assert [len(table.rows) for table in tables[0]] == [3]
    assert tables[0][0].rows[0][0] == DEEP[0][1]


def test_closeness_is_asked_after_each_set_or_never() -> None:
    group = group_of(prompts_per_set=2)
    assert [match.round for match in group.matches if "near" in match.done] == [2, 4, 6]
    assert not any("near" in match.done for match in group_of(prompts_per_set=2, asks_closeness="never").matches)


def test_facts_name_the_prompt_its_number_and_its_set() -> None:
    facts = [match.shown[0][2].facts for match in group_of(prompts_per_set=2).matches]
    assert [(one["number"], one["set"]) for one in facts] == [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3)]
    assert facts[2]["prompt"] == DEEP[1][0]


def test_original_or_other_prompts_may_be_named() -> None:
    settings = Settings(own_prompts="One? | Two? |Three?|")
    assert (settings.prompts, settings.rounds, settings.set_size) == (("One?", "Two?", "Three?"), 3, 1)


@pytest.mark.parametrize("sets", [DEEP, SMALL_TALK], ids=["deep", "small_talk"])
def test_prompts_are_whole_each_there_once_and_of_like_length(sets: tuple[tuple[str, ...], ...]) -> None:
    prompts = [prompt for each in sets for prompt in each]
    assert [len(each) for each in sets] == [12, 12, 12]
    assert len(set(prompts)) == 36
    assert all(prompt.endswith("?") and len(prompt) <= 90 for prompt in prompts)


def test_both_styles_ask_for_about_as_many_words_and_none_is_theirs() -> None:
    lengths = [sum(len(prompt.split()) for each in sets for prompt in each) / 36 for sets in (DEEP, SMALL_TALK)]
    assert abs(lengths[0] - lengths[1]) < 3
    assert not [prompt for sets in (DEEP, SMALL_TALK) for each in sets for prompt in each if THEIRS.search(prompt)]


def test_program_never_claims_a_life() -> None:
    for match in group_of(prompts_per_set=4).matches:
        for acts in match.done.values():
            if "answer" in acts.get(1, {}):
                assert "program" in acts[1]["answer"] or "no days, no home" in acts[1]["answer"]


def test_positions_are_those_of_the_roles() -> None:
    (match, *_) = group_of(prompts_per_set=1).matches
    assert {place.position: place.role for place in match.places} == {"A": "a", "B": "b"}
    assert isinstance(match.places[0], Place)
