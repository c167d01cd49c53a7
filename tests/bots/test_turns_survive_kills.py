"""The worker is killed in the middle of turns; another goes on: one act and one outcome for every turn."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection

from bots.models import BotTurn
from config.places import ROOT
from events import clock
from events.loop import Loop
from events.models import Due
from flow.models import Act, Match
from llm.models import Call
from tests.bots.dying_worker import POINTS
from tests.bots.test_turns import QUICK, _until
from tests.chat.rooms import Sitter, end_talk, make_match

BOTS = 5
MODEL = {"name": "scripted/one", "max_tokens": 100, "daily_cost_usd": "0.00"}


def at_answer() -> Match:
    """A match whose open step waits for five models."""
    settings = {**QUICK, "asked_if_ai": "deflect", "model": MODEL}
    bots = [Sitter("talker", "model", "prompts/one.md", settings=settings) for _ in range(BOTS)]
    match = make_match("chatting", Sitter("talker"), *bots)
    Due.objects.filter(key__startswith=f"{match.pk}:{match.rev}:").update(outcome="cancelled", done_at=clock.now())
    return end_talk(match)


def killed_at(point: str, *more: str, program: str = "tests.bots.dying_worker") -> int:
    """Run a worker on this test's database until it dies; return its exit status."""
    found = connection.settings_dict
    address = f"postgresql://{found['USER']}@/{found['NAME']}?host={found['HOST']}"
    paths = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "PYTHONPATH": paths,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-m", program, point, *more]
    return subprocess.run(command, env=environment, cwd=ROOT, timeout=60, check=False).returncode


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", POINTS)
def test_turns_of_a_killed_worker_are_taken_once(point: str) -> None:
    match = at_answer()
    assert killed_at(point) == -signal.SIGKILL
    delivered = Act.objects.filter(match=match, path="answer", seat__occupant="model").count()
    assert (delivered > 0) is (point == "after commit")
    planned = dict(BotTurn.objects.filter(path="answer").values_list("seat_id", "planned_at"))
    # the leases run out, sooner than they would
    Due.objects.filter(outcome="", lease_until__isnull=False).update(lease_until=clock.now() - timedelta(seconds=1))
    loop = Loop("bots")
    loop.start()
    try:
        _until(lambda: not Due.objects.filter(reaction="bots.turns.take_turn", outcome="").exists(), seconds=30)
    finally:
        assert loop.stop()
    acts = Act.objects.filter(match=match, path="answer", seat__occupant="model")
    assert sorted(acts.values_list("seat__number", flat=True)) == list(range(2, BOTS + 2))
    turns = BotTurn.objects.filter(match=match, path="answer")
    assert list(turns.values_list("outcome", flat=True)) == ["delivered"] * BOTS
    kept = dict(turns.values_list("seat_id", "planned_at"))
    assert all(kept[seat] == at for seat, at in planned.items() if at is not None)
    answered = Call.objects.filter(outcome="ok").values_list("scope", flat=True)
    assert len(answered) == len(set(answered)) == BOTS
