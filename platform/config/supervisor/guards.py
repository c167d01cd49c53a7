"""What must hold before anything starts: no second copy, and free ports."""

import contextlib
import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator

from config.places import Places
from config.refusal import SetupError


@contextlib.contextmanager
def only_copy(places: Places) -> Iterator[None]:
    """Hold the installation's lock: a second Redis on one socket would steal it from the first without a word.

    Raises:
        SetupError: "already_running".
    """
    places.home.mkdir(parents=True, exist_ok=True)
    with places.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            text = f"{places.home} is already in use by process {pid}: stop it first, or choose another RAPPORT_HOME"
            raise SetupError("already_running", text) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def need_free_port(bind: str, port: int, *, seconds: float = 5.0) -> None:
    """Refuse a port that another program holds; a copy that was just killed gets a moment to let go of it.

    Raises:
        SetupError: "port_busy" or "port_refused".
    """
    until = time.monotonic() + seconds
    while (problem := _binding_error(bind, port)) == errno.EADDRINUSE and time.monotonic() < until:
        time.sleep(0.2)
    if problem == errno.EADDRINUSE:
        remedy = f"choose two free ones with PORT={port + 10} (it takes PORT and PORT+1)"
        raise SetupError("port_busy", f"port {port} is in use by another program: {remedy}")
    if problem:
        raise SetupError("port_refused", f"cannot listen on {bind}:{port}: {os.strerror(problem)}")


def _binding_error(bind: str, port: int) -> int:
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            return error.errno or errno.EINVAL
    return 0
