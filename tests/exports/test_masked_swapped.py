"""Two worlds that differ by which group had which condition: masked, they differ by their letters alone."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from exports import masked
from exports.masked import DECIDED
from exports.services.bundle import export
from flow.models import Debriefing, Placing
from matching.models import Group, Seat, Ticket
from participants.models import Participant
from studies.masking.arms import arms_of
from studies.models import Study
from tests.exports import rows
from tests.exports.test_dataset import read

pytestmark = pytest.mark.django_db(transaction=True)
CONDITIONS = ("label=hidden", "label=disclosed")
Tables = dict[str, list[dict[str, str]]]


def world(slug: str, *, is_swapped: bool) -> Study:
    """Ten groups of recruited people that do the same in both worlds."""
    study = rows.make_study(slug)
    for number in range(10):
        condition = CONDITIONS[(number + is_swapped) % 2]
        society = rows.make_society(study, f"g{number:04}{slug}", condition=condition)
        rows.make_award(society, society.play(number=1, choice="AB"[number % 2], returned=number))
        rows.make_call(society.play(number=2, choice=None).bot_turns.get(path="decide"))
        Placing.objects.filter(match__group=society.group, seat__occupant="person").update(condition=condition)
        rows.make_ticket(society.selector, waited_seconds=61)
        rows.make_answer(society.selector, "after", "gender", ["woman", "man"][number % 2])
        rows.make_page(society.selector, "quiz", title=condition)
        rows.record(study, "group.formed", ("group", society.group.pk), condition=condition)
        Debriefing.objects.create(participant=society.selector, how="last_page", delivered_at=rows.BEGAN)
        rows.make_settlement(society.selector, base_minor=400, bonus_minor=44, waiting_minor=20, points=22)
        Participant.objects.filter(seats__group=society.group).update(
            origin="link", status="finished", exit="completed", ended_at=rows.BEGAN + timedelta(hours=number)
        )
    Group.objects.filter(version__study=study).update(origin="live", status="complete", ended_at=rows.BEGAN)
    Seat.objects.filter(group__version__study=study).update(status="done")
    Ticket.objects.update(joined_at=rows.BEGAN, ended_at=rows.BEGAN)
    return study


def cells(study: Study, folder: Path) -> Tables:
    """What a masked dataset holds, table by table, under names that are the same in both worlds."""
    export(study, folder)
    tables = [file.stem for file in folder.glob("*.csv") if file.stem != "codebook"]
    found = {name: read(folder, name) for name in tables}
    return {
        name: [{k: v.replace(study.slug[:-2], "world") for k, v in row.items()} for row in found[name]]
        for name in found
    }


def both(tmp_path: Path) -> tuple[Tables, Tables]:
    """The tables of the one world, and those of the other with its letters swapped."""
    one, two = world("worldonexx", is_swapped=False), world("worldtwoxx", is_swapped=True)
    first, second = cells(one, tmp_path / "one"), cells(two, tmp_path / "two")
    hidden, disclosed = map(arms_of(one).of, CONDITIONS)
    assert {row["arm"] for row in first["groups"]} == {hidden, disclosed}
    other = {hidden: disclosed, disclosed: hidden}
    swapped = {
        name: [row | ({"arm": other[row["arm"]]} if "arm" in row else {}) for row in found]
        for name, found in second.items()
    }
    assert first != second, "letters there are"
    return first, swapped


def test_worlds_with_conditions_swapped_differ_by_their_letters_alone(tmp_path: Path) -> None:
    first, swapped = both(tmp_path)
    filled = {name for name, found in first.items() if found}
    assert filled >= {
        "participants",
        "sessions",
        "waits",
        "groups",
        "seats",
        "rounds",
        "placings",
        "allocations",
        "pooled",
    }
    assert first == swapped


def test_a_column_that_tells_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = DECIDED["placings"]
    telling = replace(told, leaves=told.leaves | {"match_label"}, held=told.held - {"match_label"})
    monkeypatch.setattr(masked, "DECIDED", {**DECIDED, "placings": telling})
    first, swapped = both(tmp_path)
    assert {name for name, found in first.items() if found != swapped[name]} == {"placings"}
