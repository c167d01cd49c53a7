"""What was played, from the reports that pytest wrote: `python -m tests.machinery.played FOLDER`."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

SEEN = "seen"
"""The name under which a test keeps a line of what it has counted."""
OUTCOMES = {"failure": "FAILED", "error": "FAILED", "skipped": "skipped"}


@dataclass(frozen=True)
class Case:
    """One test of a part, and what it has counted."""

    name: str
    outcome: str
    seconds: float
    seen: Sequence[str] = ()


def cases_of(file: Path) -> list[Case]:
    """The tests of a report in JUnit's form, the longest first."""
    cases = ElementTree.parse(file).getroot().iter("testcase")
    found = [
        Case(
            f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}",
            next((OUTCOMES[part.tag] for part in case if part.tag in OUTCOMES), "passed"),
            float(case.get("time", "0")),
            [one.get("value", "") for one in case.iter("property") if one.get("name") == SEEN],
        )
        for case in cases
    ]
    return sorted(found, key=lambda test: -test.seconds)


def lines(parts: dict[str, Sequence[Case]]) -> Iterator[str]:
    """Each part with its tests, and at last what it comes to."""
    total: Counter[str] = Counter()
    for part, tests in parts.items():
        seconds = sum(test.seconds for test in tests)
        yield f"{part}: {_counted(Counter(test.outcome for test in tests))}, {seconds:.0f} s of tests"
        for test in tests:
            yield f"  {test.seconds:6.0f} s  {test.outcome}  {test.name}"
            yield from (f"{'':12}{line}" for line in test.seen)
        total.update(test.outcome for test in tests)
    yield f"played: {_counted(total)}"


def _counted(outcomes: Counter[str]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items())) or "nothing"


if __name__ == "__main__":
    reports = sorted(Path(sys.argv[1]).glob("*.xml"), key=lambda file: file.stat().st_mtime)
    sys.stdout.write("\n".join(lines({file.stem: cases_of(file) for file in reports})) + "\n")
