"""A turn of an automated seat comes to exactly one outcome, whatever is delivered how often."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from asgiref.sync import async_to_sync

from bots.models import BotTurn
from bots.queries import address_of
from bots.turns import take_turn
from chat.models import Entry
from events import clock, due, runner
from events.claim import Claim
from events.loop import Loop
from events.models import Due
from events.offload import POOL
from flow.models import Act, Match
from flow.services import games
from matching.models import Group
from tests.chat.rooms import Sitter, end_talk, make_match

QUICK = {"delay": {"min_s": 0.2, "max_s": 0.6, "chars_per_s": 1000, "think_s": [0.2, 0.4], "miss": 0}}
SLOW = {"delay": {"min_s": 20, "max_s": 30, "chars_per_s": 5, "think_s": [20, 21], "miss": 0}}


def bot(policy: str = "talkative", settings: dict[str, Any] | None = None, role: str = "talker") -> Sitter:
    return Sitter(role, "policy", policy, settings=settings or QUICK)


def at_answer(*sitters: Sitter) -> Match:
    """A match whose open step is the decision after the talk."""
    match = end_talk(make_match("chatting", *sitters))
    assert match.path == "answer"
    return match


def claims_of(match: Match) -> list[Claim]:
    ids = Due.objects.filter(reaction="bots.turns.take_turn", outcome="", key__startswith=f"{match.pk}:{match.rev}:")
    return due.claim_ids(list(ids.values_list("pk", flat=True)))


@pytest.mark.django_db
def test_opened_turn_makes_one_due_row_that_names_its_seat() -> None:
    match = at_answer(Sitter("talker"), bot())
    (claim,) = claims_of(match)
    address = address_of(claim)
    assert (address.match, address.path) == (match.pk, "answer")
    assert address.seat == match.group.seats.get(occupant="policy").pk


@pytest.mark.django_db
def test_drained_turn_acts_through_the_door_and_settles_with_its_act() -> None:
    match = at_answer(Sitter("talker"), bot())
    runner.drain("bots")
    act = Act.objects.get(match=match, path="answer", seat__occupant="policy")
    assert act.source == "policy"
    assert 0 <= act.values["number"] <= 9
    turn = BotTurn.objects.get(path="answer")
    assert turn.outcome == "delivered"
    assert turn.planned_at is not None
    assert turn.delivered_at is not None
    assert not Due.objects.filter(reaction="bots.turns.take_turn", outcome="").exists()


@pytest.mark.django_db
def test_same_turn_decides_the_same_whenever_it_is_taken() -> None:
    match = at_answer(Sitter("talker"), bot())
    (claim,) = claims_of(match)
    first, again = (async_to_sync(_values)(claim) for _ in range(2))
    assert first == again


async def _values(claim: Claim) -> Any:
    from bots.by_policy import PolicyOccupant
    from bots.services import begin
    from events.offload import run_db

    turn = await run_db(begin, address_of(claim))
    assert turn.facts is not None
    return await PolicyOccupant().values(turn.facts, key=turn.key)


@pytest.mark.django_db
def test_plan_is_kept_when_a_turn_is_taken_anew() -> None:
    match = at_answer(Sitter("talker"), bot(settings=SLOW))
    (claim,) = claims_of(match)

    async def broken_off() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(take_turn(claim), 0.5)

    async_to_sync(broken_off)()
    planned = BotTurn.objects.get(path="answer").planned_at
    assert planned is not None
    assert timedelta(seconds=15) < planned - match.step_opened_at < timedelta(seconds=31)
    async_to_sync(broken_off)()
    assert BotTurn.objects.get(path="answer").planned_at == planned
    assert not Act.objects.filter(match=match, path="answer").exclude(source="person").exists()


@pytest.mark.django_db
def test_delay_and_act_are_the_same_under_every_condition_and_label() -> None:
    clock.simulate()
    clock.stand(clock.now())  # else how long this machine takes from one entry to the next would be in it
    found = []
    for condition, label in (("label=hidden", ""), ("label=disclosed", "AI")):
        seat = Sitter("talker", "policy", "talkative", label=label, settings=SLOW)
        match = make_match("chatting", Sitter("talker"), seat, condition=condition, seed="one", code="g-same")
        runner.drain("bots")
        turn = BotTurn.objects.get(match=match)
        assert turn.planned_at is not None
        said = Entry.objects.filter(conversation__match=match).values_list("text", flat=True)
        found.append(((turn.planned_at - match.step_opened_at).total_seconds(), list(said)))
        Group.objects.filter(pk=match.group_id).update(code=f"g-{condition[6:9]}", status="ended")
    assert found[0] == found[1]


@pytest.mark.django_db(transaction=True)
def test_answer_is_planned_from_what_it_answers_however_late_a_worker_comes_to_it() -> None:
    """As a person's time counts from the line that they read."""
    found = []
    for late in (0.0, 0.5):
        match = make_match(
            "chatting", Sitter("talker"), bot(settings=SLOW), seed="one", code="g-same", parameters={"quota": 0}
        )
        runner.drain("bots")
        BotTurn.objects.filter(match=match).update(planned_at=None)  # nothing waits here: it spoke before its time
        person = match.group.seats.get(number=1)
        said = {"message": "hello"}
        games.act(match_id=match.pk, path="talk", seat_id=person.pk, values=said, source="person", key="k")
        time.sleep(late)
        runner.drain("bots")
        turn, spoken = BotTurn.objects.get(match=match), Entry.objects.get(seat=person)
        assert turn.planned_at is not None
        found.append(turn.planned_at - spoken.at)
        Group.objects.filter(pk=match.group_id).update(code=f"g-{late}", status="ended")
    assert found[0] == found[1] > timedelta(seconds=20)


