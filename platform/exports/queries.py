"""Reads for the researcher's pages: the first rows of each table, as they would be written."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from exports.cells import cells
from exports.codebook import codebook
from exports.columns import Row, Table
from exports.scope import Scope
from exports.services.snapshot import snapshot
from exports.tables import tables_of
from exports.writing import write_csv
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


def counts(study: Study) -> list[Counted]:
    """Every table with its rows, all from one snapshot."""
    with snapshot():
        scope = Scope(study)
        return [Counted(table, sum(1 for _ in islice(table.rows(scope), MOST_COUNTED))) for table in tables_of(study)]


def first_rows(study: Study, table: Table, limit: int) -> list[list[str]]:
    """The first rows of a table as cells."""
    with snapshot():
        return [cells(table.columns, row) for row in islice(table.rows(Scope(study)), limit)]


def csv_of(study: Study, table: Table) -> Iterator[bytes]:
    """One table as a file's bytes. Written first and sent then: a slow reader must not hold the snapshot open."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{table.name}.csv"
        with snapshot():
            write_csv(path, table.columns, table.rows(Scope(study)))
        with path.open("rb") as file:
            while block := file.read(64 * 1024):
                yield block


def codebook_rows(study: Study) -> list[Row]:
    """The codebook of a study."""
    with snapshot():
        return list(codebook(tables_of(study), study))
