"""What people say in a row is answered as one, by a turn that begins a while after the last of it."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from bots.delivery import Delivery, delivery_of
from bots.turns import take_turn
from chat.models import Entry
from events import clock, runner
from events.models import Due
from tests.bots import answers
from tests.bots.talking import opened, reply, say, seat, texts
from tests.bots.test_turns import claims_of

START = datetime(2026, 11, 28, tzinfo=UTC)
TURNS = {"reaction": "bots.turns.take_turn", "outcome": ""}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


@given(st.floats(0, 30), st.floats(0, 120), st.floats(0, 600))
def test_turn_begins_after_the_last_message_and_not_too_long_after_the_first(
    quiet: float, most: float, lasted: float
) -> None:
    last = START + timedelta(seconds=lasted)
    begins = Delivery(debounce_s=quiet, debounce_most_s=most).begins_at(START, last)
    assert begins <= last + timedelta(seconds=quiet)
    assert begins <= START + timedelta(seconds=max(quiet, most))
    assert begins in (last + timedelta(seconds=quiet), START + timedelta(seconds=max(quiet, most)))


def test_seat_that_was_made_before_there_was_any_does_as_before() -> None:
    assert delivery_of({"delay": {}}) == Delivery()
    assert not delivery_of({}).begins_anew
    assert not delivery_of({}).takes_turns


@pytest.mark.django_db
@pytest.mark.parametrize(("most", "counts_from"), [(15, "second"), (5, "first")])
def test_burst_is_answered_by_one_turn(most: int, counts_from: str) -> None:
    match = opened(seat({"debounce_s": 5, "debounce_most_s": most}))
    answers.will(reply("to all of it"))
    say(match, "first")
    (claim,) = claims_of(match)
    assert async_to_sync(take_turn)(claim) == "planned"
    say(match, "second")
    (claim,) = claims_of(match)
    assert async_to_sync(take_turn)(claim) == "planned"
    said = Entry.objects.get(text=counts_from)
    waiting = Due.objects.get(**TURNS)
    assert waiting.run_after - said.at == timedelta(seconds=5)
    assert answers.asked == [], "nothing is decided before"
    Due.objects.filter(pk=waiting.pk).update(run_after=clock.now())
    runner.drain("bots")
    assert texts(match) == ["hello", "first", "second", "to all of it"]
    assert len(answers.asked) == 1


@pytest.mark.django_db
def test_time_of_an_answer_to_a_burst_counts_from_its_last_message() -> None:
    pace = {"min_s": 9, "max_s": 9, "chars_per_s": 5, "think_s": [1, 1], "miss": 0}
    match = opened(seat({"debounce_s": 1}, pace=pace))
    match.bot_turns.update(planned_at=None)  # nothing waits here: it spoke before its time
    answers.will(reply("to both"))
    say(match, "first")
    say(match, "second")
    runner.drain("bots")
    said = Entry.objects.get(text="to both")
    assert said.planned_at is not None
    assert said.planned_at - Entry.objects.get(text="second").at == timedelta(seconds=9)
