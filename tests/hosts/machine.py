"""What runs on a host: `python -m tests.hosts.machine NAME ADDRESS PROCESS...` starts the processes and keeps them.

It starts nothing again by itself: whatever ends without being told is written down, and fails the test.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import sys
import time
from pathlib import Path

from config.places import ROOT, Places, places_of
from config.supervisor import broker, database
from config.supervisor.process import PR_SET_PDEATHSIG, Command, Process
from tests.hosts.network import CLONE_NEWUTS, call_kernel

REDIS_PORT = 6379
START_SECONDS = 60.0


def main(name: str, address: str, *names: str) -> None:
    """Be the host until it is killed."""
    call_kernel("prctl", PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    call_kernel("unshare", CLONE_NEWUTS)
    socket.sethostname(name)
    places = places_of(Path(os.environ["RAPPORT_HOME"]))
    started = {one: Process(command_of(one, places, address)) for one in names}
    if "postgres" in names:
        database.wait_until_it_answers(database.maintenance_url(places), seconds=START_SECONDS)
        database.make_database(places)
    while True:
        for ended in [one for one, process in started.items() if process.has_ended()]:
            code = started.pop(ended).popen.returncode
            with ended_file(places.home).open("a") as file:
                file.write(f"{ended} of {name} ended with {code}\n")
        time.sleep(0.2)


def command_of(name: str, places: Places, address: str) -> Command:
    """How one process is started: ours as operations.md says, the servers as `up` does, but reachable over TCP."""
    log = places.logs / f"{name}.log"
    if name == "postgres":
        server = database.prepare(places)
        _admit_neighbours(server.data, address)
        return server.command(log=log, options=(*database.DISCREET, f"listen_addresses={address}"))
    if name == "redis":
        command = broker.command(places, log=log)
        more = ["--bind", address, "--port", str(REDIS_PORT), "--protected-mode", "no"]
        return dataclasses.replace(command, argv=[*command.argv, *more])
    return Command([sys.executable, str(ROOT / "manage.py"), "serve", name], log=log, folder=ROOT)


def ended_file(home: Path) -> Path:
    """Where a host writes what ended by itself."""
    return home / "ended"


def _admit_neighbours(data: Path, address: str) -> None:
    rules = data / "pg_hba.conf"
    rule = f"host rapport rapport {address}/24 trust\n"
    if rule not in rules.read_text():
        with rules.open("a") as file:
            file.write(rule)


if __name__ == "__main__":
    main(*sys.argv[1:])
