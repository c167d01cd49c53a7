"""What simulated people were told, and which of it has been met in the tables."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from verification.report import Report

CONFLICT, STORED, SAID = "conflict", "stored", "said"


class Acknowledged(Protocol):
    """A form that the server said it had taken in, as `simulation.ledger` keeps it.

    Attributes:
        outcome: "stored", "stale" or "late", as the row must say; "conflict" where the server said that another answer
            was saved under the key; "said" where a socket took a message, of which an entry is the only row.
        body_sha256: What the row must hold, save after a conflict.
        data: The answers as sent.
    """

    @property
    def person(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def rev(self) -> str: ...
    @property
    def body_sha256(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def data(self) -> Mapping[str, str]: ...


class Told:
    """A ledger by key. An acknowledgement that came twice, after a lost answer, is one and the same.

    Attributes:
        may_be_erased: How many people may have no row left. Whoever has one was not erased.
    """

    def __init__(self, report: Report, ledger: Iterable[Acknowledged]) -> None:
        self._report = report
        self._entries: dict[str, dict[str, Acknowledged]] = defaultdict(dict)  # key -> outcome -> entry
        self._altered: set[str] = set()
        self._met: Counter[tuple[str, str]] = Counter()  # kind, key
        self.may_be_erased = 0
        for entry in ledger:
            if entry.outcome not in self._entries[entry.key]:
                report.ledger["acknowledged"] += 1
                self._entries[entry.key][entry.outcome] = entry
                if entry.body_sha256 != body_sha256(entry.rev, entry.data):
                    self.differs(entry, "a hash of what was sent", entry.body_sha256)

    def stored(self, key: str) -> Acknowledged | None:
        """What was acknowledged as stored under a key, by a form or a socket."""
        entries = self._entries.get(key, {})
        return entries.get(STORED) or entries.get(SAID)

    def differs(self, entry: Acknowledged, expected: object, found: object) -> None:
        """Something acknowledged is not as it was sent or told."""
        self._altered.add(entry.key)
        self._report.differ("acknowledged form altered", _where(entry), expected, found)

    def meet_form(self, key: str, *, outcome: str, body: str) -> None:
        """A form of the study stands among the submissions."""
        if key not in self._entries:
            return
        self._meet("submission", key)
        for told, entry in self._entries[key].items():
            if told == SAID:  # no answer came, or too late: the same message by its form
                continue
            if told == CONFLICT:
                if entry.body_sha256 == body:
                    self.differs(entry, "another answer under this key", "the same")
                continue
            if told != outcome:
                self.differs(entry, told, outcome)
            if entry.body_sha256 != body:
                self.differs(entry, f"body {entry.body_sha256[:12]}", f"body {body[:12]}")

    def meet_said(self, keys: Collection[str]) -> None:
        """Entries stand in conversations under these keys, by whichever way they came."""
        self._met.update((SAID, key) for key in keys)

    def meet(self, kind: str, key: str) -> Acknowledged | None:
        """An act or an entry came by a form; what was acknowledged of it, if anything."""
        entry = self.stored(key)
        if entry is not None:
            self._meet(kind, key)
        return entry

    def _meet(self, kind: str, key: str) -> None:
        self._met[kind, key] += 1
        if self._met[kind, key] == 2:
            self._report.ledger["doubled"] += 1
            entry = next(iter(self._entries[key].values()))
            self._report.differ("acknowledged form doubled", _where(entry), f"one {kind}", "a second one")

    def close(self) -> None:
        """Everything has been met that is there: what was not is lost, save that of people who were erased."""
        erased = self.may_be_erased
        missing: dict[int, list[Acknowledged]] = defaultdict(list)
        present: set[int] = set()
        counts = self._report.ledger
        for key, entries in self._entries.items():
            for entry in entries.values():
                if self._met[SAID if entry.outcome == SAID else "submission", key]:
                    present.add(entry.person)
                    counts["found"] += 1
                else:
                    missing[entry.person].append(entry)
        counts["altered"] = len(self._altered)
        for person, entries_of in sorted(missing.items()):
            if person not in present and erased > 0:
                erased -= 1
                counts["erased"] += len(entries_of)
                continue
            counts["lost"] += len(entries_of)
            for entry in entries_of:
                self._report.differ("acknowledged form lost", _where(entry), entry.outcome, "nothing")


def body_sha256(rev: str, data: Mapping[str, str]) -> str:
    """What a submission must hold, reckoned from what was sent."""
    return hashlib.sha256(json.dumps([rev, sorted(data.items())]).encode()).hexdigest()


def _where(entry: Acknowledged) -> str:
    return f"person {entry.person}, {entry.title or 'a page'}, {entry.key}"
