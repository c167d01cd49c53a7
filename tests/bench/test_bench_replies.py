"""Replies of models are asked for, counted and told as the benchmark says."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from bench import reply_figures
from bench.machine import Meter
from bench.model_stub import SAID, ModelStub, length_of, reply_to
from bench.replies import AT_ACCOUNT, FAILED, FOLDER, REPLIES, SIZES
from bench.reply_crowd import Crowd
from bench.reply_figures import FEW_CELL, GOALS, HELD_CELL, TWO_CELL, Answered, Seen
from config.places import ROOT
from events import clock, loop
from studies import services
from studies.check import check

NOW = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)


def seen(**more: Any) -> Seen:
    replies = [Answered(1000 + 10 * number, 5 * number, 1000 + number) for number in range(1, 101)]
    facts: dict[str, Any] = {"seconds": 2.0, "model_ms": 1000.0, "replies": replies, "in_all": 200}
    return Seen(**facts | more)


def cell(**more: Any) -> dict[str, Any]:
    meter = Meter(dict, cpu_s={"bots": 1.0, "bots2": 0.5, "postgres": 0.4, "crowd": 0.2}, seconds=4.0)
    return reply_figures.cell(seen(**more), meter, Meter(dict, peak_mib=300.0))


def test_what_a_reply_takes_is_told_without_the_model() -> None:
    one = cell(taken_ms=[1000.0 + number for number in range(1, 101)])
    assert (one["replies"], one["replies_per_s"]) == (100, 50.0)
    assert (one["added_ms_p50"], one["added_ms_p95"]) == (500.0, 950.0)
    assert (one["before_ms_p95"], one["asking_ms_p95"], one["taken_ms_p95"]) == (475.0, 95.0, 95.0)


def test_processors_and_memory_are_those_of_all_replies_and_of_the_workers() -> None:
    one = cell()
    assert (one["cpu_ms_per_reply"], one["cpu_ms_bots"], one["cpu_ms_postgres"]) == (10.5, 7.5, 2.0)
    assert one["worker_mb"] == 315
    assert "cpu_ms_model" not in one, "of a part that was not looked at there is nothing"


def test_time_at_the_row_of_a_limit_follows_from_how_many_are_there() -> None:
    """Fifty replies a second, and half of the time somebody is there: ten thousandths of a second each."""
    one = cell(at_account=[(1, 0), (0, 0), (1, 1), (0, 0)])
    assert (one["account_ms"], one["account_waiting_ms"]) == (10.0, 5.0)
    assert reply_figures.at_accounts(seen(replies=[], at_account=[(1, 1)]))["account_ms"] == 0.0


def test_turns_are_read_from_a_workers_log() -> None:
    def line(seconds: float, **more: Any) -> str:
        facts = {"event": "turn", "outcome": "delivered", "took_ms": 1200, "turn": "1:2:3", **more}
        return json.dumps({"at": (NOW + timedelta(seconds=seconds)).isoformat(timespec="milliseconds"), **facts})

    log = [
        line(-1), line(0), line(1, took_ms=1300), line(2, outcome="failed"), line(3, event="task"), line(10),
        'Traceback: log.info("turn", extra={})',
    ]  # fmt: skip
    assert reply_figures.taken_in(log, NOW, NOW + timedelta(seconds=5)) == [1200.0, 1300.0]


def test_goals_are_those_that_were_set() -> None:
    usual = cell() | {"cell": "x", "calib_ms": 1.0}
    cells = [usual | {"is": name, "replies_per_s": rate} for name, rate in ((HELD_CELL, 50.0), (FEW_CELL, 30.0))]
    result = {"cells": cells, "second": 1.4, "limited": 0.97}
    told = {line.strip().split("  ")[0]: line for line in reply_figures.lines(result)}
    assert told["times one worker's replies"].endswith(">= 1.5: MISSED")
    text = list(reply_figures.lines(result))
    assert any(line.endswith(">= 40 (go for 60): reached") for line in text)
    assert any(line.endswith("<= 400: reached") for line in text)
    assert sum(line.endswith("<= 150: MISSED") for line in text) == 1, "from the message"
    assert {goal.figure for goal in GOALS[TWO_CELL]} == {"failed", "unanswered"}


def test_second_worker_is_held_against_the_first() -> None:
    cells = [{"is": HELD_CELL, "replies_per_s": 40.0}, {"is": TWO_CELL, "replies_per_s": 64.0}]
    assert reply_figures.ratio(cells, TWO_CELL, HELD_CELL) == 1.6
    assert reply_figures.ratio(cells, "limited", HELD_CELL) is None
    assert reply_figures.ratio([cells[0] | {"replies_per_s": 0.0}, cells[1]], TWO_CELL, HELD_CELL) is None


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_what_was_promised(name: str) -> None:
    size = SIZES[name]
    if name != "smoke":
        assert (size.talks, size.few) == (200, 50)


def test_study_lacks_nothing_but_what_protects_people_of_whom_there_are_none() -> None:
    assert [problem.code for problem in check(FOLDER)] == ["W830"]
    assert FOLDER == ROOT / "bench" / "reply_study"


def test_stub_gives_the_keys_that_are_asked_for_and_no_other() -> None:
    for keys in (["message"], ["message", "then"]):
        asked = "You are asked for:\n" + "\n".join(f'- "{key}": …' for key in keys)
        assert list(json.loads(reply_to({"messages": [{"role": "user", "content": asked}]}))) == keys


@pytest.mark.asyncio
async def test_stub_answers_many_at_once_after_its_time() -> None:
    stub = ModelStub(0.2)
    server = await stub.start()
    port = server.sockets[0].getsockname()[1]
    body = json.dumps({"messages": [{"role": "user", "content": "hello"}]}).encode()

    async def ask() -> dict[str, Any]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        for _ in range(2):  # on one connection
            writer.write(head + body)
            length = length_of((await reader.readuntil(b"\r\n\r\n")).decode())
            answer: dict[str, Any] = json.loads(await reader.readexactly(length))
        writer.close()
        return answer

    began = time.monotonic()
    answers = await asyncio.gather(*(ask() for _ in range(20)))
    assert 0.4 <= time.monotonic() - began < 3.0
    assert {answer["choices"][0]["message"]["content"] for answer in answers} == {json.dumps({"message": SAID})}
    assert (stub._told(), stub._told()) == ({"asked": 40, "most_at_once": 20}, {"asked": 0, "most_at_once": 0})
    server.close()


@pytest.fixture
def worker(settings: LazySettings) -> Iterator[None]:
    """The loop of a worker of bots, whose model takes a part of a second."""
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"openai": "tests.bots.thoughtful.ask"}
    loop.serve("bots")
    yield
    loop.stop_all()


@pytest.mark.django_db(transaction=True)
def test_those_who_write_are_answered_and_their_replies_found(worker: None) -> None:
    """All that the benchmark does but processes of its own: people, talks, replies, and what the database is asked."""
    crowd = Crowd(services.load(FOLDER))
    assert crowd.gather(3) == {"talks": 3}
    began = clock.now()
    done = crowd.talk(2, ramp=0.1, seconds=1.5)
    assert (done["unanswered"], done["refused"]) == (0, 0)
    assert done["said"] >= 2
    between = {"began": began, "ended": clock.now() + timedelta(seconds=1)}
    with connection.cursor() as cursor:
        cursor.execute(REPLIES, between)
        replies = [Answered(*map(float, row)) for row in cursor.fetchall()]
        cursor.execute(FAILED, between)
        assert cursor.fetchone() == (0,)
        cursor.execute(AT_ACCOUNT)
        assert cursor.fetchone() == (0, 0)
    assert len(replies) == done["said"]
    assert all(0 <= one.before_ms <= one.total_ms for one in replies)
    assert datetime.fromisoformat(done["began"]) < datetime.fromisoformat(done["ended"])
