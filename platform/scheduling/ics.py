"""A person's visits as a calendar file (RFC 5545): pure."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_LINE = 73  # octets before a fold; the standard allows 75


@dataclass(frozen=True, slots=True)
class Entry:
    """One visit: a name that no other has and that tells nothing, when it opens and closes, and what it is called."""

    name: str
    opens: datetime
    closes: datetime
    title: str


def entry_name(seed: str, code: str, number: int) -> str:
    """The name of a visit, the same whenever the file is loaded again, from which no pseudonym can be read."""
    return hashlib.sha256(f"{seed}/ics/{code}/{number}".encode()).hexdigest()[:32]


def calendar_text(entries: Sequence[Entry], *, made_at: datetime, url: str) -> str:
    """The file. Lines end as the standard wants them, and long ones are folded."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//visits//EN", "CALSCALE:GREGORIAN"]
    for entry in entries:
        lines += ["BEGIN:VEVENT", f"UID:{entry.name}", f"DTSTAMP:{_stamp(made_at)}", f"DTSTART:{_stamp(entry.opens)}"]
        lines += [f"DTEND:{_stamp(entry.closes)}", f"SUMMARY:{_escaped(entry.title)}", f"URL:{url}"]
        lines += ["TRANSP:TRANSPARENT", "END:VEVENT"]
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _folded(line: str) -> Iterator[str]:
    """Pieces of at most so many octets; all but the first begin with a space. No character is torn apart."""
    piece = ""
    for letter in line:
        if len((piece + letter).encode()) > LONGEST_LINE:
            yield piece
            piece = " "
        piece += letter
    yield piece
