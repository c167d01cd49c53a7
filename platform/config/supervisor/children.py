"""What runs: the five processes of the platform, with their flags, and how each shows that it works."""

import os
import signal
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.conf import settings

from config.places import ROOT
from config.supervisor import canary
from config.supervisor.process import Command

NAMES = ("pages", "sockets", "bots", "jobs", "sweeper")


@dataclass(frozen=True)
class Child:
    """One thing to keep running.

    Attributes:
        is_well: Asked every few seconds in a thread; may block for a few seconds.
        patience_seconds: How long it may be unwell before it is killed and started again.
        stop_signal: The polite way to end it; after `stop_seconds` its whole group is killed.
    """

    name: str
    command: Command
    is_well: Callable[[], bool]
    patience_seconds: float
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0


def platform_children(*, without: Collection[str] = ()) -> list[Child]:
    """Return the five processes in the order in which they start, save those that are not wanted."""
    return [_child(name) for name in NAMES if name not in without]


def argv_of(name: str) -> list[str]:
    """Return the command line of one process, for us and for whoever runs it under a service manager of their own."""
    return [sys.executable, *_arguments()[name]]


def environment_of(name: str) -> dict[str, str]:
    """Return what one process needs in its environment beyond our own."""
    pools = {name: "pool" if name in {"sockets", "bots"} else "persistent" for name in NAMES}
    return {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "platform"), str(ROOT)]),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "RAPPORT_HOME": str(settings.PLACES.home),
        "RAPPORT_DB_POOL": pools.get(name, "none"),
        "RAPPORT_HASHED_STATIC": "1",
    }


def _child(name: str) -> Child:
    command = Command(argv_of(name), log=settings.PLACES.logs / f"{name}.log", env=environment_of(name), folder=ROOT)
    if name in {"pages", "sockets"}:
        port = settings.PORT if name == "pages" else settings.SOCKET_PORT
        return Child(name, command, lambda: canary.livez_answers(port), patience_seconds=20)
    # A beat counts for 45 s and silence is borne for 75 s more: killed when the last sign of life is 120 s old.
    if name == "sweeper":
        return Child(name, command, lambda: canary.sweeper_is_well(seconds=45), patience_seconds=75)
    return Child(name, command, lambda: canary.worker_is_well(name, seconds=45), patience_seconds=75)


def _arguments() -> dict[str, list[str]]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    bind = settings.BIND
    worker = ["-m", "celery", "-A", "config.celery", "worker", "-l", "WARNING", "--without-gossip", "--without-mingle"]
    return {
        "pages": [
            *("-m", "gunicorn", "config.wsgi:application", "--bind", f"{bind}:{settings.PORT}"),
            *("--worker-class", "gthread", "--workers", str(cores), "--threads", "2", "--keep-alive", "5"),
            *("--graceful-timeout", "10", "--timeout", "60", "--no-control-socket"),
            *("--logger-class", "config.gunicorn_log.JsonLogger"),
        ],
        "sockets": [
            *("-m", "uvicorn", "config.asgi:application", "--host", bind, "--port", str(settings.SOCKET_PORT)),
            *("--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-ping-interval", "20"),
            *("--ws-ping-timeout", "20", "--timeout-graceful-shutdown", "5", "--lifespan", "off"),
            *("--no-access-log", "--log-config", str(ROOT / "platform" / "config" / "uvicorn_log.json")),
        ],
        "bots": [*worker, "-P", "threads", "-c", "8", "-Q", "bots", "-n", "bots@%h"],
        "jobs": [*worker, "-P", "prefork", "-c", "2", "-Q", "jobs", "-n", "jobs@%h"],
        "sweeper": [str(ROOT / "manage.py"), "sweep"],
    }
