"""The worker is killed between a reply's messages, or while a person writes: each comes once, and none is missing."""

import signal
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync

from bots.models import BotTurn
from bots.turns import take_turn
from chat.models import Entry
from events import clock, runner
from events.loop import Loop
from events.models import Due
from flow.models import Match
from llm.models import Call
from tests.bots.dying_worker import POINTS
from tests.bots.talking import policy, room, say, seat, texts
from tests.bots.test_bubbles import SAID, THREE
from tests.bots.test_turns import QUICK, _until, claims_of
from tests.bots.test_turns_survive_kills import killed_at

BOTS = 4
TURNS = {"reaction": "bots.turns.take_turn", "outcome": ""}


def begun(**more: object) -> Match:
    """A talk in which each of four has said the first of three messages."""
    match = room(*[policy({**THREE, **more}, pace=QUICK["delay"]) for _ in range(BOTS)])
    for claim in claims_of(match):
        assert async_to_sync(take_turn)(claim) == "delivered"
    return match


def go_on() -> None:
    """Another worker, once the leases of the dead one have run out."""
    Due.objects.filter(outcome="", lease_until__isnull=False).update(lease_until=clock.now() - timedelta(seconds=1))
    loop = Loop("bots")
    loop.start()
    try:
        _until(lambda: not Due.objects.filter(**TURNS).exists(), seconds=40)
    finally:
        assert loop.stop()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["before claim", "after claim", "before commit", "after commit"])
def test_messages_of_a_killed_worker_are_said_once(point: str) -> None:
    match = begun()
    assert texts(match) == SAID[:1] * BOTS
    assert killed_at(point) == -signal.SIGKILL
    planned = dict(BotTurn.objects.exclude(read_to=None).values_list("seat_id", "planned_at"))
    go_on()
    for one in match.group.seats.filter(occupant="policy"):
        said = list(Entry.objects.filter(seat=one).order_by("seq"))
        assert [entry.text for entry in said] == SAID
        assert one.pk not in planned or planned[one.pk] in [entry.planned_at for entry in said], "the plan was kept"
    turns = BotTurn.objects.filter(match=match)
    assert list(turns.values_list("outcome", "rest", "unsaid")) == [("delivered", [], 0)] * BOTS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["after claim", "before commit"])
def test_replies_that_give_way_are_said_once_whatever_dies(point: str) -> None:
    match = begun(if_interrupted="regenerate")
    say(match, "wait")
    assert killed_at(point) == -signal.SIGKILL
    go_on()
    for one in match.group.seats.filter(occupant="policy"):
        said = list(Entry.objects.filter(seat=one).order_by("seq").values_list("text", flat=True))
        assert said == [SAID[0], *SAID], "what was left unsaid is not said, and the person has an answer"
    turns = BotTurn.objects.filter(match=match)
    assert list(turns.values_list("regenerated", "unsaid", "rest")) == [(1, 2, [])] * BOTS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", POINTS)
def test_person_who_writes_while_a_worker_dies_has_one_answer_of_each(point: str) -> None:
    model = {"name": "scripted/one", "max_tokens": 100, "daily_cost_usd": "0.00"}
    how = {"if_interrupted": "regenerate"}
    match = room(*[seat(how, pace=QUICK["delay"], label="AI", model=model) for _ in range(BOTS)])
    runner.drain("bots")
    BotTurn.objects.update(planned_at=None)  # nothing waits there
    say(match, "first")
    assert killed_at(point) == -signal.SIGKILL
    say(match, "second")
    go_on()
    first, second = (Entry.objects.get(text=words).seq for words in ("first", "second"))
    for one in match.group.seats.filter(occupant="model"):
        said = list(Entry.objects.filter(seat=one).order_by("seq"))
        between = [entry for entry in said if first < entry.seq < second]
        after = [entry for entry in said if entry.seq > second]
        assert len(between) <= (1 if point == "after commit" else 0)
        assert len(after) == 1
        assert (after[0].answers or 0) >= second, "it answers all that was said"
    assert Call.objects.filter(outcome="open").count() == 0
