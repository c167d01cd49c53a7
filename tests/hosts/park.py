"""Seven hosts, the front before them, one study, and people who play it."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import aiohttp

from simulation.door import Door
from simulation.ledger import Ledger
from simulation.mind import Mind
from simulation.person import Person
from simulation.realtime import play
from tests.hosts import signs
from tests.hosts.front import Front
from tests.hosts.host import WORK, Host
from tests.hosts.network import Network
from tests.hosts.signs import DATABASE_URL, NUMBERS, PORT, REDIS_URL, SUBNET

SERVERS = ("postgres-1", "redis-1")


class Park:
    """`with Park() as park: park.play(...)`. Everything in it is production's, but that hosts are namespaces."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rapport-hosts-")))
            self.folder.chmod(0o711)
            self.network = Network(SUBNET)
            stack.callback(self.network.middle.close)
            self.origin = f"https://{self.network.address}"
            shared = {
                "RAPPORT_MODE": "production",
                "RAPPORT_ORIGIN": self.origin,
                "RAPPORT_SECRET_KEY": os.urandom(40).hex(),
                "DATABASE_URL": DATABASE_URL,
                "REDIS_URL": REDIS_URL,
            }
            self.hosts: dict[str, Host] = {}
            for name in NUMBERS:
                host = self.hosts[name] = Host(self.network, self.folder, name, shared)
                stack.callback(host.namespace.close)
                stack.callback(host.switch_off)
            self._start_all()
            self._start_front(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def manage(self, *arguments: str) -> str:
        """Run a management command on a host that has nothing but the settings."""
        return self.hosts["worker-1"].manage(*arguments)

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows straight from the database."""
        return self.network.middle.run(signs.rows, query, values)

    def ask_by_name(self, query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """As `ask`, with named values."""
        return self.network.middle.run(signs.rows, query, values)

    def play(
        self, link: str, minds: Mapping[Mind, float], *, ledger: Ledger, seconds: float, during: Callable[[], None]
    ) -> list[Person]:
        """Let people play while `during` does what it does; `is_playing` says whether they still do.

        Args:
            minds: Each with the seconds after which it arrives.
        """
        stop = threading.Event()
        playing = self.network.middle.start(_play, link, minds, ledger, seconds, self.certificate, stop)
        self.is_playing = lambda: not playing.done()
        try:
            during()
        except BaseException:
            stop.set()
            raise
        return playing.result()

    def work_of(self, name: str) -> int:
        """How much a host has done so far: by its own log where it writes one line per piece of work."""
        host = self.hosts[name]
        match name.partition("-")[0]:
            case "web":
                return host.log("pages").count('"route": "s/')
            case "sockets":
                return self.front.counts["told", host.address]
            case "worker":
                return sum(host.log(process).count('"logger": "rapport.task"') for process in WORK)
            case "redis":
                return self.network.middle.run(signs.redis_commands)
        return int(self.ask("SELECT xact_commit FROM pg_stat_database WHERE datname = 'rapport'")[0][0])

    def stale_connections(self) -> list[str]:
        """What PostgreSQL holds to be connected, and its host does not."""
        held = self.ask(
            "SELECT host(client_addr), client_port FROM pg_stat_activity"
            " WHERE client_addr IS NOT NULL AND pid <> pg_backend_pid()"
        )
        living = {
            (host.address, port) for host in self.hosts.values() for port in host.namespace.run(signs.connected_ports)
        }
        return [f"{address}:{port}" for address, port in held if (address, port) not in living]

    def _start_all(self) -> None:
        for name in SERVERS:
            self.hosts[name].switch_on()
        for name in SERVERS:
            self.hosts[name].wait_until_well()
        self.manage("migrate", "--no-input", "--verbosity", "0")
        for host in self.hosts.values():
            if "pages" in host.processes:
                host.env["RAPPORT_HASHED_STATIC"] = "1"
                host.manage("collectstatic", "--no-input", "--verbosity", "0")
        rest = [host for name, host in self.hosts.items() if name not in SERVERS]
        for host in rest:
            host.switch_on()
        for host in rest:
            host.wait_until_well()

    def _start_front(self, stack: ExitStack) -> None:
        self.certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        address = self.network.address
        subject = ["-subj", f"/CN={address}", "-addext", f"subjectAltName=IP:{address}"]
        argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
        subprocess.run([*argv, "-keyout", str(key), "-out", str(self.certificate)], check=True, capture_output=True)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(self.certificate, key)
        pages = [(host.address, PORT) for host in self.hosts.values() if "pages" in host.processes]
        self.front = Front(pages, (self.hosts["sockets-1"].address, PORT + 1))
        stop = threading.Event()
        serving = self.network.middle.start(self.front.serve, (address, 443), tls, stop)
        stack.callback(serving.result)
        stack.callback(stop.set)


def _play(
    link: str, minds: Mapping[Mind, float], ledger: Ledger, seconds: float, certificate: Path, stop: threading.Event
) -> list[Person]:
    async def main() -> list[Person]:
        trusted = ssl.create_default_context(cafile=str(certificate))
        async with aiohttp.TCPConnector(limit=0, keepalive_timeout=4, ssl=trusted) as connector:
            doors = [Door(link, person=mind.number, ledger=ledger, connector=connector) for mind in minds]
            people = [Person(door, mind) for door, mind in zip(doors, minds, strict=True)]
            await play(people, seconds=seconds, arrive_after=list(minds.values()), stop=stop)
            return people

    return asyncio.run(main())
