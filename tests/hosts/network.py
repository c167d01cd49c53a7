"""Hosts on one machine: network namespaces on one bridge.

None of them has a name: the kernel removes a namespace with the last process and descriptor that holds it, so nothing
is left behind however a test ends, and nothing outside of them is touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

CLONE_NEWNET = 0x40000000
CLONE_NEWUTS = 0x04000000
BRIDGE = "bridge"
P = ParamSpec("P")
T = TypeVar("T")


class Namespace:
    """One host's network. What runs through `run` and `start` has its sockets and starts its processes there."""

    def __init__(self) -> None:
        with ThreadPoolExecutor(1) as made:
            self._descriptor = made.submit(_new_namespace).result()
        self.inode = os.fstat(self._descriptor).st_ino
        # A thread keeps its namespace and hands it on to what it starts; the threads live until `close`.
        self._pool = ThreadPoolExecutor(8, initializer=call_kernel, initargs=("setns", self._descriptor, CLONE_NEWNET))

    @property
    def path(self) -> str:
        """How other programs name it while we live."""
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def start(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let a function run in a thread that lives in this namespace."""
        return self._pool.submit(func, *args, **kwargs)

    def run(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `start`, and wait for it."""
        return self.start(func, *args, **kwargs).result()

    def ip(self, *words: str) -> None:
        """Run `ip` here."""
        done = self.run(subprocess.run, ["ip", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")

    def processes(self) -> list[int]:
        """The ids of all processes that live here; never our own, whose first thread lives elsewhere."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    if Path(f"/proc/{name}/ns/net").stat().st_ino == self.inode:
                        found.append(int(name))
        return found

    def close(self) -> None:
        """Give it up."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        os.close(self._descriptor)


class Network:
    """A bridge in a namespace of its own, where the front and the people are, and cables to the hosts."""

    def __init__(self, subnet: str = "10.77.0") -> None:
        self._subnet = subnet
        self.middle = Namespace()
        self.address = f"{subnet}.1"
        self.middle.ip("link", "set", "lo", "up")
        self.middle.ip("link", "add", BRIDGE, "type", "bridge")
        self.middle.ip("addr", "add", f"{self.address}/24", "dev", BRIDGE)
        self.middle.ip("link", "set", BRIDGE, "up")

    def join(self, host: Namespace, number: int) -> str:
        """Lay a cable to a host and return the host's address."""
        address, cable = f"{self._subnet}.{number}", f"cable{number}"
        self.middle.ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", host.path)
        self.middle.ip("link", "set", cable, "master", BRIDGE, "up")
        host.ip("link", "set", "lo", "up")
        host.ip("addr", "add", f"{address}/24", "dev", "eth0")
        host.ip("link", "set", "eth0", "up")
        return address

    def plug(self, number: int, *, is_in: bool) -> None:
        """Plug a host's cable in, or out."""
        self.middle.ip("link", "set", f"cable{number}", "up" if is_in else "down")


def why_not() -> str:
    """Why there can be no such hosts on this machine; empty if there can."""
    if not sys.platform.startswith("linux") or os.geteuid():
        return "network namespaces need root on Linux"
    for program in ("ip", "openssl"):
        if not shutil.which(program):
            return f"no program {program!r} (of iproute2 or openssl)"
    try:
        network, host = Network(), Namespace()
        network.join(host, 2)
    except OSError as error:
        return f"network namespaces are not permitted here: {error}"
    host.close()
    network.middle.close()
    return ""


def call_kernel(name: str, *arguments: int) -> None:
    """Call a function of the C library that answers 0 or sets an error.

    Raises:
        OSError: what the kernel said.
    """
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _new_namespace() -> int:
    """A descriptor of a new namespace; the thread that made it is of no more use."""
    call_kernel("unshare", CLONE_NEWNET)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY)
