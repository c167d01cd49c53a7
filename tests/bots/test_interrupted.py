"""A person writes while a reply is made or waits to be said: it is said all the same, made anew, or dropped."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.db import connection

from bots.models import BotTurn
from bots.turns import take_turn
from chat.models import Entry
from events import clock, runner
from events.loop import Loop
from events.models import Due
from exports.scope import Scope
from exports.tables.automated import BOT_TURNS
from llm.models import Call
from tests.bots import answers
from tests.bots.talking import events, opened, reply, say, seat, texts, turn_of
from tests.bots.test_turns import _until, claims_of

pytestmark = pytest.mark.django_db(transaction=True)
REGENERATE, DROP = {"if_interrupted": "regenerate"}, {"if_interrupted": "drop"}
STEADY = {"min_s": 20, "max_s": 20, "chars_per_s": 5, "think_s": [1, 1], "miss": 0}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def test_unless_the_file_says_otherwise_a_reply_is_said_whatever_was_written_meanwhile() -> None:
    match = opened(seat())
    say(match, "first")
    answers.will(lambda: say(match, "second"), reply("to the first"))
    runner.drain("bots")
    assert texts(match) == ["hello", "first", "second", "to the first"]
    assert len(answers.asked) == 1
    assert events("turn.interrupted") == []


def test_reply_that_is_given_back_until_its_time_is_said_as_it_was_made() -> None:
    """However long it waits: made anew, it would answer in seconds what somebody has only just written."""
    match = opened(seat(pace={**STEADY, "min_s": 45, "max_s": 45}), longest=600)
    BotTurn.objects.update(planned_at=None)
    say(match, "first")
    (claim,) = claims_of(match)
    answers.will(reply("to the first"))
    assert async_to_sync(take_turn)(claim) == "planned"
    say(match, "second")
    Due.objects.filter(reaction="bots.turns.take_turn", outcome="").update(run_after=clock.now())
    runner.drain("bots")
    assert texts(match) == ["hello", "first", "second", "to the first"]
    assert (len(answers.asked), Call.objects.count()) == (1, 2), "the answer that is in the log is used again"
    assert Entry.objects.get(text="to the first").answers == 2
    say(match, "third")
    answers.will(reply("to all"))
    runner.drain("bots")
    assert '"third"' in answers.asked[0].messages[-1]["content"], "the next one hears all that was said"


def test_reply_that_may_not_be_said_any_more_is_not_said_later_either(monkeypatch: pytest.MonkeyPatch) -> None:
    match = opened(seat(pace={**STEADY, "min_s": 45, "max_s": 45}), longest=600)
    BotTurn.objects.update(planned_at=None)
    say(match, "first")
    (claim,) = claims_of(match)
    answers.will(reply("before the pause"))
    assert async_to_sync(take_turn)(claim) == "planned"
    Due.objects.filter(reaction="bots.turns.take_turn", outcome="").update(run_after=clock.now())
    with monkeypatch.context() as paused:
        paused.setattr("bots.queries.people_pause", lambda *_about: True)
        runner.drain("bots")
    assert (turn_of(match).planned_at, turn_of(match).read_to) == (None, None)
    answers.will(reply("after it"))
    say(match, "second")
    runner.drain("bots")
    assert texts(match) == ["hello", "first", "second", "after it"]


@pytest.mark.parametrize(("how", "word"), [(REGENERATE, "regenerated"), (DROP, "dropped")])
def test_reply_is_given_up_and_the_next_answers_all_that_was_said(how: dict[str, Any], word: str) -> None:
    match = opened(seat(how))
    say(match, "first")
    answers.will(lambda: say(match, "second"), reply("to the first"), reply("to both"))
    runner.drain("bots")
    assert texts(match) == ["hello", "first", "second", "to both"]
    assert '"second"' in answers.asked[1].messages[-1]["content"]
    assert Entry.objects.get(text="to both").answers == 3
    turn = turn_of(match)
    assert (getattr(turn, word), turn.interruptions, turn.outcome) == (1, 0, "delivered")
    assert turn.regenerated + turn.dropped == 1
    assert events("turn.interrupted") == [{"because": word, "seq": 3}]
    (row,) = BOT_TURNS.rows(Scope(match.group.version.study))
    assert (row[word], row["silent"], row["unsaid"]) == (1, 0, 0)
    assert not Due.objects.filter(outcome="").exclude(queue="jobs").filter(lease_until__isnull=False).exists()


@pytest.mark.parametrize("left", [{}, {"read_to": 0}])
def test_reply_that_came_a_moment_before_its_time_leaves_the_next_one_a_time_of_its_own(left: dict[str, int]) -> None:
    """The clocks of worker and database differ; and a worker that was taken for dead may plan anew what is said."""
    match = opened(seat())
    first = turn_of(match)
    assert first.planned_at is not None
    early = {"delivered_at": first.planned_at - timedelta(milliseconds=2)}
    BotTurn.objects.filter(pk=first.pk).update(**early, **left)
    say(match, "and then?")
    answers.will(reply("nothing"))
    runner.drain("bots")
    second = turn_of(match)
    assert second.planned_at is not None
    assert second.planned_at > first.planned_at


@pytest.mark.parametrize("how", [REGENERATE, DROP])
def test_after_as_many_as_are_allowed_what_there_is_is_said(how: dict[str, Any]) -> None:
    match = opened(seat({**how, "most_interruptions": 2}))
    say(match, "one")
    meanwhile = [lambda n=n: say(match, f"more {n}") for n in range(3)]
    answers.will(
        meanwhile[0], reply("never said"), meanwhile[1], reply("nor this"), meanwhile[2], reply("what there is")
    )
    runner.drain("bots")
    assert texts(match) == ["hello", "one", "more 0", "more 1", "more 2", "what there is"]
    assert len(answers.asked) == 3, "as many calls as interruptions, and one"
    turn = turn_of(match)
    assert (turn.regenerated + turn.dropped, turn.interruptions) == (2, 0)
    say(match, "and now?")
    answers.will(lambda: say(match, "quick"), reply("never said"), reply("to both"))
    runner.drain("bots")
    assert texts(match)[-2:] == ["quick", "to both"], "what was said ends the count"


@pytest.mark.parametrize(("how", "counts_from"), [(REGENERATE, "first"), (DROP, "second")])
def test_time_of_a_reply_made_anew_counts_from_the_first_and_of_a_dropped_one_from_the_last(
    how: dict[str, Any], counts_from: str
) -> None:
    match = opened(seat(how, pace=STEADY))
    BotTurn.objects.update(planned_at=None)  # nothing waits here: it spoke before its time
    say(match, "first")
    answers.will(0.3, lambda: say(match, "second"), reply("to the first"), reply("to both"))
    runner.drain("bots")
    said = Entry.objects.get(text="to both")
    assert said.planned_at is not None
    assert said.planned_at - Entry.objects.get(text=counts_from).at == timedelta(seconds=20)


def test_reply_that_another_worker_planned_is_looked_at_before_it_is_said() -> None:
    """As after a crash: what was decided is known to nobody any more, when it was to be said is."""
    match = opened(seat(REGENERATE, pace=STEADY))
    BotTurn.objects.update(planned_at=None)
    say(match, "first")
    (claim,) = claims_of(match)
    answers.will(reply("to the first"), reply("to both"))

    async def broken_off() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(take_turn(claim), 2.5)

    async_to_sync(broken_off)()
    assert turn_of(match).read_to == 2
    say(match, "second")
    assert async_to_sync(take_turn)(claim) == "regenerated"
    assert turn_of(match).planned_at is None
    runner.drain("bots")
    assert texts(match) == ["hello", "first", "second", "to both"]
    assert turn_of(match).regenerated == 1


def test_answer_of_a_worker_that_was_taken_for_dead_is_superseded_and_not_said() -> None:
    match = opened(seat(REGENERATE))
    say(match, "first")
    (claim,) = claims_of(match)

    def another() -> None:
        try:
            say(match, "second")
            Due.objects.filter(pk=claim.id).update(fence=claim.fence + 1, lease_until=None)
            runner.drain("bots")
        finally:
            connection.close()

    def takes_over() -> None:
        thread = threading.Thread(target=another)
        thread.start()
        thread.join(30)

    answers.will(takes_over, reply("to both"), reply("too late"))
    assert runner.run(claim) == "lost"
    assert texts(match) == ["hello", "first", "second", "to both"]
    outcomes = dict(Call.objects.values_list("output", "outcome"))
    assert outcomes[reply("to both")] == "ok"
    assert outcomes[reply("too late")] == "superseded"


def test_loop_notices_within_seconds_that_somebody_writes_while_a_reply_waits_to_be_said() -> None:
    match = opened(seat(DROP, pace={**STEADY, "min_s": 8, "max_s": 8}))
    BotTurn.objects.update(planned_at=None)
    answers.will(reply("to the first"), reply("to both"))
    loop = Loop("bots")
    loop.start()
    try:
        say(match, "first")
        _until(lambda: len(answers.asked) == 1)
        say(match, "second")
        _until(lambda: len(answers.asked) == 2, seconds=6)
        _until(lambda: len(texts(match)) == 4, seconds=30)
    finally:
        assert loop.stop()
    assert texts(match) == ["hello", "first", "second", "to both"]
    said, second = Entry.objects.get(text="to both"), Entry.objects.get(text="second")
    assert said.at - second.at >= timedelta(seconds=7.9)
    assert turn_of(match).dropped == 1
