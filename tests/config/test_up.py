"""`manage.py up`, really started: it serves, restarts what dies, refuses a second copy, and leaves nothing behind."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
import redis
import websockets
import websockets.sync.client

from config.places import ROOT, places_of
from config.supervisor import children
from config.supervisor.scratch import READY_CLUSTER
from tests.machinery.running import Running

KILLED_TOGETHER = (("pages", "sockets", "bots", "jobs", "sweeper"), ("redis", "postgres"))


@pytest.fixture(scope="module")
def installation() -> Iterator[Running]:
    """One `up` of this module's own, because these tests hurt it."""
    with Running() as started:
        yield started


def test_up_serves_pages_and_sockets(installation: Running) -> None:
    assert installation.get("/livez") == (200, "alive\n")
    status, body = installation.get("/readyz")
    assert (status, '"ready": true' in body) == (200, True)
    assert installation.get("/livez", port=installation.port + 1) == (200, "alive\n")
    assert installation.get("/readyz", port=installation.port + 1)[0] == 404


def test_scratch_installation_begins_with_what_was_migrated_before(installation: Running) -> None:
    assert "No migrations to apply." in installation.output()
    assert not (installation.home / "log" / "initdb.log").exists()


def test_command_in_a_second_shell_prints_links_to_the_right_port(installation: Running) -> None:
    second = {name: value for name, value in installation.env.items() if name != "PORT"}
    code = "from django.conf import settings; print(settings.ORIGIN)"
    argv = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", code]
    done = subprocess.run(argv, env=second, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == installation.origin


def test_up_keeps_its_key_private(installation: Running) -> None:
    key = installation.home / "secret_key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_text()) >= 64


def test_logs_of_all_processes_hold_nothing_private(installation: Running) -> None:
    installation.get("/s/token-4711?name=anna-4712")
    with contextlib.suppress(websockets.exceptions.InvalidHandshake):
        websockets.sync.client.connect(f"ws://127.0.0.1:{installation.port + 1}/ws/token-4711?name=anna-4712").close()
    with pytest.raises(psycopg.errors.InvalidTextRepresentation), _database(installation) as connection:
        connection.execute("SELECT 'anna-4712'::int")
    installation.wait_until(
        lambda: '"unmatched"' in installation.log("pages"), seconds=30, what="a line for the request"
    )
    written = "".join(file.read_text() for file in (installation.home / "log").iterdir())
    assert "token-4711" not in written
    assert "anna-4712" not in written


def test_up_refuses_a_second_copy_and_names_the_first(installation: Running) -> None:
    argv = [sys.executable, str(ROOT / "manage.py"), "up"]
    second = subprocess.run(argv, env=installation.env, capture_output=True, text=True, timeout=120, check=False)
    assert second.returncode == 1
    assert installation.up is not None
    assert f"in use by process {installation.up.pid}" in second.stderr
    assert installation.get("/livez")[0] == 200


def test_up_refuses_a_busy_port_and_names_another(installation: Running) -> None:
    rival = Running(variables={"PORT": str(installation.port)})
    argv = [sys.executable, str(ROOT / "manage.py"), "up"]
    refused = subprocess.run(argv, env=rival.env, capture_output=True, text=True, timeout=120, check=False)
    rival.close()
    assert refused.returncode == 1
    assert f"port {installation.port} is in use" in refused.stderr
    assert f"PORT={installation.port + 10}" in refused.stderr


@pytest.mark.parametrize("names", KILLED_TOGETHER)
def test_killed_children_are_started_again(installation: Running, names: Sequence[str]) -> None:
    killed = {child: installation.kill(child) for child in names}
    for child, pid in killed.items():
        wait = functools.partial(_has_other_pid, installation, child, pid)
        installation.wait_until(wait, seconds=90, what=f"{child} restarted")
    installation.wait_until(lambda: _all_answer(installation), seconds=90, what=f"service after the end of {names}")
    assert {child: installation.pid(child) for child in names}.items().isdisjoint(killed.items())


def test_silent_sockets_are_noticed_and_replaced(installation: Running) -> None:
    """A process that exists but no longer answers is the failure that a process list cannot show."""
    hung = installation.kill("sockets", signal.SIGSTOP)
    installation.wait_until(lambda: installation.pid("sockets") != hung, seconds=120, what="silent sockets replaced")
    installation.wait_until(lambda: _all_answer(installation), seconds=90, what="sockets answering again")
    assert "sockets: has not answered for 20 s" in installation.output()


@pytest.mark.long
def test_silent_workers_are_noticed_and_replaced(installation: Running) -> None:
    """Reported of Celery again and again: the process lives, its connection too, and it takes no more messages."""
    hung = {child: installation.kill(child, signal.SIGSTOP) for child in ("bots", "jobs")}
    for child, pid in hung.items():
        wait = functools.partial(_has_other_pid, installation, child, pid)
        installation.wait_until(wait, seconds=180, what=f"silent {child} replaced")
    stopped = installation.kill("sweeper", signal.SIGSTOP)
    wait = functools.partial(_has_other_pid, installation, "sweeper", stopped)
    installation.wait_until(wait, seconds=180, what="silent sweeper replaced")
    assert installation.output().count("has not answered for 75 s") == 3


def test_up_that_is_stopped_while_starting_leaves_nothing() -> None:
    """Neither processes nor a half database: once it is let, it starts."""
    early = Running()
    del early.env[READY_CLUSTER]  # its database is made from nothing
    argv = [sys.executable, str(ROOT / "manage.py"), "up"]
    for seconds in (0.05, 0.3, 1.0):
        early.up = subprocess.Popen(argv, env=early.env, stdout=subprocess.PIPE)
        assert early.up.stdout is not None
        assert b"postgres: starting" in early.up.stdout.readline()
        time.sleep(seconds)
        assert (early.stop(signal.SIGTERM), early.processes()) == (0, [])
    with early:
        assert early.get("/livez") == (200, "alive\n")
        assert "No migrations to apply." not in early.output()


def test_up_uses_the_servers_that_the_environment_names() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS elsewhere WITH (FORCE)")
        connection.execute("CREATE DATABASE elsewhere")
    database_url = os.environ["DATABASE_URL"].replace("/rapport?", "/elsewhere?")
    variables = {"DATABASE_URL": database_url, "REDIS_URL": os.environ["REDIS_URL"].replace("db=0", "db=50")}
    with Running(variables=variables) as installation:
        assert installation.get("/readyz")[0] == 200
        assert sorted(file.name for file in (installation.home / "pids").iterdir()) == sorted(children.NAMES)
        assert not (installation.home / "postgres").exists()
        assert installation.stop() == 0


def test_up_stops_clean_keeps_data_and_dies_without_orphans(installation: Running) -> None:
    _write_row(installation, "kept over a stop")
    assert installation.stop(signal.SIGTERM) == 0
    assert not (installation.home / "origin").exists()
    assert installation.processes() == []

    installation.start()
    assert _rows(installation) == ["kept over a stop"]
    _write_row(installation, "kept over a crash")
    installation.stop(signal.SIGKILL)
    until = time.monotonic() + 30
    while installation.processes() and time.monotonic() < until:
        time.sleep(0.2)
    assert installation.processes() == []

    installation.start()
    assert _rows(installation) == ["kept over a stop", "kept over a crash"]
    assert installation.stop(signal.SIGINT) == 0
    assert installation.processes() == []


def _has_other_pid(installation: Running, child: str, pid: int) -> bool:
    return installation.pid(child) != pid


def _all_answer(installation: Running) -> bool:
    places = places_of(installation.home)
    try:
        with redis.Redis.from_url(places.redis_url, socket_timeout=2) as client:
            client.ping()
    except redis.RedisError:
        return False
    return installation.get("/readyz")[0] == 200 and installation.get("/livez", port=installation.port + 1)[0] == 200


def _database(installation: Running) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(places_of(installation.home).database_url)


def _write_row(installation: Running, text: str) -> None:
    with _database(installation) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS scratch (id serial PRIMARY KEY, note text)")
        connection.execute("INSERT INTO scratch (note) VALUES (%s)", [text])


def _rows(installation: Running) -> list[str]:
    with _database(installation) as connection:
        return [row[0] for row in connection.execute("SELECT note FROM scratch ORDER BY id")]
