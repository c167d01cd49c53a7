"""What may be wrong with a study file, said so that its author can mend it; and the one exception of this app."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Args:
        path: Where, in the words of the file: "waves[main].stages[quiz].on_fail.exit".
        code: "E…" blocks freezing, "W…" warns; listed in docs/study-file.md.
        what: What was found.
        remedy: What to do.
        line: Line in the file, from 1, where it is known.
    """

    path: str
    code: str
    what: str
    remedy: str
    line: int | None = None

    @property
    def severity(self) -> Severity:
        """Whether it blocks freezing."""
        return "error" if self.code.startswith("E") else "warning"

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return f"{self.code} {self.path}{where}: {self.what} {self.remedy}".strip()


class StudyError(Exception):
    """A study could not be checked, frozen, changed or found. `code` is for programs, the text names the remedy."""

    def __init__(self, code: str, text: str, *, problems: Sequence[Problem] = ()) -> None:
        super().__init__(text)
        self.code = code
        self.problems = list(problems)


def errors(problems: Sequence[Problem]) -> list[Problem]:
    """Only those that block."""
    return [problem for problem in problems if problem.severity == "error"]
