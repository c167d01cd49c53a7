"""`pg_dump` and `pg_restore`: which ones, and how to run them without a secret where others could read it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq
from psycopg.conninfo import make_conninfo

from config.backups.archive import CHUNK
from config.backups.errors import BackupError
from config.refusal import SetupError
from config.supervisor import database

Address = Mapping[str, str]
"""Where a database is, in libpq's own words: host, port, user, password, dbname, sslmode …"""

VARIABLES = {option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
"""libpq's word -> the variable of the environment by which its programs take it."""
_NOT_THEIRS = {"options"}  # ours limit how long a statement may take, and how it is planned: for pages
NOT_KEPT = ("django_session",)
"""Tables of which no row is copied: with a key in there one is signed in as a researcher, without any password."""
DUMP_ARGUMENTS = (
    *("--format=custom", "--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions", "--no-password"),
    *(f"--exclude-table-data=public.{table}" for table in NOT_KEPT),
)
RESTORE_ARGUMENTS = (
    *("--format=custom", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", "--no-password"),
)


@dataclass(frozen=True)
class Program:
    """One of the two, fit for a server."""

    path: Path
    said: str  # such as "pg_dump (PostgreSQL) 18.1"


def address_of(connection: BaseDatabaseWrapper) -> Address:
    """Where Django's connection leads to."""
    found = connection.get_connection_params()
    return {
        name: str(value) for name, value in found.items() if name in VARIABLES and name not in _NOT_THEIRS and value
    }


def connect(address: Address, *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A connection of our own, which takes as long as it needs.

    Raises:
        BackupError: "database_unreachable".
    """
    try:
        return psycopg.connect(make_conninfo("", **address), autocommit=autocommit)
    except psycopg.OperationalError as error:
        where = f"{address.get('dbname', '')} on {address.get('host', 'this machine')}"
        text = f"no connection to the database {where}: is DATABASE_URL right, and PostgreSQL running?"
        raise BackupError("database_unreachable", text) from error


def find(name: str, *, server: int) -> Program:
    """The program for a server's version, such as 180001: the installed package's, or one on PATH that is newer.

    Raises:
        BackupError: "no_program": all that there are are older than the server, which they cannot read.
    """
    seen = []
    for path in _candidates(name):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603  found by us
        version = re.search(r"\) (\d+)", said)
        if version and int(version[1]) >= server // 10_000:
            return Program(path, said)
        seen.append(said or str(path))
    there = ", ".join(seen) or "nothing"
    text = f"PostgreSQL {server // 10_000} needs {name} of its own version or a newer one on PATH; found {there}"
    raise BackupError("no_program", text)


def _candidates(name: str) -> Iterator[Path]:
    with contextlib.suppress(SetupError):  # without the package there may still be the system's
        yield database.programs_for(None) / name
    if found := shutil.which(name):
        yield Path(found)


def dump(program: Program, address: Address, snapshot: str, take: Callable[[bytes], object]) -> None:
    """Hand over, piece by piece, the dump of a database as an exported snapshot shows it.

    Raises:
        BackupError: "dump_failed", with what `pg_dump` said.
    """
    with _running(program, [*DUMP_ARGUMENTS, f"--snapshot={snapshot}"], address) as (child, errors):
        assert child.stdout is not None
        while data := child.stdout.read(CHUNK):
            take(data)
        if child.wait():
            raise BackupError("dump_failed", f"pg_dump ended with {child.returncode}: {_tail(errors)}")


def restore(program: Program, address: Address, dump_file: IO[bytes]) -> None:
    """Let `pg_restore` read a dump into a database: all of it, or nothing.

    Raises:
        BackupError: "restore_failed", with what `pg_restore` said.
    """
    # It has no --dbname of its own in the environment, and without one it would print what it should do.
    arguments = [*RESTORE_ARGUMENTS, f"--dbname={address['dbname']}"]
    with _running(program, arguments, address) as (child, errors):
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended early: what it said tells why
            while data := dump_file.read(CHUNK):
                child.stdin.write(data)
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        if child.wait():
            text = f"pg_restore ended with {child.returncode} and left the database empty: {_tail(errors)}"
            raise BackupError("restore_failed", text)


@contextmanager
def _running(
    program: Program, arguments: list[str], address: Address
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A child whose password is in its environment alone, which nobody else can read as they can a command line."""
    environment = {**os.environ, **{VARIABLES[name]: value for name, value in address.items() if name in VARIABLES}}
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(  # noqa: S603  our own argv
            [program.path, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
        try:
            yield child, errors
        finally:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                with contextlib.suppress(BrokenPipeError):
                    assert stream is not None
                    stream.close()


def _tail(errors: IO[bytes]) -> str:
    """The last it said. Of a failed statement `pg_restore` shows the command, and no row."""
    errors.seek(0)
    return errors.read().decode(errors="replace").strip()[-500:]
