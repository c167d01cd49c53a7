"""From a value to a CSV cell. Repeatable to the byte, and harmless in a spreadsheet."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from exports.columns import Column

# A spreadsheet takes such a cell for a formula. Leading apostrophes count, so that taking one away restores every text.
# The last four are the wide forms of the first, as East Asian keyboards write them.
FORMULA = re.compile(r"^'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


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
    return [cell(column, row[column.name]) for column in columns]


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def listed(values: Iterable[str]) -> str:
    """Several words in one cell: "A|B"."""
    return "|".join(values)
