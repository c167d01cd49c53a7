"""The two installations that are hurt, one play of a scenario, and the counts at the end of the run."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.account import Account, account_of
from tests.faults.nemesis import Nemesis
from tests.faults.report import lines
from tests.faults.rig import Rig

Harm = Callable[[Nemesis], None]
Scenario = Callable[..., Account]
ACCOUNT = "account of faults"


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An installation that owns its PostgreSQL and its Redis."""
    with Rig(tmp_path_factory.mktemp("near"), own_servers=True) as rig:
        yield rig


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An installation that reaches PostgreSQL and Redis over a network."""
    with Rig(tmp_path_factory.mktemp("far"), own_servers=False) as rig:
        yield rig


@pytest.fixture
def scenario(record_property: Callable[[str, object], None]) -> Scenario:
    """Let people play a rig's study while something goes wrong, and reckon."""

    def play(rig: Rig, name: str, harm: Harm | None, *, people: int = 4, **how: Any) -> Account:
        nemesis = Nemesis(rig)
        played = rig.play(people, lambda: harm(nemesis) if harm else None, **how)
        account = account_of(rig, name, played, nemesis.faults, differences=rig.verify())
        record_property(ACCOUNT, account.as_facts())
        assert account.problems == []
        return account

    return play


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line of counts per scenario, and a total."""
    reports = [report for state in ("passed", "failed") for report in terminalreporter.stats.get(state, [])]
    facts = [value for report in reports for name, value in report.user_properties if name == ACCOUNT]
    if facts:
        terminalreporter.section("faults")
        for line in lines([Account(**one) for one in facts]):
            terminalreporter.write_line(line)
