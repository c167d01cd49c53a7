"""What leaves while data come in: an explicit list, letters for conditions, and no outcome in any cell."""

import csv
import json
import re
import zipfile
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection

from exports import masked, queries
from exports.columns import Column, Row, Table
from exports.errors import ExportError
from exports.masked import DECIDED, Decided, undecided
from exports.scope import Scope
from exports.services import bundle
from exports.services.bundle import export, export_table, export_zip
from exports.tables import TABLES, columns_of, tables_of
from flow.models import Placing
from matching.models import Group
from participants.models import Participant
from studies import services
from studies.definition import definition
from studies.masking.arms import arms_of
from studies.masking.services import name_monitor, unmask
from studies.models import Slot, Study
from tests.exports import rows
from tests.exports.test_dataset import played, read

pytestmark = pytest.mark.django_db(transaction=True)
WHAT_TO_DO = (
    "Nobody has decided whether these columns may leave while data come in, so they are held back. Name each in "
    "platform/exports/masked.py, under its table: in `leaves` if, beside the letters of the arms, it tells neither a "
    "condition, nor what a partner was or was called, nor an outcome; in `arms` if it holds levels; else in `held`."
)
TELLING = ("hidden", "disclosed", "human", "policy", "Person", "I am fair.", "SUM(A1)", "@all hello", "colours")
"""Levels, kinds, labels, occupants and words that stand in the rows of `played`."""


def recruited(slug: str = "choosing") -> rows.Society:
    """A study in which something of every kind has happened, with recruited people."""
    society = played(slug, is_demo=False)
    Participant.objects.filter(study=society.study).update(origin="link")
    Group.objects.filter(version__study=society.study).update(origin="live")
    return society


def cells_in(folder: Path) -> dict[str, str]:
    """The tables of a dataset as text, by name. The study file and the codebook tell the design, and no data."""
    return {file.stem: file.read_text() for file in folder.glob("*.csv") if file.stem != "codebook"}


def test_every_column_is_decided_on() -> None:
    assert undecided(TABLES) == [], WHAT_TO_DO


def test_every_column_that_a_study_adds_is_decided_on() -> None:
    found = [
        f"{table}.{column}"
        for table, columns in columns_of(definition(rows.make_study().versions.get())).items()
        for column in columns
        if not DECIDED[table].is_about(column)
    ]
    assert found == [], WHAT_TO_DO


def test_the_list_names_no_column_that_is_not_there_and_none_twice() -> None:
    known = {table.name: {column.name for column in table.columns} for table in TABLES}
    assert set(DECIDED) == set(known)
    for name, decided in DECIDED.items():
        listed = [*(one for one in decided.leaves if "*" not in one), *decided.arms, *decided.partly, *decided.held]
        assert sorted(listed) == sorted(set(listed)), name
        assert set(listed) - known[name] == set(), name


def test_what_nobody_decided_on_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(_scope: Scope) -> list[Row]:
        return [{"old": 1, "new": 2}]

    table = Table("things", "A thing", [Column("old", "Old."), Column("new", "New.")], lambda scope: iter(found(scope)))
    monkeypatch.setattr(masked, "DECIDED", {"things": Decided(leaves=frozenset({"old"}))})
    assert undecided([table]) == ["things.new"]
    study = rows.make_study()
    (left,) = masked.masked([table], study)
    assert list(left.rows(Scope(study))) == [{"old": 1}]
    monkeypatch.setattr(masked, "DECIDED", {})
    assert masked.masked([table], study) == []


def test_while_data_come_in_no_cell_tells_a_condition_a_kind_or_an_outcome(tmp_path: Path) -> None:
    society = recruited()
    export(society.study, tmp_path / "out")
    found = cells_in(tmp_path / "out")
    leaving = {name for name, decided in DECIDED.items() if decided.leaves or decided.arms or decided.partly}
    assert set(found) == leaving | {"pooled"}
    assert [(name, word) for name, text in found.items() for word in TELLING if word in text] == []
    for name in ("decisions", "choice_sets", "beliefs", "entries", "exposures", "answers", "events", "calls"):
        assert name not in found
    for table, column in (("placings", "points"), ("payments", "bonus_minor"), ("seats", "kind")):
        assert column not in read(tmp_path / "out", table)[0]


def test_letters_stand_for_conditions_wherever_these_are(tmp_path: Path) -> None:
    society = recruited()
    letter = arms_of(society.study).of("label=disclosed")
    export(society.study, tmp_path / "out")
    for table in ("participants", "groups", "rounds", "allocations"):
        found = read(tmp_path / "out", table)
        assert {row["arm"] for row in found} == {letter}, table
        assert "condition" not in found[0]


