"""Lengths of time as a study file writes them: "3d", "48h", "90m". Days are the calendar's; hours and minutes pass."""

import re
from dataclasses import dataclass
from datetime import date, time, timedelta

SPAN_PATTERN = r"^\d{1,4}[dhm]$"
CLOCK_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$"
DATE_PATTERN = r"^\d{4}-\d{2}-\d{2}$"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: whole days of the calendar, which may have 23 or 25 hours, or time that passes."""

    days: int = 0
    rest: timedelta = timedelta(0)

    @property
    def nominal(self) -> timedelta:
        """With days of 24 hours: how long a window lasts, and what is compared with what."""
        return timedelta(days=self.days) + self.rest


def is_span(said: str) -> bool:
    """Whether a text is a length of time."""
    return said.isascii() and "\n" not in said and re.match(SPAN_PATTERN, said) is not None


def span(said: str) -> Span:
    """Read a length of time that a check has accepted."""
    number, unit = int(said[:-1]), said[-1]
    if unit == "d":
        return Span(days=number)
    return Span(rest=timedelta(hours=number) if unit == "h" else timedelta(minutes=number))


def is_clock(said: str) -> bool:
    """Whether a text is a time of day, from 00:00 to 23:59."""
    return said.isascii() and "\n" not in said and re.match(CLOCK_PATTERN, said) is not None


def clock(said: str) -> time:
    """Read a time of day that a check has accepted."""
    return time(int(said[:2]), int(said[3:]))


def is_date(said: str) -> bool:
    """Whether a text is a day that the calendar has."""
    if "\n" in said or not said.isascii() or re.match(DATE_PATTERN, said) is None:
        return False
    try:
        date.fromisoformat(said)
    except ValueError:
        return False
    return True


def spelled(length: timedelta) -> str:
    """A length of time as a message says it: "3d", "50h", "90m"."""
    minutes = int(length.total_seconds() // 60)
    if minutes % 60:
        return f"{minutes}m"
    hours = minutes // 60
    return f"{hours // 24}d" if hours and hours % 24 == 0 and hours > 48 else f"{hours}h"
