"""Whatever breaks between browsers, processes and servers: the same holds, and every layer may ask again."""

from functools import partial
from random import Random

import pytest

from tests.faults import charges
from tests.faults.conftest import Scenario
from tests.faults.nemesis import Nemesis
from tests.faults.rig import Rig
from tests.faults.test_kills import MOST_OVERDUE_SECONDS

pytestmark = pytest.mark.timeout(900)

LOST_ANSWERS = 0.1
COPIES = 5
CUT_SECONDS = (2, 5, 10, 20)


def test_everybody_finishes_without_redis_while_answers_are_lost_and_forms_are_repeated(
    far: Rig, scenario: Scenario
) -> None:
    """No hint arrives; one answer in ten is lost after its COMMIT; every form comes one to five times, at once."""

    def harm(nemesis: Nemesis) -> None:
        doors = nemesis.rig.doors
        assert doors.redis is not None
        doors.redis.refuses, doors.pages.swallows, doors.pages.copies = True, LOST_ANSWERS, COPIES
        lost = nemesis.counted("answer lost", "pages", "swallowed")
        with nemesis.recorded("Redis gone throughout"), lost, nemesis.counted("form repeated", "pages", "repeated"):
            doors.redis.cut()
            nemesis.rest_while_playing()

    account = scenario(far, "no Redis, answers lost, forms repeated", harm)
    assert min(account.kinds["answer lost"], account.kinds["form repeated"]) >= 3


@pytest.mark.long
def test_sweepers_die_at_points_inside_them_without_redis(far: Rig, scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        redis = nemesis.rig.doors.redis
        assert redis is not None
        redis.refuses = True
        redis.cut()
        assert nemesis.wait_for("game/2")  # from now on there are deadlines that have passed
        nemesis.charge("sweeper", *charges.POINTS["sweeper"])

    account = scenario(far, "sweeper killed, no Redis", harm, thinking_seconds=1.5)
    assert account.faults >= 3
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_networks_between_people_and_pages_break(far: Rig, scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        pages = nemesis.rig.doors.pages
        pages.swallows, pages.copies, pages.latency_seconds = LOST_ANSWERS, COPIES, 0.1
        cuts = [partial(nemesis.cut, "pages", seconds=seconds) for seconds in CUT_SECONDS]
        holds = [partial(nemesis.hold, "pages", seconds=seconds) for seconds in (3, 8)]
        sockets = [partial(nemesis.cut, "sockets", seconds=3), partial(nemesis.hold, "sockets", seconds=10)]
        harms = cuts + holds + sockets
        Random("networks").shuffle(harms)
        lost = nemesis.counted("answer lost", "pages", "swallowed")
        with lost, nemesis.counted("form repeated", "pages", "repeated"):
            nemesis.wherever_people_come(harms)

    account = scenario(far, "networks of people", harm, people=8)
    assert min(account.kinds["answer lost"], account.kinds["form repeated"]) >= 5


@pytest.mark.long
def test_network_to_the_database_breaks(far: Rig, scenario: Scenario) -> None:
    """Also in the one place where nobody can know: the COMMIT was done, and its answer never came."""

    def harm(nemesis: Nemesis) -> None:
        database = nemesis.rig.doors.database
        assert database is not None
        database.swallows = LOST_ANSWERS
        cuts = [partial(nemesis.cut, "database", seconds=seconds) for seconds in (0.0, 2.0, 5.0)]
        with nemesis.counted("answer to COMMIT lost", "database", "swallowed"):
            nemesis.wherever_people_come([*cuts, partial(nemesis.hold, "database", seconds=4.0)])

    account = scenario(far, "network to the database", harm, people=8)
    assert account.kinds["answer to COMMIT lost"] >= 10
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS


@pytest.mark.long
def test_network_to_redis_breaks(far: Rig, scenario: Scenario) -> None:
    def harm(nemesis: Nemesis) -> None:
        cuts = [partial(nemesis.cut, "redis", seconds=seconds) for seconds in (0.0, 2.0, 5.0)]
        nemesis.wherever_people_come([*cuts, partial(nemesis.hold, "redis", seconds=15.0), nemesis.empty_redis])

    account = scenario(far, "network to Redis", harm, people=8)
    assert account.overdue_seconds < MOST_OVERDUE_SECONDS
