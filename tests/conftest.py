"""Fixtures for every folder of tests."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from tests.machinery import ready
from tests.machinery.emptying import empty_quickly
from tests.machinery.mute_server import mute_redis  # noqa: F401  fixtures are found by name
from tests.machinery.played import SEEN
from tests.machinery.running import Running
from tests.machinery.served import answer_at_once, own_pages  # noqa: F401
from tests.machinery.spreading import ByFile, longest_first

# How fast examples are made and run says something about the machine, and nothing about us.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

empty_quickly()
answer_at_once()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In an order in which several processes end at about the same time."""
    longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """Where several processes share the tests, and nothing else was asked for."""
    return ByFile(config, log) if config.getoption("dist") == "load" else None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django's hook before it makes the test database: a copy of one that has been migrated."""
    connection.settings_dict["TEST"]["TEMPLATE"] = ready.template()


@pytest.fixture
def seen(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keep a line of counts with the test, which is printed at the end of the run, and by `make long`."""
    return partial(record_property, SEEN)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests have counted, test by test."""
    reports = [report for state in ("passed", "failed") for report in terminalreporter.stats.get(state, [])]
    found = {report.nodeid: [value for name, value in report.user_properties if name == SEEN] for report in reports}
    if any(found.values()):
        terminalreporter.section("seen")
    for test, lines in found.items():
        for line in [test, *(f"  {one}" for one in lines)] if lines else ():
            terminalreporter.write_line(line)


@pytest.fixture
def one_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is counted by `events.tally` in this test is counted together."""
    now = time.time()
    monkeypatch.setattr("events.tally.time", lambda: now)


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """One real `manage.py up` for all tests of this worker that only read or add (browser tests share it)."""
    with Running() as installation:
        yield installation
