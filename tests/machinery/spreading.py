"""Which worker runs which test, and when: what shares something that takes long to make stays together."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/screens/",)  # folders whose files share something that takes long to make
APART = ("tests/experiments/test_longitudinal_weeks.py",)  # files whose tests share nothing, and take long each
# What takes longest begins first, so that no worker is left with it when the others have nothing more to do.
FIRST = (
    "tests/weeks/",
    "tests/browser/test_ten_minutes.py",
    "tests/config/test_up.py",
    "tests/screens/",
    "tests/whole/",
    "tests/faults/",
    "tests/blinding/",
    "tests/backups/",
    "tests/experiments/test_longitudinal_weeks.py",
    "tests/browser/",
    "tests/bots/test_kills_in_numbers.py",
    "tests/llm/test_groups_among_faults.py",
    "tests/simulation/",
    "tests/events/",
    "tests/language/test_declarations_run.py",
    "tests/scheduling/test_tickers_that_crash.py",
    "tests/reminders/test_simulated.py",
    "tests/practice/test_simulated.py",
)


def longest_first(items: list[pytest.Item]) -> None:
    """Put tests into the order of `FIRST`; all others keep theirs."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((place for place, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


class ByFile(LoadScopeScheduling):
    """Files in the order in which they were collected: those that come first do."""

    def __init__(self, config: Any, log: Any = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        together = next((folder for folder in TOGETHER if nodeid.startswith(folder)), file)
        return nodeid if file in APART else together
