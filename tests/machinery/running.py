"""A real `manage.py up` for tests: a scratch installation that they can hurt, ask and read."""

import contextlib
import http.client
import os
import signal
from collections.abc import Mapping

from config.supervisor.scratch import READY_CLUSTER, Scratch
from tests.machinery import ready


class Running(Scratch):
    """A scratch installation, and what only tests do with one. Its database has been migrated before it starts."""

    def __init__(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        super().__init__(*arguments, variables={READY_CLUSTER: str(ready.cluster()), **(variables or {})})

    def log(self, child: str) -> str:
        """Return the log of one child."""
        return (self.home / "log" / f"{child}.log").read_text()

    def pid(self, child: str) -> int:
        """Return the present process id of a child: pages, sockets, bots, jobs, sweeper, redis or postgres."""
        return int((self.home / "pids" / child).read_text())

    def kill(self, child: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to one child and return the id it had; `up` will notice by itself."""
        pid = self.pid(child)
        os.kill(pid, number)
        return pid

    def get(self, path: str, *, port: int = 0) -> tuple[int, str]:
        """Ask for a page; returns (status, body), and (0, reason) while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path, headers={"Host": f"localhost:{self.port}"})
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                return 0, str(error)
