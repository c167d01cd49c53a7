"""Whatever dies, freezes or is cut off while people play: nothing acknowledged is lost or doubled, nobody is stuck.

What is seen is held against an undisturbed play of the same people: every difference is a recorded timeout or drop-out.
`make faults` runs all of it; `make test` a small part.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest

from tests.faults.charges import POINTS
from tests.faults.conftest import Scenario
from tests.faults.hints import planted_work, pushed_hints
from tests.faults.nemesis import Nemesis
from tests.sizes import sized

pytestmark = [pytest.mark.timeout(900), pytest.mark.sized]

PEOPLE = sized(test=4, long=8)
MOST_OVERDUE_SECONDS = 15.0
FREEZE_SECONDS = 12.0  # longer than a lease, shorter than the supervisor's patience
SHORT_FREEZE_SECONDS = 8.0  # as it has only ten with Redis
LOST_ANSWERS = 0.1
COPIES = 5
CUT_SECONDS = (2, 5, 10, 20)
Harm = Callable[[], object]


@pytest.mark.long
def test_undisturbed_play_is_what_the_others_are_held_against(scenario: Scenario) -> None:
    account = scenario("undisturbed", None)
    assert (account.void, account.timeouts, account.dropped_out, account.retries) == (0, 0, 0, 0)


def deaths(nemesis: Nemesis) -> list[Harm]:
    """What can die, from outside and inside; the small size leaves out what dies like another."""
    killed = ["postgres", "sweeper", "sockets", *(["bots", "jobs", "pages"] if sized(test=0, long=1) else [])]
    inside = [("pages", "after the commit of a form"), ("bots", "after claiming")]
    harms: list[Harm] = [nemesis.kill_one_worker, nemesis.empty_and_kill_redis]
    harms += [partial(nemesis.kill, child) for child in killed]
    harms += [partial(nemesis.charge, child, point) for child, point in inside]
    Random("deaths").shuffle(harms)
    return harms


def test_processes_die_wherever_people_are(scenario: Scenario) -> None:
    """As soon as somebody is in the quiz, the waiting room, the briefing, at a step of the game, in the debrief …"""

    def harm(nemesis: Nemesis) -> None:
        nemesis.wherever_people_come(deaths(nemesis), seconds=sized(test=0, long=75))

    for turn in range(sized(test=1, long=2)):
        account = scenario(f"killed wherever people are, {turn + 1}", harm, people=PEOPLE)
        assert account.faults >= sized(test=3, long=15)


def test_redis_is_gone_answers_are_lost_and_forms_come_again(scenario: Scenario) -> None:
    """No hint arrives; one answer in ten is lost after its COMMIT; every form comes one to five times, at once."""

    def harm(nemesis: Nemesis) -> None:
        doors = nemesis.rig.doors
        doors.redis.refuses, doors.pages.swallows, doors.pages.copies = True, LOST_ANSWERS, COPIES
        lost = nemesis.counted("answer lost", "pages", "swallowed")
        with nemesis.recorded("Redis gone throughout"), lost, nemesis.counted("form repeated", "pages", "repeated"):
            doors.redis.cut()
            nemesis.rest_while_playing()

    account = scenario("no Redis, answers lost, forms repeated", harm, people=PEOPLE)
    assert min(account.kinds["answer lost"], account.kinds["form repeated"]) >= 3


@pytest.mark.long
def test_processes_die_at_points_inside_them(scenario: Scenario) -> None:
    plan = [
        ("quiz", "jobs", POINTS["jobs"]),
        ("lobby", "pages", POINTS["pages"] * 2),
        ("game", "bots", POINTS["bots"] * 2),
        ("game", "sockets", POINTS["sockets"]),
        ("game/2", "sweeper", POINTS["sweeper"]),
    ]

    def harm(nemesis: Nemesis) -> None:
        def die(place: str, child: str, points: list[str]) -> None:
            if nemesis.wait_for(place):
                nemesis.charge(child, *points)

        with pushed_hints(nemesis.rig), ThreadPoolExecutor(len(plan)) as pool:
            for dying in [pool.submit(die, *one) for one in plan]:
                dying.result()

    account = scenario("killed at points inside", harm, people=8, thinking_seconds=1.5)
    assert len(account.kinds) >= 15
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_sweeper_dies_at_points_inside_it_and_nobody_hints(scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        nemesis.rig.doors.redis.refuses = True
        nemesis.rig.doors.redis.cut()
        assert nemesis.wait_for("game")
        with planted_work(nemesis.rig):
            nemesis.charge("sweeper", *POINTS["sweeper"])

    account = scenario("sweeper killed, no Redis", harm, thinking_seconds=1.5)
    assert account.faults >= 3
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_processes_freeze(scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        assert nemesis.wait_for("game")
        for names in (["bots", "jobs"], ["sweeper"], ["pages"], ["sockets"], ["postgres"]):
            nemesis.freeze(*names, seconds=FREEZE_SECONDS)
        nemesis.freeze("redis", seconds=SHORT_FREEZE_SECONDS)
        for child in ("pages", "redis"):
            nemesis.freeze_until_replaced(child)

    account = scenario("frozen", harm, thinking_seconds=2.0)
    assert account.faults == 8
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_hints_come_five_times_late_and_shuffled_to_four_sweepers(scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        with nemesis.more_sweepers(3), nemesis.multiplied_hints():
            nemesis.rest_while_playing()

    account = scenario("hints five times, four sweepers", harm, people=12)
    assert account.faults > 50
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_networks_between_people_and_pages_break(scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        pages = nemesis.rig.doors.pages
        pages.swallows, pages.copies, pages.latency_seconds = LOST_ANSWERS, COPIES, 0.1
        harms: list[Harm] = [partial(nemesis.cut, "pages", seconds=seconds) for seconds in CUT_SECONDS]
        harms += [partial(nemesis.hold, "pages", seconds=seconds) for seconds in (3, 8)]
        harms += [partial(nemesis.cut, "sockets", seconds=3), partial(nemesis.hold, "sockets", seconds=10)]
        Random("networks").shuffle(harms)
        lost = nemesis.counted("answer lost", "pages", "swallowed")
        with lost, nemesis.counted("form repeated", "pages", "repeated"):
            nemesis.wherever_people_come(harms)

    account = scenario("networks of people", harm, people=8)
    assert min(account.kinds["answer lost"], account.kinds["form repeated"]) >= 5


@pytest.mark.long
def test_network_to_the_database_breaks(scenario: Scenario) -> None:
    """Also in the one place where nobody can know: the COMMIT was done, and its answer never came."""

    def harm(nemesis: Nemesis) -> None:
        nemesis.rig.doors.database.swallows = LOST_ANSWERS
        harms: list[Harm] = [partial(nemesis.cut, "database", seconds=seconds) for seconds in (0, 2, 5)]
        with nemesis.counted("answer to COMMIT lost", "database", "swallowed"):
            nemesis.wherever_people_come([*harms, partial(nemesis.hold, "database", seconds=4)])

    account = scenario("network to the database", harm, people=8)
    assert account.kinds["answer to COMMIT lost"] >= 10
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_network_to_redis_breaks(scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        harms: list[Harm] = [partial(nemesis.cut, "redis", seconds=seconds) for seconds in (0, 2, 5)]
        harms += [partial(nemesis.hold, "redis", seconds=15), nemesis.empty_redis]
        nemesis.wherever_people_come(harms)

    account = scenario("network to Redis", harm, people=8)
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS
