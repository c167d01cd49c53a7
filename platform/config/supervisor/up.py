"""The whole life of `manage.py up`, from the lock to the last child's end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from django.conf import settings
from django.db import connection

from config.places import ROOT, Places
from config.refusal import SetupError
from config.supervisor import broker, canary, children, database, guards
from config.supervisor.children import Child
from config.supervisor.process import ASKS_TO_STOP
from config.supervisor.watch import Say, Watch

START_SECONDS = 15.0
READY_SECONDS = 60.0


class StopRequested(BaseException):
    """SIGINT or SIGTERM arrived. Not an `Exception`: nothing on the way up may swallow it."""


@dataclass(frozen=True)
class Wanted:
    """What to start.

    Attributes:
        demo: Whether to load the demo studies once all is ready.
        simulation: Whether to make the database one for simulation, and never to wait for its disk.
        without: Names of children that are not wanted.
    """

    demo: bool = False
    simulation: bool = False
    without: frozenset[str] = frozenset()


def run(wanted: Wanted, *, say: Say) -> None:
    """Start everything that is wanted, keep it running, and stop it when asked to.

    Args:
        say: Receives one line per event.

    Raises:
        SetupError: Something could not start; what had started has been stopped.
    """
    places: Places = settings.PLACES
    with guards.only_copy(places):
        watch = Watch(say=say, pids=places.home / "pids")
        for number in ASKS_TO_STOP:
            signal.signal(number, _request_stop)
        try:
            places.origin.write_text(f"{os.getpid()} {settings.ORIGIN}\n")
            _start(watch, wanted, say=say)
            watch.tend_forever()
        except StopRequested:
            say("stopping")
        finally:
            for number in ASKS_TO_STOP:
                signal.signal(number, signal.SIG_IGN)
            watch.stop(layers=[list(children.NAMES), ["redis"], ["postgres"]])
            places.origin.unlink(missing_ok=True)
            say("stopped")


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested


def _start(watch: Watch, wanted: Wanted, *, say: Say) -> None:
    for port in (settings.PORT, settings.SOCKET_PORT):
        guards.need_free_port(settings.BIND, port)
    _start_database(watch, say, options=database.FORGETFUL if wanted.simulation else ())
    _start_redis(watch, say)
    say("database: applying migrations")
    _manage("migrate", "--no-input", "--verbosity", "1")
    _refuse_closed()
    if wanted.simulation:
        _manage("clock", "--simulate")
    say("static files: collecting")
    _manage("collectstatic", "--no-input", "--verbosity", "0")
    for child in children.platform_children(without=wanted.without):
        watch.add(child)
    if "pages" not in wanted.without:
        _wait_until(lambda: canary.page_answers(settings.PORT, "/readyz"), watch, what="pages")
    if "sockets" not in wanted.without:
        _wait_until(lambda: canary.livez_answers(settings.SOCKET_PORT), watch, what="sockets")
    say(f"ready: {settings.ORIGIN} (logs in {settings.PLACES.logs})")
    if wanted.demo:
        _manage("demo")


def _refuse_closed() -> None:
    from config.backups.gate import refuse_closed

    refuse_closed()
    connection.close()  # this process needs none, and PostgreSQL may be started anew


def _start_database(watch: Watch, say: Say, *, options: tuple[str, ...]) -> None:
    if not settings.DATABASE_IS_OURS:
        database.wait_until_it_answers(os.environ["DATABASE_URL"], seconds=30)
        say("postgres: using DATABASE_URL")
        return
    places = settings.PLACES
    say("postgres: starting")
    options = (*database.DISCREET, *options)
    command = database.prepare(places).command(log=places.logs / "postgres.log", options=options)
    child = Child("postgres", command, canary.database_answers, patience_seconds=20, stop_signal=signal.SIGINT)
    _add_stubbornly(watch, child, lambda: database.answers(database.maintenance_url(places)))
    database.make_database(places)


def _start_redis(watch: Watch, say: Say) -> None:
    if not settings.REDIS_IS_OURS:
        broker.wait_until_it_answers(settings.REDIS_URL, seconds=30)
        say("redis: using REDIS_URL")
        return
    places = settings.PLACES
    until = time.monotonic() + START_SECONDS
    while broker.answers(places.redis_url):  # left by a copy that was killed a moment ago
        if time.monotonic() > until:
            raise SetupError("redis_busy", f"another Redis answers at {places.queue_socket}: stop it first")
        time.sleep(0.2)
    say("redis: starting")
    command = broker.command(places, log=places.logs / "redis.log")
    child = Child("redis", command, canary.redis_answers, patience_seconds=10)
    _add_stubbornly(watch, child, lambda: broker.answers(places.redis_url))


def _add_stubbornly(watch: Watch, child: Child, answers: Callable[[], bool]) -> None:
    """Start a server, and again for a while: what a killed predecessor left behind blocks it for some seconds."""
    keeper = watch.add(child)
    until = time.monotonic() + START_SECONDS
    while not answers() or keeper.process is None or keeper.process.has_ended():
        if time.monotonic() > until:
            raise SetupError("no_answer", f"{child.name} does not answer: see {child.command.log}")
        if keeper.process is None or keeper.process.has_ended():
            time.sleep(0.3)
            keeper.start()
        time.sleep(0.1)


def _wait_until(is_done: Callable[[], bool], watch: Watch, *, what: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while not is_done():
        if time.monotonic() > until:
            raise SetupError("not_ready", f"{what} not ready within {READY_SECONDS:.0f} s: see {settings.PLACES.logs}")
        for keeper in watch.keepers:
            keeper.tend()
        time.sleep(0.1)


def _manage(*arguments: str) -> None:
    """Run one of our commands to its end, its output going where ours goes; migrations may take their time."""
    sys.stdout.flush()
    environment = {**os.environ, **children.environment_of("command"), "RAPPORT_DB_STATEMENT_SECONDS": "0"}
    argv = [sys.executable, str(ROOT / "manage.py"), *arguments]
    if code := subprocess.run(argv, env=environment, cwd=ROOT, check=False).returncode:  # noqa: S603  our own argv
        raise SetupError("command_failed", f"`manage.py {' '.join(arguments)}` ended with code {code}: see above")