@pytest.mark.django_db
def test_turn_planned_for_later_is_given_back_until_shortly_before() -> None:
    late = {"delay": {"min_s": 45, "max_s": 55, "chars_per_s": 5, "think_s": [45, 46], "miss": 0}}
    match = at_answer(Sitter("talker"), bot(settings=late))
    (claim,) = claims_of(match)
    assert async_to_sync(take_turn)(claim) == "planned"
    turn = BotTurn.objects.get(path="answer")
    again = Due.objects.get(reaction="bots.turns.take_turn", key=claim.key, outcome="")
    assert turn.outcome == "open"
    assert turn.planned_at is not None
    assert turn.planned_at - again.run_after == timedelta(seconds=3)
    Due.objects.filter(pk=again.pk).update(run_after=clock.now())
    runner.drain("bots")
    delivered = BotTurn.objects.get(pk=turn.pk)
    assert (delivered.outcome, delivered.planned_at) == ("delivered", turn.planned_at)


@pytest.mark.django_db
def test_turn_on_a_clock_that_stands_acts_at_its_very_instant() -> None:
    clock.simulate()
    clock.stand(clock.now())
    match = at_answer(Sitter("talker"), bot())
    (claim,) = claims_of(match)
    assert runner.run(claim) == "planned"
    turn = BotTurn.objects.get(path="answer")
    again = Due.objects.get(reaction="bots.turns.take_turn", key=claim.key, outcome="")
    assert turn.planned_at is not None
    assert again.run_after == turn.planned_at > clock.now()
    assert due.claim_ids([again.pk]) == []
    clock.stand(turn.planned_at)
    assert runner.run_id(again.pk) == "delivered"
    assert BotTurn.objects.get(pk=turn.pk).delivered_at == turn.planned_at


@pytest.mark.django_db
def test_turn_that_keeps_crashing_has_an_outcome_in_the_end() -> None:
    match = at_answer(Sitter("talker"), bot())
    with patch("bots.services.games.act", side_effect=ConnectionError):
        for _ in range(due.MAX_ATTEMPTS):
            Due.objects.filter(outcome="").update(run_after=clock.now())
            runner.drain("bots")
    turn = BotTurn.objects.get(match=match, path="answer")
    assert (turn.outcome, turn.error_code) == ("failed", "ConnectionError")
    assert list(turn.failures.values_list("error_code", "did")) == [("ConnectionError", "deadline")]
    assert Due.objects.get(key__startswith=f"{match.pk}:{match.rev}:").attempts == due.MAX_ATTEMPTS


@pytest.mark.django_db
def test_planned_miss_sends_nothing_and_the_deadline_voids_the_match() -> None:
    always = {"delay": {**QUICK["delay"], "miss": 1.0}}
    match = at_answer(Sitter("talker"), bot(settings=always))
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="answer", seat_id=person.pk, values={"number": 3}, source="person")
    runner.drain("bots")
    turn = BotTurn.objects.get(path="answer")
    assert (turn.outcome, turn.planned_at, turn.delivered_at) == ("missed", None, None)
    match.refresh_from_db()
    assert match.path == "answer"
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=5))
    games.close_overdue(match_id=match.pk, rev=match.rev)
    match.refresh_from_db()
    assert match.status == "void"


@pytest.mark.django_db
@pytest.mark.parametrize(("returns", "outcome"), [(1.0, "delivered"), (0.0, "missed")])
def test_seat_that_missed_reads_that_the_round_is_void_if_it_is_back(returns: float, outcome: str) -> None:
    """People who were only too slow go on at once. If programs never did, the page's length would tell them apart."""
    match = at_answer(Sitter("talker"), bot(settings={"delay": {**QUICK["delay"], "miss": 1.0, "returns": returns}}))
    runner.drain("bots")
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=5))
    games.close_overdue(match_id=match.pk, rev=match.rev)
    runner.drain("bots")
    assert BotTurn.objects.get(path="~void").outcome == outcome
    assert Act.objects.filter(path="~void", source="policy").exists() is bool(returns)


