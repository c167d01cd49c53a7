"""What test databases and scratch installations begin with: migrated once in a run, copied from then on."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from config.places import ROOT, places_of
from config.supervisor import database
from config.supervisor.process import Process

TEMPLATE = "rapport_migrated"


def template() -> str | None:
    """A database from which `CREATE DATABASE` may copy; None on a server that is not this run's own."""
    home = Path(os.environ["RAPPORT_HOME"])
    url = places_of(home).database_url
    if os.environ["DATABASE_URL"] != url:
        return None
    with _once(home / "template") as is_first:
        if is_first:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {TEMPLATE}")
            _migrate(urlsplit(url)._replace(path=f"/{TEMPLATE}").geturl())
    return TEMPLATE


def cluster() -> Path:
    """The data of a PostgreSQL that does not run: a scratch installation may begin with a copy of them."""
    home = Path(os.environ["RAPPORT_HOME"]) / "ready"
    home.mkdir(mode=0o711, exist_ok=True)  # as root, PostgreSQL runs under another account and must reach its data
    places = places_of(home)
    with _once(home / "cluster") as is_first:
        if is_first:
            server = database.prepare(places)
            process = Process(server.command(log=places.logs / "postgres.log", options=database.FORGETFUL))
            try:
                database.wait_until_it_answers(database.maintenance_url(places), seconds=20)
                database.make_database(places)
                _migrate(places.database_url)
            finally:
                process.stop(signal.SIGINT, seconds=30)
                shutil.rmtree(places.run, ignore_errors=True)
    return places.database.resolve()


@contextmanager
def _once(file: Path) -> Iterator[bool]:
    """True for one process of the run, for which the others wait; should it fail, true for the next."""
    with file.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        is_first = os.fstat(held.fileno()).st_size == 0  # now, and not as it was when we opened it and waited
        yield is_first
        if is_first:
            held.write("made\n")


def _migrate(url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": url, "RAPPORT_DB_STATEMENT_SECONDS": "0"}
    argv = [sys.executable, str(ROOT / "manage.py"), "migrate", "--no-input", "--verbosity", "0"]
    subprocess.run(argv, env=environment, check=True)
