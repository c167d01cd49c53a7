"""Who speaks when in a talk, and what leaks."""

import pytest

from bots.gate import leaks
from bots.rules import Heard, only_ends, speaks, spoken


@pytest.mark.parametrize(
    ("writers", "people", "quota", "expected"),
    [
        ([], {2}, 0, True),  # opens
        ([1], {2}, 0, False),  # waits for an answer
        ([1, 2], {2}, 0, True),
        ([1, 3], {2}, 0, False),  # another automated seat spoke: not answered
        ([1, 2, 3], {2}, 0, True),
        ([1, 1], set(), 0, True),
        ([1, 1, 1], set(), 0, False),
        ([1], {2}, 2, True),
        ([1, 1, 2], {2}, 2, False),
    ],
)
def test_seat_speaks_by_its_quota_or_to_people(
    writers: list[int], people: set[int], quota: int, expected: bool
) -> None:
    assert speaks(Heard(1, writers, frozenset(people), quota)) is expected


def test_among_themselves_automated_seats_come_to_an_end() -> None:
    alone = frozenset[int]()
    assert spoken({"message": "a"}, Heard(1, [1], alone, 0)) == {"message": "a", "then": "more"}
    assert spoken({"message": "a"}, Heard(1, [1, 1], alone, 0)) == {"message": "a", "then": "ready"}
    assert spoken({"message": ""}, Heard(1, [], alone, 5)) == {"message": "", "then": "ready"}


def test_with_people_an_automated_seat_stays_and_says_nothing_rather_than_something_empty() -> None:
    people = frozenset({2})
    assert spoken({"message": "a", "then": "ready"}, Heard(1, [], people, 0)) == {"message": "a", "then": "more"}
    assert spoken({"message": ""}, Heard(1, [], people, 0)) is None
    assert spoken({"message": "", "then": "ready"}, Heard(1, [], people, 0)) is None
    assert spoken({"entries": [{"kind": "post"}]}, Heard(1, [], people, 0)) is not None


def test_seat_that_passes_for_a_person_is_ready_when_it_says_so() -> None:
    people = frozenset({2})
    assert spoken({"message": "a", "then": "ready"}, Heard(1, [], people, 0, passes=True)) == {
        "message": "a",
        "then": "ready",
    }
    assert spoken({"message": "", "then": "ready"}, Heard(1, [1], people, 0, passes=True)) is not None
    assert spoken({"message": "a"}, Heard(1, [], people, 0, passes=True)) == {"message": "a", "then": "more"}


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (Heard(1, [1], frozenset({2}), 0, passes=True, people_are_done=True), True),
        (Heard(1, [], frozenset({2}), 0, passes=True, people_are_done=True), False),  # has not spoken yet
        (Heard(1, [1, 2], frozenset({2}), 0, passes=True, people_are_done=True), False),  # answers first
        (Heard(1, [1], frozenset({2}), 0, passes=True), False),
        (Heard(1, [1], frozenset({2}), 0, people_are_done=True), False),  # nobody waits for it
        (Heard(1, [1], frozenset({2}), 3, passes=True, people_are_done=True), False),  # its quota is not used
    ],
)
def test_seat_that_passes_for_a_person_ends_when_nobody_is_left_to_answer(heard: Heard, expected: bool) -> None:
    assert only_ends(heard) is expected


def test_gate_stops_eight_words_of_the_instructions_in_a_row() -> None:
    instructions = "You are a careful player who likes to share in a fair way with everyone you meet."
    assert leaks("My text says: careful player, who LIKES to share in a fair way!", instructions)
    assert not leaks("I like to share in a fair way with you.", instructions)
    assert not leaks("", instructions)
