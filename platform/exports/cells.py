"""From a value to a CSV cell. Repeatable to the byte, and harmless in a spreadsheet."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from exports.columns import OUTLIVED, Column
from participants.models import PURGED_TEXT

# A spreadsheet takes such a cell for a formula. Leading apostrophes count, so that taking one away restores every text.
# The last four are the wide forms of the first, as East Asian keyboards write them.
FORMULA = re.compile(r"^'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
OF_WORDS = frozenset({"n_chars", "claimed_kind", "asked_kind", "announces_identity", "text_sha256"})
"""Columns that are worked out from the words beside them."""


def cell(column: Column, value: object) -> str:
    """The cell of one value; None becomes empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if column.type == "json":
        return canonical(value)
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    words = value if isinstance(value, str) else canonical(value)
    return f"'{words}" if column.type == "text" and FORMULA.match(words) else words


def cells(columns: Sequence[Column], row: Mapping[str, object]) -> list[str]:
    """One line.

    Raises:
        KeyError: the row lacks a column or has one that is not declared.
    """
    if len(row) != len(columns):
        raise KeyError(f"row has {sorted(row)}, declared are {sorted(column.name for column in columns)}")
    told = unpurged(row) if PURGED_TEXT in row.values() else row
    return [cell(column, told[column.name]) for column in columns]


def unpurged(row: Mapping[str, object]) -> Mapping[str, object]:
    """A row of which words were deleted because their time was over: they are missing, and what is counted of them.

    Why, says `missing_reason`, where a table has it; a withdrawal says it before.
    """
    new = {name: None if value == PURGED_TEXT or name in OF_WORDS else value for name, value in row.items()}
    if "missing_reason" in new:
        new["missing_reason"] = new["missing_reason"] or OUTLIVED
    return new


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def listed(values: Iterable[str]) -> str:
    """Several words in one cell: "A|B"."""
    return "|".join(values)
