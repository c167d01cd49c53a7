"""Rules about people that need no database. Pure."""

from calendar import monthrange
from datetime import datetime

DECEMBER = 12


def a_month_after(at: datetime) -> datetime:
    """By when a wish of that instant must be done: the same day of the next month, or its last day if it is shorter."""
    year, month = (at.year, at.month + 1) if at.month < DECEMBER else (at.year + 1, 1)
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))