@pytest.mark.django_db
def test_talk_with_somebody_who_may_be_a_person_ends_in_its_own_time() -> None:
    match = make_match("chatting", Sitter("talker"), bot(), parameters={"quota": 0})
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="talk", seat_id=person.pk, values={"then": "ready"}, source="person")
    match.refresh_from_db()
    assert match.path == "talk", "ended with the person: so the other is none"
    runner.drain("bots")
    match.refresh_from_db()
    assert match.path == "answer"
    assert Entry.objects.count() == 1, "its own words came first, and then its readiness"
    turn = BotTurn.objects.get(path="talk")
    assert turn.planned_at is not None
    assert turn.planned_at > match.step_opened_at - timedelta(seconds=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("policy", "code"), [("broken", "policy_failed"), ("greedy", "refused"), ("gone", "policy_unknown")]
)
def test_policy_that_fails_is_said_so_once_and_the_step_waits_for_its_deadline(policy: str, code: str) -> None:
    match = at_answer(Sitter("talker"), bot(policy))
    runner.drain("bots")
    turn = BotTurn.objects.get(path="answer")
    assert (turn.outcome, turn.error_code) == ("failed", code)
    assert turn.failures.get().error_code == code
    assert not Act.objects.filter(path="answer", seat__occupant="policy").exists()
    match.refresh_from_db()
    assert match.path == "answer"
    assert not Due.objects.filter(reaction="bots.turns.take_turn", outcome="").exists()


@pytest.mark.django_db
def test_turn_of_a_step_that_is_over_is_overtaken() -> None:
    match = at_answer(Sitter("talker"), bot(settings=SLOW))
    (claim,) = claims_of(match)
    games.end_group(match.group_id, "ended by a test")
    assert async_to_sync(take_turn)(claim) == "overtaken"
    assert BotTurn.objects.get(path="answer").outcome == "overtaken"


@pytest.mark.django_db(transaction=True)
def test_one_claim_delivered_five_times_in_parallel_acts_once() -> None:
    for _ in range(4):
        match = at_answer(Sitter("talker"), bot())
        (claim,) = claims_of(match)
        results: list[Any] = []

        def deliver(claim: Claim = claim, results: list[Any] = results) -> None:
            try:
                results.append(asyncio.run(_with_own_connections(claim)))
            except due.LostClaim:
                results.append("lost")

        threads = [threading.Thread(target=deliver) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(results) == 5
        assert results.count("delivered") == 1
        assert Act.objects.filter(match=match, path="answer", seat__occupant="policy").count() == 1
        assert BotTurn.objects.get(match=match, path="answer").outcome == "delivered"
        assert Due.objects.get(pk=claim.id).outcome == "done"


async def _with_own_connections(claim: Claim) -> str:
    """As on a loop of its own: five workers share nothing but the database."""
    with ThreadPoolExecutor(2) as pool:
        POOL.set(pool)
        return await take_turn(claim)


@pytest.mark.django_db(transaction=True)
def test_loop_delivers_at_the_planned_instant_and_never_at_once() -> None:
    loop = Loop("bots")
    loop.start()
    try:
        match = at_answer(Sitter("talker"), *[bot() for _ in range(4)])
        _until(lambda: BotTurn.objects.filter(match=match, path="answer", outcome="delivered").count() == 4)
    finally:
        assert loop.stop()
    for turn in BotTurn.objects.filter(match=match, path="answer"):
        assert turn.planned_at is not None
        assert turn.delivered_at is not None
        assert timedelta(seconds=0.19) < turn.planned_at - match.step_opened_at < timedelta(seconds=0.61)
        assert timedelta(0) <= turn.delivered_at - turn.planned_at < timedelta(seconds=1)


@pytest.mark.django_db(transaction=True)
def test_seats_without_a_person_answer_people_in_an_open_talk_and_not_each_other() -> None:
    match = make_match("chatting", Sitter("talker"), bot(), bot(), parameters={"quota": 0})
    person = match.group.seats.get(occupant="person")
    runner.drain("bots")
    assert Entry.objects.count() == 2
    games.act(
        match_id=match.pk, path="talk", seat_id=person.pk, values={"message": "hello both"}, source="person", key="a"
    )
    runner.drain("bots")
    assert list(Entry.objects.order_by("seq").values_list("seat__occupant", flat=True)) == [
        "policy", "policy", "person", "policy", "policy",
    ]  # fmt: skip
    assert set(BotTurn.objects.values_list("outcome", flat=True)) == {"delivered"}


def _until(is_true: Any, seconds: float = 15.0) -> None:
    from time import monotonic, sleep

    end = monotonic() + seconds
    while not is_true():
        assert monotonic() < end, "it did not happen in time"
        sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_turn_leaves_one_line_without_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="rapport.turn")
    match = at_answer(Sitter("talker"), bot())
    caplog.clear()
    runner.drain("bots")
    lines = [vars(record)["facts"] for record in caplog.records if record.name == "rapport.turn"]
    assert "delivered" in [line["outcome"] for line in lines]
    for line in lines:
        assert set(line) == {"due", "turn", "attempt", "outcome", "took_ms"}
    assert Act.objects.filter(match=match, source="policy").exists()
