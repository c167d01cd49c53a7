"""Where two people may stay partners, times of visits tell who has one: while data come in, nothing shows them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.urls import reverse

from config.management.commands import participant as command
from console.visits import grid_of
from exports.columns import Row
from exports.instead import Instead
from exports.masked import masked
from exports.scope import Scope
from exports.tables.reminders import REMINDERS
from scheduling.models import ScheduledSession
from studies.masking.standing import is_masked
from studies.models import Version
from tests.console.conftest import SignIn
from tests.console.test_masking import main_of, run
from tests.machinery.people import make_version, newcomer, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import enrolled, made, pass_to, person_of
from tests.scheduling.test_couples import SIX

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = ("planned_s", "moved_s", "sent_s")


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:  # noqa: F811
    return made(make_version)


def test_command_says_neither_why_nor_when_while_masked(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    code = person_of(enrolled(version, newcomer)[0]).code
    ScheduledSession.objects.filter(participant__code=code, number=2).update(reason="kept_waiting")
    monkeypatch.setattr(command, "is_masked", lambda _study: False)
    whole = run("participant", "show", code)
    assert "visit 1          talk 1: planned, opens 2027-03-23 17:00, closes" in whole
    assert "visit 2          talk 2: planned (kept_waiting)" in whole
    monkeypatch.setattr(command, "is_masked", lambda _study: True)
    shown = run("participant", "show", code)
    assert [line.split(maxsplit=2)[2] for line in shown.splitlines() if line.startswith("visit ")][-3:] == [
        "talk 1: planned", "talk 2: planned", "final 1: planned",
    ]  # fmt: skip
    assert "17:00" not in shown
    assert "kept_waiting" not in shown


def test_grid_has_states_and_no_times_while_masked(version: Version, sign_in: SignIn) -> None:
    both = enrolled(version, newcomer)
    pass_to(SIX, *both)
    grids = [grid_of(version.study, is_masked=held) for held in (False, True)]
    cells = [[cell for row in grid.rows for cell in row.cells] for grid in grids]
    assert [cell.state for cell in cells[0]] == [cell.state for cell in cells[1]]
    assert "until 03-23 18:30" in [cell.when for cell in cells[0]]
    assert {cell.when for cell in cells[1]} == {""}
    assert [{row.risk for row in grid.rows} for grid in grids] == [
        {"not begun, closes in 2 h"},
        {"not begun, closes soon"},
    ]

    browser, page = sign_in(version.study, "operator"), reverse("visits", args=[version.study.slug])
    assert is_masked(version.study)
    assert "18:30" not in main_of(browser.get(page))


def test_reminders_leave_without_times_while_masked(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {column.name: None for column in REMINDERS.columns} | {"state": "sent", "planned_s": 60.0} | {
        "moved_s": 30.0, "sent_s": 91.0,
    }  # fmt: skip

    def rows(scope: Scope) -> Iterator[Row]:
        yield said

    def left() -> Row:
        (table,) = masked([replace(REMINDERS, rows=rows)], version.study)
        (row,) = table.rows(Scope(version.study))
        return row

    assert [left()[name] for name in TIMES] == [None, None, None]
    assert left()["state"] == "sent"
    monkeypatch.setattr(Instead, "has_pairs", False)
    assert [left()[name] for name in TIMES] == [60.0, 30.0, 91.0], "where nobody lasts they tell nothing"
