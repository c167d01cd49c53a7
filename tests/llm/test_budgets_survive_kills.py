"""A worker is killed between reserving and settling: what it reserved is counted once, and another goes on."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection

from config.places import ROOT
from events import clock
from llm import services
from llm.door import complete
from llm.models import Account, Call, Charge
from llm.spending import Limit
from tests.llm.dying_caller import POINTS, SCOPE
from tests.llm.spenders import MOST, check_sums, request, spending

pytestmark = pytest.mark.django_db(transaction=True)
LIMITS = [Limit("study:1", "study", hard_usd=MOST * 3), Limit("study:1/day", "day", hard_usd=MOST * 3)]
LEFT = {
    "before it is reserved": [],
    "while it is reserved": [],
    "during the call": ["reserved"],
    "before it is settled": ["reserved"],
    "while it is settled": ["reserved"],
    "after it is settled": ["settled"],
}
"""Point → the states of the charges that the dead leave."""


def killed_at(point: str) -> int:
    """Run a caller on this test's database until it dies; return its exit status."""
    found = connection.settings_dict
    address = f"postgresql://{found['USER']}@/{found['NAME']}?host={found['HOST']}"
    paths = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
    environment = {
        **os.environ, "DATABASE_URL": address, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.llm.dying_caller", point]
    return subprocess.run(command, env=environment, cwd=ROOT, timeout=60, check=False).returncode


def states() -> list[str]:
    return list(Charge.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("point", POINTS)
def test_what_the_dead_reserved_is_counted_once_and_the_turn_goes_on(point: str, settings: Any) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"spender": "tests.llm.spenders.ask"}
    assert killed_at(point) == -signal.SIGKILL
    assert states() == LEFT[point]
    assert Call.objects.count() == len(LEFT[point]), "a call without a charge, or the other way round"
    check_sums()
    answered = point == "after it is settled"
    completed = async_to_sync(complete)(request(SCOPE, spending(*LIMITS)))
    assert completed.is_reused is answered
    Charge.objects.filter(state="reserved").update(lapses_at=clock.now() - timedelta(seconds=1))
    assert services.lapse("study:1") == LEFT[point].count("reserved")
    assert states() == [*(["assumed"] if "reserved" in LEFT[point] else []), "settled"]
    check_sums()
    used = [charge.usd for charge in Charge.objects.all()]
    assert {account.spent_usd for account in Account.objects.all()} == {sum(one for one in used if one is not None)}
    assert {account.reserved_usd for account in Account.objects.all()} == {0}
