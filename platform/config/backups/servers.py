"""A PostgreSQL for a while: this installation's own when nothing else runs it, or one that is thrown away."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from config.places import Places, places_of
from config.supervisor import database, guards
from config.supervisor.process import Process

START_SECONDS = 60.0
STOP_SECONDS = 60.0


@contextmanager
def own_server() -> Iterator[None]:
    """Have the database of the settings answer: where it is the embedded one and nothing runs, start it for so long.

    Raises:
        SetupError: it does not start.
    """
    places: Places = settings.PLACES
    if not settings.DATABASE_IS_OURS or database.answers(database.maintenance_url(places)):
        yield
        return
    with guards.only_copy(places), _started(places):
        yield


@contextmanager
def scratch_server() -> Iterator[str]:
    """The address of an empty database on a server of its own, in a folder that is removed at the end.

    Raises:
        SetupError: it does not start.
    """
    home = Path(tempfile.mkdtemp(prefix="rapport-scratch-"))
    home.chmod(0o711)  # as root, PostgreSQL runs under another account and must reach its data
    places = places_of(home)
    try:
        with _started(places, options=database.FORGETFUL):
            yield places.database_url
    finally:
        if places.database.is_symlink():  # as root in a closed folder: the data lie elsewhere
            shutil.rmtree(places.database.resolve(), ignore_errors=True)
        shutil.rmtree(places.run, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _started(places: Places, *, options: tuple[str, ...] = ()) -> Iterator[None]:
    server = database.prepare(places)
    process = Process(server.command(log=places.logs / "postgres.log", options=(*database.DISCREET, *options)))
    try:
        database.wait_until_it_answers(database.maintenance_url(places), seconds=START_SECONDS)
        database.make_database(places)
        yield
    finally:
        process.stop(signal.SIGINT, seconds=STOP_SECONDS)
