"""How often somebody does something: counted for each, over seconds, and within bounds of memory."""

from hypothesis import given
from hypothesis import strategies as st

from flow.pace import AtSockets, Recent


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 3)), max_size=80), st.integers(1, 5))
def test_it_says_too_many_when_more_than_so_many_came_within_the_time(came: list[tuple[int, float]], most: int) -> None:
    recent, now, times = Recent(most, 2.0), 0.0, dict[int, list[float]]()
    for who, apart in came:
        now += apart
        times.setdefault(who, []).append(now)
        assert recent.add(who, now) == (sum(now - at < 2.0 for at in times[who]) > most)
    for who, known in times.items():
        assert recent.is_full(who, now) == (sum(now - at < 2.0 for at in known) > most)


def test_whoever_is_quiet_is_forgotten_and_there_are_never_more_than_so_many() -> None:
    recent = Recent(2, 10.0, most_kept=100)
    for who in range(1000):
        recent.add(who, 0.001 * who)
    assert len(recent) == 100
    recent.add(1000, 500.0)
    assert len(recent) == 1


def test_messages_are_bounded_within_a_second_and_within_ten_for_each_person() -> None:
    door = AtSockets()
    assert [door.is_too_quick(1, 0.1 * n) for n in range(7)] == [False] * 5 + [True] * 2
    assert not door.is_too_quick(2, 0.7)
    slow = [door.is_too_quick(3, 0.4 * n) for n in range(24)]
    assert slow == [False] * 20 + [True] * 4
    assert not door.is_too_quick(3, 30.0)


def test_whoever_floods_is_not_let_in_until_it_is_over() -> None:
    door = AtSockets()
    flooded = [door.is_flooded(1, 0.01 * n) for n in range(door.MOST_FRAMES + 1)]
    assert flooded == [False] * door.MOST_FRAMES + [True]
    assert door.is_barred(1, 1.0)
    assert not door.is_barred(2, 1.0)
    assert not door.is_barred(1, 11.0)
    door.clear()
    assert not door.is_barred(1, 1.0)
