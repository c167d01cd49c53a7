"""Who may look and who may speak in a conversation that is played again: pure, so many orders are cheap."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bots.order import Move, Script


def drawn(seats: int, quota: int, seed: int) -> Script:
    """A conversation as it may have gone: each seat looks, and later speaks, while others do."""
    rng = Random(seed)
    looked: dict[int, int] = {}
    made = dict.fromkeys(range(1, seats + 1), 0)
    moves: list[Move] = []
    count = 0
    while any(number < quota for number in made.values()):
        seat = rng.choice([seat for seat, number in made.items() if number < quota])
        if seat not in looked:
            looked[seat] = count
            continue
        entries = rng.randint(1, min(2, quota - made[seat]))
        moves.append(Move(seat, made[seat], looked.pop(seat), entries))
        made[seat] += entries
        count += entries
    return Script(moves)


def played(script: Script, rng: Random) -> list[Move]:
    """The conversation played again by seats that come in any order: what each had heard, and who spoke when."""
    count, made = 0, {move.seat: 0 for move in script.moves}
    waiting: dict[int, Move] = {}
    said: list[Move] = []
    for _ in range(50 * len(script.moves) + 1):
        idle = [seat for seat in made if seat not in {move.seat for move in waiting.values()}]
        rng.shuffle(idle)
        for seat in idle[: rng.randint(0, len(idle))]:
            at = script.place_of(seat, made[seat])
            if at is not None and script.may_begin(seat, made[seat], count):
                waiting[at] = Move(seat, made[seat], count, script.moves[at].entries)
        at = script.next_move(script.done(count, ()), count, waiting)
        if at is not None:
            move = waiting.pop(at)
            said.append(move)
            made[move.seat] += move.entries
            count += move.entries
    return said


@given(st.integers(2, 5), st.integers(1, 4), st.integers(0, 10_000), st.integers(0, 10_000))
def test_any_order_that_there_was_is_kept_however_seats_come(seats: int, quota: int, seed: int, other: int) -> None:
    script = drawn(seats, quota, seed)
    assert played(script, Random(other)) == list(script.moves)


def test_turn_that_came_to_nothing_may_begin_when_it_did_then_and_without_a_note_at_the_end() -> None:
    script = Script([Move(1, 0, 0, 1), Move(2, 0, 1, 1)], others={(3, 0): [1]})
    assert [script.may_begin(3, 0, count) for count in range(3)] == [False, True, True]
    assert [script.may_begin(4, 0, count) for count in range(3)] == [False, False, True]
    assert script.place_of(3, 0) is None


def test_turn_that_was_tried_again_looks_each_time_when_it_did_then() -> None:
    script = Script([Move(1, 0, 0, 1), Move(1, 1, 1, 1), Move(2, 0, 2, 1, earlier=[0, 1])])
    assert [[script.may_begin(2, 0, count, before=before) for count in range(3)] for before in range(4)] == [
        [True, True, True], [False, True, True], [False, False, True], [False, False, True],
    ]  # fmt: skip


def test_who_only_said_to_be_ready_has_done_so_when_the_log_says_it() -> None:
    script = Script([Move(1, 0, 0, 1), Move(2, 0, 0, 0), Move(1, 1, 1, 1)])
    assert script.done(1, ()) == 1
    assert script.done(1, {2}) == 2
    assert script.done(2, {2}) == 3
