"""Whatever dies or freezes while people play: nothing acknowledged is lost or doubled, all end by a declared exit.

What is seen is held against an undisturbed play of the same people: every difference is a recorded timeout or drop-out.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest

from tests.exports.recompute_pay import differences
from tests.faults import charges
from tests.faults.conftest import Scenario
from tests.faults.nemesis import Nemesis
from tests.faults.rig import STUDY, Rig
from tests.machinery.dataset import export
from tests.sizes import sized

pytestmark = pytest.mark.timeout(900)

MOST_OVERDUE_SECONDS = 15.0
FREEZE_SECONDS = 12.0  # longer than a lease, shorter than the supervisor's patience
SHORT_FREEZE_SECONDS = 8.0  # as Redis has only ten
AFTER_COMMIT = "after the commit of a form"
Harms = list[Callable[[], object]]


def kills(nemesis: Nemesis) -> Harms:
    """Everything that can be killed from outside."""
    children = ("bots", "postgres", "sockets", "jobs", "pages", "sweeper")
    single = [partial(nemesis.kill, child) for child in children]
    return [nemesis.kill_one_worker, *single, nemesis.empty_and_kill_redis]


@pytest.mark.long
def test_undisturbed_play_leaves_what_the_others_are_held_against(near: Rig, scenario: Scenario) -> None:
    account = scenario(near, "undisturbed", None)
    assert (account.void, account.timeouts, account.dropped_out, account.retries) == (0, 0, 0, 0)


def test_processes_die_wherever_people_are(near: Rig, scenario: Scenario) -> None:
    """As soon as somebody is in the quiz, the waiting room, the briefing, at a step of the game, in the debrief …"""

    def harm(nemesis: Nemesis) -> None:
        inside = [partial(nemesis.charge, *one) for one in (("pages", AFTER_COMMIT), ("bots", "after claiming"))]
        harms = kills(nemesis) + inside
        Random("kills").shuffle(harms)
        nemesis.wherever_people_come(harms, seconds=sized(test=0, long=75))

    for turn in range(sized(test=1, long=2)):
        scenario(near, f"killed wherever people are, {turn + 1}", harm, people=sized(test=4, long=8))


@pytest.mark.long
def test_processes_die_at_points_inside_them(near: Rig, scenario: Scenario) -> None:
    plan = [
        ("quiz", "jobs", charges.POINTS["jobs"]),
        ("lobby", "pages", [*charges.POINTS["pages"], *charges.POINTS["pages"]]),
        ("game", "bots", [*charges.POINTS["bots"], *charges.POINTS["bots"]]),
        ("game", "sockets", charges.POINTS["sockets"]),
        ("game", "sweeper", charges.POINTS["sweeper"]),
    ]

    def harm(nemesis: Nemesis) -> None:
        def die(place: str, child: str, points: list[str]) -> None:
            if nemesis.wait_for(place):
                nemesis.charge(child, *points)

        nemesis.wait_for("consent")
        with ThreadPoolExecutor(len(plan)) as pool:
            for dying in [pool.submit(die, *one) for one in plan]:
                dying.result()

    account = scenario(near, "killed at points inside", harm, people=8, thinking_seconds=1.5)
    assert len(account.kinds) >= 15
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_processes_freeze(near: Rig, scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        assert nemesis.wait_for("game")
        for names in (["bots", "jobs"], ["sweeper"], ["pages"], ["sockets"], ["postgres"]):
            nemesis.freeze(*names, seconds=FREEZE_SECONDS)
        nemesis.freeze("redis", seconds=SHORT_FREEZE_SECONDS)
        for child in ("pages", "redis"):
            nemesis.freeze_until_replaced(child)

    account = scenario(near, "frozen", harm, thinking_seconds=2.0)
    assert account.faults == 8
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_hints_come_five_times_late_and_shuffled_to_four_sweepers(near: Rig, scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        with nemesis.more_sweepers(3), nemesis.multiplied_hints():
            nemesis.rest_while_playing()

    account = scenario(near, "hints five times, four sweepers", harm, people=8)
    assert account.faults > 50
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


def test_dataset_of_all_that_happened_reckons_the_same_pay(near: Rig) -> None:
    assert differences(export(near.running, STUDY)) == []
