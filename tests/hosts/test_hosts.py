"""Several hosts: people play while one host after the other loses its power and comes back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulation.ledger import Ledger
from simulation.mind import Mind
from simulation.profile import Profile
from tests.faults.account import DECLARED, Account, account_of
from tests.faults.nemesis import Fault, now
from tests.faults.report import lines
from tests.faults.rig import PEOPLE, Played, slower
from tests.hosts.conftest import SAID
from tests.hosts.host import Host
from tests.hosts.network import why_not
from tests.hosts.park import Park
from tests.machinery.quick import Study, entry_link, quick_study, right_answers, stage

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

STUDY = "hosts"
ORDER = ("web-1", "worker-1", "sockets-1", "postgres-1", "web-2", "redis-1", "worker-2")
PERSONS = 8
THINKING_SECONDS = 8.0
STEP_SECONDS = 60
DOWN_SECONDS = 3.0
LATER_SECONDS = 60.0  # the second four people come so much later
PLAY_SECONDS = 1000.0
FORGET_SECONDS = 60.0


@pytest.fixture(scope="module")
def park() -> Iterator[Park]:
    if reason := why_not():
        pytest.skip(reason)
    with Park() as built:
        yield built


def patient(said: Study) -> None:
    """Nobody is out because a host was away."""
    slower(said)
    stage(said, "game")["parameters"] |= dict.fromkeys(("ask_seconds", "reply_seconds", "decide_seconds"), STEP_SECONDS)


def power_cut(host: Host) -> Fault:
    """Everything on the host dies without a word; a little later it is switched on again."""
    began = now()
    died = host.switch_off()
    assert died > len(host.processes), f"{host.name} had {died} processes"
    time.sleep(DOWN_SECONDS)
    host.switch_on()
    host.wait_until_well()
    return Fault(power_cut_at(host.name), "", began, now())


def power_cut_at(name: str) -> str:
    """What the fault is called in the account."""
    return f"power cut at {name}"


@dataclass
class Outing:
    """Two plays across all hosts: one under power cuts, and one after them.

    Attributes:
        work: What each host had done when all were back.
    """

    ledger: Ledger
    disturbed: Account
    calm: Account
    work: Mapping[str, int]


@pytest.fixture(scope="module")
def outing(park: Park, tmp_path_factory: pytest.TempPathFactory) -> Outing:
    """Eight people while power cuts go round the hosts, at most twice; then four more, undisturbed."""
    home = quick_study(tmp_path_factory.mktemp("hosts"), name=STUDY, change=patient)
    park.manage("study", "load", str(home), "--open")
    link, answers, together = entry_link(park, STUDY), right_answers(home), Ledger()

    def play(name: str, arrive_after: Mapping[int, float], people: Profile, harm: Callable[[], list[Fault]]) -> Account:
        faults: list[Fault] = []
        minds = {Mind(n, seed=STUDY, profile=people, answers=answers): at for n, at in arrive_after.items()}
        ledger, began = Ledger(), now()
        persons = park.play(link, minds, ledger=ledger, seconds=PLAY_SECONDS, during=lambda: faults.extend(harm()))
        for entry in ledger:
            together.add(entry)
        together.write(home / "ledger")
        park.manage("verify", STUDY, "--ledger", str(home / "ledger"))  # asserts that nothing differs
        return account_of(park, name, Played(persons, ledger, began, now()), faults, differences=())

    def harm() -> list[Fault]:
        return [power_cut(park.hosts[name]) for name in ORDER * 2 if park.is_playing()]

    slow = PEOPLE.with_(thinking_seconds=THINKING_SECONDS)
    disturbed = play("power cuts on seven hosts", {n: n // 4 * LATER_SECONDS for n in range(PERSONS)}, slow, harm)
    work = {name: park.work_of(name) for name in ORDER}
    calm = play("after them", dict.fromkeys(range(PERSONS, PERSONS + 4), 0.0), PEOPLE, list)
    return Outing(together, disturbed, calm, work)


def test_people_play_while_each_host_loses_its_power(
    park: Park, outing: Outing, record_property: Callable[[str, object], None]
) -> None:
    for line in lines([outing.disturbed, outing.calm]):
        record_property(SAID, line)
    met = set(outing.disturbed.kinds)
    assert met == {power_cut_at(name) for name in ORDER}, "somebody still played when each host was switched off"
    assert outing.disturbed.problems == []
    assert outing.calm.problems == []
    assert (outing.disturbed.people, outing.calm.people) == (PERSONS, 4)
    assert outing.disturbed.acknowledged > 100
    exits = Counter(name for (name,) in park.ask("SELECT exit FROM participants_participant"))
    assert exits.total() == PERSONS + 4
    assert set(exits) <= DECLARED


def test_tables_are_true_to_each_other_and_to_what_was_acknowledged(
    park: Park, outing: Outing, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    outing.ledger.write(tmp_path / "ledger")
    said = park.manage("verify", STUDY, "--ledger", str(tmp_path / "ledger"))  # asserts that nothing differs
    record_property(SAID, said.strip())


@pytest.mark.parametrize("name", ORDER)
def test_each_host_works_after_its_power_is_back(
    park: Park, outing: Outing, name: str, record_property: Callable[[str, object], None]
) -> None:
    done = park.work_of(name)
    record_property(SAID, f"{name}: {done} pieces of work, {outing.work[name]} of them before all hosts were back")
    assert done > outing.work[name]
    assert park.hosts[name].ended() == "", "no process ended but by a power cut"


def test_front_goes_around_a_dead_web_host(park: Park, outing: Outing) -> None:
    counts = park.front.counts
    for name in ("web-1", "web-2"):
        address = park.hosts[name].address
        assert counts["out", address] > 0
        assert counts["sent", address] > 0


def test_lost_hosts_keep_no_connections(park: Park, outing: Outing) -> None:
    """Those that a host had open when it lost its power are given up by PostgreSQL, too."""
    until = time.monotonic() + FORGET_SECONDS
    while stale := park.stale_connections():
        assert time.monotonic() < until, stale
        time.sleep(1)
