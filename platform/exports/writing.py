"""Files of the dataset: LF, UTF-8 without a byte-order mark, and the SHA-256 of each counted while it is written."""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from exports.cells import canonical, cells
from exports.columns import Column, Row


@dataclass(frozen=True)
class Written:
    """One file: name, SHA-256, size, and data rows where it is a table."""

    name: str
    sha256: str
    size_bytes: int
    rows: int | None = None


class _Counted:
    """Text on its way to a file. Hashes what passes, so that no file is read again."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._digest, self.size_bytes = file, hashlib.sha256(), 0

    def write(self, text: str) -> int:
        data = text.encode("utf-8")
        self._digest.update(data)
        self.size_bytes += len(data)
        return self._file.write(text)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def write_csv(path: Path, columns: Iterable[Column], rows: Iterable[Row]) -> Written:
    """One table, streamed: memory does not grow with the rows."""
    declared, count = list(columns), 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = _Counted(file)
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in declared])
        for row in rows:
            writer.writerow(cells(declared, row))
            count += 1
    return Written(path.name, out.sha256, out.size_bytes, count)


def write_text(path: Path, text: str) -> Written:
    """One file of words."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        out = _Counted(file)
        out.write(text)
    return Written(path.name, out.sha256, out.size_bytes)


def write_json(path: Path, value: object) -> Written:
    """One file of JSON, keys sorted, on one line."""
    return write_text(path, canonical(value) + "\n")
