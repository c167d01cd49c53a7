"""What was acknowledged to whom: kept by the clients, so that the server's tables can be held against it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from flow.forms import PRIVATE

NOT_ANSWERS = PRIVATE | {"key", "rev", "csrfmiddlewaretoken"}


@dataclass(frozen=True)
class Acknowledged:
    """Something that the server said it had taken in.

    Attributes:
        person: The number of the simulated person, from 0.
        key: The form's key; one row of `flow_submission` must hold it.
        outcome: "stored", "stale" or "late", as the row must say; "conflict" when the server said that another answer
            had been saved under this key before: then the row must exist with another body; "said" when a socket took a
            message: then no form came, and an entry of the conversation must hold the words.
        rev: What the form answered to; of a message by socket the name of the conversation.
        body_sha256: What the row must hold (save after a conflict).
        title: The heading of the page, for people who read the ledger.
        data: The answers as sent, by field key.
    """

    person: int
    key: str
    outcome: str
    rev: str
    body_sha256: str
    title: str
    data: Mapping[str, str]


def acknowledged(person: int, outcome: str, form: Mapping[str, str], *, title: str = "") -> Acknowledged:
    """The entry for a form that was sent with everything in it, hidden fields too."""
    data = {name: value for name, value in form.items() if name not in NOT_ANSWERS}
    rev = form.get("rev", "")
    return Acknowledged(person, form.get("key", ""), outcome, rev, body_sha256(rev, data), title, data)


def body_sha256(rev: str, data: Mapping[str, str]) -> str:
    """The fingerprint of an answer, reckoned by the client and stored by the server: both must come to the same."""
    return hashlib.sha256(json.dumps([rev, sorted(data.items())]).encode()).hexdigest()


class Ledger:
    """Entries in the order in which they were acknowledged."""

    def __init__(self) -> None:
        self._entries: list[Acknowledged] = []

    def __iter__(self) -> Iterator[Acknowledged]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Acknowledged) -> None:
        """Keep one more."""
        self._entries.append(entry)

    def write(self, path: Path) -> None:
        """One JSON object per line."""
        lines = (json.dumps(asdict(entry), ensure_ascii=False, sort_keys=True) + "\n" for entry in self)
        path.write_text("".join(lines), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """The ledger that `write` wrote. Raises ValueError or TypeError for a file that is none."""
        ledger = cls()
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line:
                ledger.add(Acknowledged(**json.loads(line)))
        return ledger
