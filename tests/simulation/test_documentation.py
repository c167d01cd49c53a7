"""The page about simulated runs says what is really assumed, and names every table of the report."""

from pathlib import Path

import pytest

from simulation.profile import Profile
from simulation.report import of
from tests.exports import rows
from tests.simulation.small_study import FACTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "simulate.md"


def assumptions() -> str:
    """The table of all assumptions in Markdown."""
    lines = [
        f"| `{one.name}` | {one.value:g} | {one.unit} | {one.meaning} | {one.source} |" for one in Profile().rows()
    ]
    return "\n".join(["| name | value | unit | what it means | where it comes from |", "|---|---|---|---|---|", *lines])


def test_page_lists_every_assumption_as_it_is() -> None:
    assert PAGE.read_text(encoding="utf-8").partition("measured by us.\n\n")[2] == f"{assumptions()}\n"


@pytest.mark.django_db
def test_page_explains_every_table_of_the_report() -> None:
    text = PAGE.read_text(encoding="utf-8")
    titles = [section.title for section in of(rows.make_study(), FACTS).sections if section.name != "run"]
    assert [title for title in titles if f"\n| {title} | " not in text] == []