@pytest.mark.parametrize(("origin", "group_origin"), [("pilot", "pilot"), ("preview", "demo")])
def test_rows_of_pilots_and_trials_have_no_letter(tmp_path: Path, origin: str, group_origin: str) -> None:
    """Whoever tried it out knows their condition, and would read off its letter."""
    society = recruited()
    tried = rows.make_society(society.study, "gtrialtrial")
    tried.play(number=1, choice="A")
    Participant.objects.filter(seats__group=tried.group).update(origin=origin)
    Group.objects.filter(pk=tried.group.pk).update(origin=group_origin)
    Slot.objects.filter(holder_id=tried.group.pk).update(stratum=f"~{group_origin}")
    export(society.study, tmp_path / "out")
    codes = {tried.group.code, tried.selector.code, tried.candidate.code}
    letter = arms_of(society.study).of("label=disclosed")
    for table in ("participants", "groups", "rounds", "allocations"):
        found = {(bool(codes & set(row.values())), row["arm"]) for row in read(tmp_path / "out", table)}
        assert found == {(True, ""), (False, letter)}, table


def test_no_column_tells_in_which_seats_nobody_sits(tmp_path: Path) -> None:
    society = recruited()
    Placing.objects.filter(seat__occupant="person").update(condition="label=disclosed")  # as where people have levels
    export(society.study, tmp_path / "out")
    automated = f"{society.group.code}-{society.seats['computer'].number}"
    for table in ("seats", "placings"):
        found = read(tmp_path / "out", table)
        for column in found[0]:
            filled = {row["seat"] for row in found if row[column]}
            assert {row["seat"] for row in found} - filled != {automated}, (table, column)
    assert not {"own_levels", "own_arm"} & set(read(tmp_path / "out", "placings")[0])


def test_how_far_people_came_leaves_by_arm(tmp_path: Path) -> None:
    society = recruited()
    export(society.study, tmp_path / "out")
    people = {row["participant"]: row for row in read(tmp_path / "out", "participants")}
    assert people[society.selector.code]["exit"] == "completed"
    assert people[society.selector.code]["arm"] in {"A", "B"}
    assert people[society.selector.code]["tick_take_part"] == "1"
    assert {row["is_void"] for row in read(tmp_path / "out", "rounds")} == {"0", "1"}
    assert [row["waited_s"] for row in read(tmp_path / "out", "waits")] == ["61"]


def test_rounds_are_not_told_where_a_factor_decides_numbers_of_the_game(tmp_path: Path) -> None:
    study = recruited().study
    export(study, tmp_path / "alike")
    assert {row["void_step"] for row in read(tmp_path / "alike", "rounds")} == {"", "decide"}
    assert {row["rounds_begun"] for row in read(tmp_path / "alike", "groups")} != {""}
    said = rows.definition("choosing")
    asked = {"by": "label", "values": {"hidden": "none", "disclosed": "every_round"}}
    rows.make_version(study, 2, said=rows.with_parameters(said, beliefs_ask=asked))
    export(study, tmp_path / "out")
    assert {row["rounds_begun"] for row in read(tmp_path / "out", "groups")} == {""}
    assert [read(tmp_path / "out", name) for name in ("rounds", "placings", "rests")] == [[], [], []], "nor counted"


def test_exclusions_leave_only_where_they_are_no_outcome(tmp_path: Path) -> None:
    society = recruited()
    later = {"id": "few", "rule": "rounds_completed < 1", "when": "post_treatment", "registered": False}
    said = rows.definition("choosing")
    rows.make_version(society.study, 2, said=said | {"exclusions": [*said["exclusions"], later]})
    Participant.objects.update(version=society.study.versions.get(number=2))
    rows.record(society.study, "stage.opened", ("session", society.selector.sessions.get().pk), stage="quiz")
    rows.record(society.study, "stage.closed", ("session", society.selector.sessions.get().pk), stage="quiz")
    export(society.study, tmp_path / "out")
    mine = [row for row in read(tmp_path / "out", "exclusions") if row["participant"] == society.selector.code]
    assert {row["rule"]: row["is_met"] for row in mine} == {"tries": "0", "few": ""}


