"""The lines of somebody's pay in words: what each is for, and how it is worked out."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from paradigm import Table
from studies.money import amount_text, minor_text


def pay_tables(lines: Sequence[Mapping[str, Any]], currency: str, *, caption: str) -> list[Table]:
    """One table with a line for each amount and the sum of all; none where nothing is paid.

    Args:
        lines: As a settlement keeps them.
    """
    if not lines:
        return []
    rows = [
        (
            _what(line["what"]),
            _because(line["what"], line["because"], currency),
            minor_text(line["amount_minor"], currency),
        )
        for line in lines
    ]
    rows.append((_("Total"), "", minor_text(sum(line["amount_minor"] for line in lines), currency)))
    return [Table(caption=caption, columns=[_("For"), _("How it is worked out"), _("Amount")], rows=rows)]


def _what(what: str) -> str:
    names = {
        "base": _("Taking part"),
        "fixed": _("Your time"),
        "visits": _("Visits"),
        "bonus": _("Points"),
        "waiting": _("Waiting"),
    }
    return names[what]


def _because(what: str, numbers: dict[str, str], currency: str) -> str:
    if what == "bonus":
        return _of_points(numbers, currency)
    if what == "visits":
        each = amount_text(Decimal(numbers["each"]), currency)
        words = ngettext("%(n)d visit at %(rate)s", "%(n)d visits at %(rate)s each", int(numbers["visits"]))
        return words % {"n": int(numbers["visits"]), "rate": each}
    if what == "waiting":
        minutes = int(numbers["minutes"])
        slots = {"n": minutes, "rate": amount_text(Decimal(numbers["per_minute"]), currency)}
        words = ngettext("%(n)d started minute, at %(rate)s", "%(n)d started minutes, at %(rate)s each", minutes)
        return words % slots
    return ""


def _of_points(numbers: dict[str, str], currency: str) -> str:
    points = int(numbers["points"])
    slots = {"n": points, "rate": amount_text(Decimal(numbers["rate"]), currency)}
    words = ngettext("%(n)d point at %(rate)s", "%(n)d points at %(rate)s each", points) % slots
    if "rounds" in numbers:
        words = f"{_drawn(numbers['rounds'])} {words}"
    most = numbers.get("most")
    if not most:
        return words
    return _("%(words)s, at most %(most)s") % {"words": words, "most": amount_text(Decimal(most), currency)}


def _drawn(rounds: str) -> str:
    """Which rounds chance has drawn."""
    if not rounds:
        return _("No round was drawn:")
    words = ngettext("Drawn by chance: round %(rounds)s.", "Drawn by chance: rounds %(rounds)s.", rounds.count(",") + 1)
    return words % {"rounds": rounds}
