"""Signs of life, asked for over the network; to be called in a thread that lives on it."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import psycopg
import redis
from celery import Celery
from kombu.exceptions import KombuError

from tests.hosts.machine import REDIS_PORT

PORT = 8000
SUBNET = "10.77.0"
NUMBERS = {"web-1": 11, "web-2": 12, "sockets-1": 13, "worker-1": 14, "worker-2": 15, "redis-1": 16, "postgres-1": 17}
ADDRESS = {name: f"{SUBNET}.{number}" for name, number in NUMBERS.items()}
DATABASE_URL = f"postgresql://rapport@{ADDRESS['postgres-1']}/rapport"
REDIS_URL = f"redis://{ADDRESS['redis-1']}:{REDIS_PORT}/0"


def connected_ports() -> list[int]:
    """The local ports of all open connections of the namespace that this thread lives in."""
    found = [line.split() for line in Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]]
    return [int(words[1].rpartition(":")[2], 16) for words in found if words[3] == "01"]


def rows(query: str, values: Any) -> list[tuple[Any, ...]]:
    """Rows straight from the database."""
    with psycopg.connect(DATABASE_URL, autocommit=True, connect_timeout=3) as connection:
        return connection.execute(query, values).fetchall()


def page_answers(url: str) -> bool:
    """Whether an address answers with 200."""
    try:
        request = urllib.request.Request(url, headers={"Host": "localhost"})
        with urllib.request.urlopen(request, timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def database_answers() -> bool:
    """Whether PostgreSQL takes connections."""
    try:
        return rows("SELECT 1", ()) == [(1,)]
    except psycopg.OperationalError:
        return False


def redis_answers() -> bool:
    """Whether Redis answers."""
    try:
        with redis.Redis.from_url(REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def redis_commands() -> int:
    """How many commands Redis has done since its start."""
    with redis.Redis.from_url(REDIS_URL, socket_timeout=3) as client:
        return int(client.info("stats")["total_commands_processed"])


def workers_answer(names: list[str]) -> bool:
    """Whether each of these workers takes a message and answers."""
    try:
        with Celery(broker=REDIS_URL) as app:
            found = app.control.ping(destination=names, timeout=3)
    except (KombuError, redis.RedisError):  # a connection that was kept from before Redis died
        return False
    return sorted(name for one in found for name in one) == sorted(names)
