"""How a table declares itself: the same declaration gives the CSV header, the codebook and the page that shows it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from exports.scope import Scope
from studies.models import Study
from studies.schema import StudyFile

ColumnType = Literal["string", "text", "integer", "number", "boolean", "json"]
Row = Mapping[str, object]

IN_PROGRESS = "not yet: still going on when the data were written"
WITHDRAWN = "the person asked that their data be deleted"
GONE, BY_PARTNER, FROM_BOTH = "withdrawn", "withdrawn_partner", "withdrawn_consent"
"""Why a value is missing: its own person withdrew; words that may repeat a partner's who withdrew, deleted or not yet
released; a number worked out from what both did."""
OUTLIVED = "purged"
"""Why words are missing: the time for which the study keeps them is over."""


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: The header.
        label: One plain sentence.
        type: "text" is free words, the only type whose cells may get a leading apostrophe.
        unit: "s", "ms", "points" …
        allowed: Values or range.
        missing: What an empty cell means; "never empty" when there is none.
        source: Where it comes from, if not from the platform.
    """

    name: str
    label: str
    type: ColumnType = "string"
    unit: str = ""
    allowed: str = ""
    missing: str = "never empty"
    source: str = ""

    def __post_init__(self) -> None:
        if not self.label:
            raise ValueError(f"column {self.name} has no label")


@dataclass(frozen=True)
class Table:
    """One CSV: a row per fact. `rows` yields mappings with exactly the columns' names, in a repeatable order.

    `more` gives the columns that the versions of a study add; `of` puts them behind the others. `planned` gives those
    that a study file would add.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Callable[[Scope], Iterator[Row]]
    more: Callable[[Study], Sequence[Column]] | None = None
    planned: Callable[[StudyFile], Sequence[Column]] | None = None

    def of(self, study: Study) -> "Table":
        """This table with the columns that one study has in it."""
        return replace(self, columns=[*self.columns, *self.more(study)], more=None) if self.more else self

    @property
    def header(self) -> list[str]:
        """The columns' names in order."""
        return [column.name for column in self.columns]
