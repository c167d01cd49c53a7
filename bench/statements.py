"""What PostgreSQL was asked, counted from its own log: the same way for both sides."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

LINE = re.compile(r"^(\d+)\|LOG:  (?:statement|execute [^:]*): \s*(\w+)(?:\s+(\w+))?")
WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"})
# Neither asks nor writes: settings of a connection, prepared statements thrown away.
SILENT = frozenset({"SET", "RESET", "SHOW", "DISCARD", "DEALLOCATE", "SAVEPOINT", "RELEASE"})
LOUD = {"log_statement": "all", "log_line_prefix": "%p|"}
SETTLE_SECONDS = 0.5


@dataclass
class Counts:
    """What was counted.

    Attributes:
        queries: Statements that read or wrote.
        writing_commits: Transactions that wrote and were committed, a single statement by itself among them.
        reading_commits: Transactions, begun as such, that only read.
    """

    queries: int = 0
    writing_commits: int = 0
    reading_commits: int = 0

    def less(self, other: "Counts", share: float) -> "Counts":
        """Without `share` times what `other` counted."""
        pairs = [(own, getattr(other, name)) for name, own in vars(self).items()]
        return Counts(*(max(0, round(own - share * theirs)) for own, theirs in pairs))


def count(lines: Iterable[str]) -> Counts:
    """Count the statements in a log written with `LOUD`, following each connection through its transactions."""
    counts = Counts()
    wrote: dict[str, bool] = {}  # connections inside a transaction: whether it wrote
    for found in filter(None, (LINE.match(line) for line in lines)):
        connection, word, second = found[1], found[2].upper(), (found[3] or "").upper()
        if word in {"BEGIN", "START"}:
            wrote[connection] = False
        elif word in {"COMMIT", "END"}:
            has_written = wrote.pop(connection, False)
            counts.writing_commits += has_written
            counts.reading_commits += not has_written
        elif word in {"ROLLBACK", "ABORT"}:
            if second != "TO":
                wrote.pop(connection, None)
        elif word not in SILENT:
            counts.queries += 1
            if connection in wrote:
                wrote[connection] |= word in WRITES
            else:
                counts.writing_commits += word in WRITES
    return counts


class Counting:
    """Counts between `with` and its end; slows the server down, so never in a cell that is timed.

    Args:
        url: Of the database, as its superuser.
        log: Where its server writes.
    """

    def __init__(self, url: str, log: Path) -> None:
        self.url, self.log = url, log
        self.counts = Counts()
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._set("ALTER SYSTEM SET {} = '{}'")
        self._began, self._from = time.monotonic(), self.log.stat().st_size
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.monotonic() - self._began
        with self.log.open("rb") as file:
            file.seek(self._from)
            self.counts = count(file.read().decode(errors="replace").splitlines())
        self._set("ALTER SYSTEM RESET {}")

    def _set(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for name, value in LOUD.items():
                connection.execute(statement.format(name, value).encode())
            connection.execute("SELECT pg_reload_conf()")
        time.sleep(SETTLE_SECONDS)


def messages(url: str, query: str) -> dict[str, list[str]]:
    """Conversation → texts, from a query that gives both in their order."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        for conversation, text in connection.execute(query).fetchall():
            found.setdefault(str(conversation), []).append(text)
    return found
