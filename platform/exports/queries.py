"""Reads for the researcher's pages: the first rows of each table, as they would be written.

Whether a table is masked for its reader is decided in the snapshot from which its rows are read.
"""

from dataclasses import dataclass
from itertools import islice

from exports.cells import cells
from exports.codebook import codebook
from exports.columns import Row, Table
from exports.scope import Scope
from exports.services.snapshot import snapshot
from exports.tables import table_for, tables_for, tables_of
from studies.models import Study

MOST_COUNTED = 2000


@dataclass(frozen=True)
class Counted:
    """A table and its number of rows, counted up to `MOST_COUNTED`."""

    table: Table
    rows: int

    @property
    def is_more(self) -> bool:
        """Whether counting stopped before the end."""
        return self.rows >= MOST_COUNTED


def counts(study: Study, reader: int | None) -> list[Counted]:
    """Every table that a reader may have with its rows, all from one snapshot."""
    with snapshot():
        scope = _scope(study)
        tables = tables_for(scope.study, reader)
        return [Counted(table, sum(1 for _ in islice(table.rows(scope), MOST_COUNTED))) for table in tables]


def first_rows(study: Study, name: str, limit: int, reader: int | None) -> tuple[Table, list[list[str]]]:
    """A table as a reader may have it, and its first rows as cells.

    Raises:
        ExportError: "unknown_table", "held_back".
    """
    with snapshot():
        scope = _scope(study)
        table = table_for(name, scope.study, reader)
        return table, [cells(table.columns, row) for row in islice(table.rows(scope), limit)]


def _scope(study: Study) -> Scope:
    return Scope(Study.objects.get(pk=study.pk))  # as the snapshot shows it


def codebook_rows(study: Study) -> list[Row]:
    """The codebook of a study, with every column: it tells what is asked, and nothing of what came of it."""
    with snapshot():
        return list(codebook(tables_of(study), study))
