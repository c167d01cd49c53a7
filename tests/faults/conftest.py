"""The two installations that are hurt, one play of a scenario, and the counts at the end of the run."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.exports.recompute_pay import differences
from tests.faults.account import Account, account_of
from tests.faults.nemesis import Nemesis
from tests.faults.report import lines
from tests.faults.rig import STUDY, Rig
from tests.machinery.dataset import export

Harm = Callable[[Nemesis], None]
Scenario = Callable[..., Account]
ACCOUNT = "account of faults"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An installation for all scenarios of this worker; in the end its dataset must give the pay that was given."""
    with Rig(tmp_path_factory.mktemp("rig")) as hurt:
        yield hurt
        assert differences(export(hurt.running, STUDY)) == []


@pytest.fixture
def scenario(rig: Rig, record_property: Callable[[str, object], None]) -> Scenario:
    """Let people play the rig's study while something goes wrong, and reckon."""

    def play(name: str, harm: Harm | None, *, people: int = 4, **how: Any) -> Account:
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
