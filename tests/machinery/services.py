"""A pytest plugin: one embedded PostgreSQL and one Redis per run, unless DATABASE_URL and REDIS_URL name others.

The controller starts them before Django reads its settings; xdist's workers inherit the addresses through the
environment and take one Redis database number each (pytest-django gives each its own PostgreSQL database). The kernel
ends both when the controller dies, however it dies.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.supervisor import broker, database
from config.supervisor.process import Process

REDIS_DATABASES = 64
OPTIONS = (*database.FORGETFUL, "max_connections=200")


class Services:
    """What one run has started, and its scratch folder."""

    def __init__(self) -> None:
        self.started: list[Process] = []
        self.home: Path | None = None

    def start(self) -> None:
        """Start what the environment does not name, and name it there."""
        self.home = Path(tempfile.mkdtemp(prefix="rapport-tests-"))
        (self.home / "static").mkdir()
        self.home.chmod(0o711)  # as root, PostgreSQL runs under another account and must reach its data
        places = places_of(self.home)
        os.environ["RAPPORT_HOME"] = str(self.home)
        if not os.environ.get("DATABASE_URL"):
            self._start_database(places)
        if not os.environ.get("REDIS_URL"):
            self._start_redis(places)

    def stop(self) -> None:
        """End what was started, Redis first, and remove the scratch folder."""
        for process in reversed(self.started):
            process.end_group()
        self.started.clear()
        if self.home:
            shutil.rmtree(places_of(self.home).run, ignore_errors=True)
            shutil.rmtree(self.home, ignore_errors=True)

    def _start_database(self, places: Places) -> None:
        server = database.prepare(places)
        self.started.append(Process(server.command(log=places.logs / "postgres.log", options=OPTIONS)))
        database.wait_until_it_answers(database.maintenance_url(places), seconds=20)
        database.make_database(places)
        os.environ["DATABASE_URL"] = places.database_url

    def _start_redis(self, places: Places) -> None:
        command = broker.command(places, log=places.logs / "redis.log", databases=REDIS_DATABASES, persist=False)
        self.started.append(Process(command))
        broker.wait_until_it_answers(places.redis_url, seconds=10)
        os.environ["REDIS_URL"] = places.redis_url


services = Services()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Have both servers before pytest-django loads the settings, which read their addresses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("db=0", f"db={number}")
    else:
        services.start()
    os.environ.setdefault("RAPPORT_SECRET_KEY", "only-for-tests-" + "x" * 50)
    return (yield)


def pytest_unconfigure() -> None:
    """Stop them at the end of the run (a worker has started none)."""
    services.stop()