def test_masked_bundle_says_what_it_is(tmp_path: Path) -> None:
    society = recruited()
    export(society.study, tmp_path / "out")
    said = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (said["is_masked"], said["masking"]) == (True, "masked")
    assert {"decisions", "events"} <= set(said["tables_held_back"])
    assert {f"{name}.csv" for name in said["tables_held_back"]} & {file["name"] for file in said["files"]} == set()
    readme = (tmp_path / "out" / "README.md").read_text()
    assert readme.startswith("**MASKED. Data are still coming in.")
    missing = re.search(r"all of ([\w, ]+)\. `pooled`", " ".join(readme.split()))
    assert missing is not None
    assert missing[1].split(", ") == said["tables_held_back"]
    assert "are masked for everybody but a named monitor" in (tmp_path / "out" / "deviations.md").read_text()
    with zipfile.ZipFile(export_zip(society.study, tmp_path)) as opened:
        assert opened.read("choosing/README.md").decode() == readme


def test_codebook_of_a_masked_bundle_is_about_its_columns(tmp_path: Path) -> None:
    export(recruited().study, tmp_path / "out")
    book = {(row["where"], row["name"]) for row in read(tmp_path / "out", "codebook") if row["entry"] == "column"}
    found = set()
    for file in (tmp_path / "out").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as opened:
            found |= {(file.stem, name) for name in next(csv.reader(opened))}
    assert found == book


@pytest.mark.parametrize("way", ["close", "unmask"])
def test_once_it_is_closed_or_unmasked_everything_is_there(tmp_path: Path, way: str) -> None:
    study = recruited().study
    if way == "close":
        services.close_study(study)
    else:
        unmask(study, reason="one arm seemed to upset people", by="ana", role="monitor")
    export(study, tmp_path / "out")
    assert {table.name: table.header for table in tables_of(study)} == {
        name: text.partition("\n")[0].split(",") for name, text in cells_in(tmp_path / "out").items()
    }
    said = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (said["is_masked"], said["tables_held_back"]) == (False, [])
    assert said["masking"] == ("ended" if way == "close" else "unmasked")
    assert "MASKED" not in (tmp_path / "out" / "README.md").read_text()


def test_trials_and_a_pilot_before_the_first_recruited_person_are_not_masked(tmp_path: Path) -> None:
    society = played(is_demo=False)
    Participant.objects.update(origin="pilot")
    export(society.study, tmp_path / "before")
    assert "label=disclosed" in cells_in(tmp_path / "before")["participants"]
    Participant.objects.filter(pk=society.candidate.pk).update(origin="link")
    export(society.study, tmp_path / "after")
    assert "label=disclosed" not in cells_in(tmp_path / "after")["participants"], "the pilot tells of the main study"


def test_a_monitor_gets_everything_and_others_do_not(tmp_path: Path) -> None:
    study = recruited().study
    ana, owner = (User.objects.create(username=name, is_staff=True) for name in ("ana", "owner"))
    services.add_member(study, owner, role="owner")
    name_monitor(study, ana, by="root")
    found = {name: {one.table.name for one in queries.counts(study, reader)} for name, reader in
             (("ana", ana.pk), ("owner", owner.pk), ("server", None))}  # fmt: skip
    assert found["ana"] == {table.name for table in TABLES}
    assert found["owner"] == found["server"] == set(names_leaving(study))
    assert queries.first_rows(study, "decisions", 5, ana.pk)[1]
    for reader in (owner.pk, None):
        with pytest.raises(ExportError) as refused:
            queries.first_rows(study, "decisions", 5, reader)
        assert refused.value.code == "held_back"
        with pytest.raises(ExportError, match="until collection of choosing is closed"):
            export_table(study, "decisions", tmp_path, reader=reader)
    export(study, tmp_path / "out", reader=ana.pk)
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["is_masked"] is False
    assert "label=disclosed" in cells_in(tmp_path / "out")["groups"]


def names_leaving(study: Study) -> list[str]:
    """The tables that may leave in part."""
    return ["pooled", *(table.name for table in masked.masked(tables_of(study), study))]


def test_an_export_that_has_begun_stays_masked_whatever_happens_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is masked is decided in the snapshot from which the rows are read."""
    study = recruited().study
    has_begun, is_unmasked = Flag(), Flag()
    original = bundle._write_table

    def slow(one: Study, table: Table, folder: Path) -> bundle.Written:
        has_begun.set()
        assert is_unmasked.wait(20)
        return original(one, table, folder)

    monkeypatch.setattr(bundle, "_write_table", slow)

    def write() -> None:
        try:
            export(study, tmp_path / "out")
        finally:
            connection.close()

    thread = Thread(target=write)
    thread.start()
    assert has_begun.wait(20)
    unmask(study, reason="one arm seemed to upset people", by="ana", role="monitor")
    is_unmasked.set()
    thread.join(60)
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["masking"] == "masked"
    assert [word for text in cells_in(tmp_path / "out").values() for word in TELLING if word in text] == []
