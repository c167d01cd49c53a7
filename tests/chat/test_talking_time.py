"""How much of a day or a visit has been talked: each minute once, and only as long as one was there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from chat.safety.limits import Span, length_of, time_left
from events import clock
from flow.lookup import step_kind
from flow.models import Match
from flow.services import games, rounds
from flow.state import MatchState
from matching.models import Seat
from tests.chat.rooms import Sitter
from tests.chat.safe_rooms import TWO, room
from tests.chat.test_talks import act

NOON = datetime(2027, 3, 2, 12, tzinfo=UTC)
THREE = [Sitter("talker")] * 3
HOUR_A_DAY = {"minutes_per_visit": None, "minutes_per_day": 60}
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def minutes_left(match: Match) -> float:
    left = time_left(match)
    assert left is not None
    return left / timedelta(minutes=1)


@pytest.fixture
def noon() -> None:
    """A clock that stands at noon."""
    clock.simulate()
    clock.stand(NOON)


def of_the_same_person(match: Match, *sitters: Sitter, **limits: int | None) -> Match:
    """Another open talk in which somebody of the first sits, in another visit."""
    other = room(*sitters, limits=limits)
    Seat.objects.filter(group=other.group, number=1).update(participant=match.group.seats.get(number=1).participant)
    return other


@given(SPANS)
def test_each_minute_counts_once(found: list[tuple[int, int]]) -> None:
    spans = [Span(after(begin), after(begin + length)) for begin, length in found]
    minutes = {minute for begin, length in found for minute in range(begin, begin + length)}
    assert length_of(spans) == timedelta(minutes=len(minutes))


@pytest.mark.django_db
def test_talk_that_is_still_open_counts_until_now(noon: None) -> None:
    match = room(*TWO, limits=HOUR_A_DAY)
    clock.stand(after(5))
    assert minutes_left(match) == 60, "counted from its own opening"
    assert minutes_left(of_the_same_person(match, *TWO, **HOUR_A_DAY)) == 55


@pytest.mark.django_db
def test_two_open_talks_at_once_count_each_minute_once(noon: None) -> None:
    match = room(*TWO, limits=HOUR_A_DAY)
    clock.stand(after(3))
    of_the_same_person(match, *TWO, **HOUR_A_DAY)
    clock.stand(after(9))
    assert minutes_left(of_the_same_person(match, *TWO, **HOUR_A_DAY)) == 51, "not nine and six"


@pytest.mark.django_db
def test_whoever_has_gone_talks_no_more_though_the_others_do(noon: None) -> None:
    match = room(*THREE, limits=HOUR_A_DAY)
    clock.stand(after(4))
    with transaction.atomic():
        rounds.leave_seat(games.lock_group(match.group_id), match.group.seats.get(number=1))
    clock.stand(after(8))
    other = of_the_same_person(match, *TWO, **HOUR_A_DAY)
    assert minutes_left(other) == 56
    clock.stand(after(9))
    act(match, 2, then="left")
    match.refresh_from_db()
    assert match.path != "talk", "the last of them is not kept in it alone"
    assert minutes_left(other) == 56, "when the others end it is no matter of theirs"


@pytest.mark.django_db
def test_whoever_has_left_the_conversation_talks_no_more(noon: None) -> None:
    match = room(*THREE, limits=HOUR_A_DAY)
    clock.stand(after(6))
    assert act(match, 1, then="left") == "stored"
    clock.stand(after(9))
    other = of_the_same_person(match, *TWO, **HOUR_A_DAY)
    assert minutes_left(other) == 54


@pytest.mark.django_db
def test_new_talk_ends_when_the_time_of_the_day_is_used_up_by_those_that_go_on(noon: None) -> None:
    match = room(*TWO, limits={"minutes_per_visit": None, "minutes_per_day": 12})
    clock.stand(after(8))
    other = of_the_same_person(match, *TWO, minutes_per_visit=None, minutes_per_day=12)
    assert other.deadline_at == after(18), "as the study's own rule says, before it knew of the limit"
    state = MatchState(other)
    implementation, step = step_kind(state)
    implementation.open(other, state, step)
    assert other.deadline_at == after(12)
