"""One table of a report: columns with units, rows of numbers, and what the numbers leave out. Goes to JSON and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from simulation.figures import FEW

Cell = str | int | float | None
STORED_DECIMALS = 6


@dataclass(frozen=True)
class Column:
    """A column.

    Args:
        name: For programs; numbers carry their unit in it.
        title: For people, the unit after a comma.
        decimals: How many a number that is not whole is shown with; None: as many as it has, at most six digits.
    """

    name: str
    title: str
    decimals: int | None = 1

    def shown(self, cell: Cell) -> str:
        """A cell as people read it; a dash where there is no number."""
        if cell is None:
            return "-"
        if not isinstance(cell, float):
            return str(cell)
        return f"{cell:g}" if self.decimals is None else f"{cell:.{self.decimals}f}"


@dataclass(frozen=True)
class Section:
    """One table. `leaves_out` says in whole sentences what its numbers do not hold and how they are meant."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    leaves_out: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """For storing: each row by the names of its columns."""
        names = [column.name for column in self.columns]
        return {
            "name": self.name,
            "title": self.title,
            "columns": [asdict(column) for column in self.columns],
            "rows": [dict(zip(names, map(_stored, row), strict=True)) for row in self.rows],
            "leaves_out": list(self.leaves_out),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Section":
        """The inverse of `as_json`."""
        columns = [Column(**column) for column in said["columns"]]
        rows = [[row[column.name] for column in columns] for row in said["rows"]]
        return cls(said["name"], said["title"], columns, rows, said["leaves_out"])

    def shown_rows(self) -> list[list[str]]:
        """Every cell as people read it."""
        return [[column.shown(cell) for column, cell in zip(self.columns, row, strict=True)] for row in self.rows]

    def is_number(self, index: int) -> bool:
        """Whether a column holds numbers only, and so is set flush right."""
        return not any(isinstance(row[index], str) for row in self.rows)


def _stored(cell: Cell) -> Cell:
    return round(cell, STORED_DECIMALS) if isinstance(cell, float) else cell


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 person", "2 people"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def few(sizes: Mapping[str, int]) -> list[str]:
    """The sentence that must stand under percentiles of small groups; nothing where all are large enough."""
    small = [f"{name} ({size})" for name, size in sizes.items() if 0 < size < FEW]
    if not small:
        return []
    return [f"Fewer than {FEW} stand behind the figures of {', '.join(small)}: read their percentiles as single cases."]
