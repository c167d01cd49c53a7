"""Checks: a row for each that a person came to, and rates that a script of its own counts again from the files."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from exports.services.bundle import export
from matching.models import Group
from measures.models import Answer
from participants.models import Participant
from scheduling.models import Session
from studies.models import Study
from tests.exports import recompute_checks, rows
from tests.exports.test_tables import only, table
from tests.machinery.erasing import erasing

pytestmark = pytest.mark.django_db(transaction=True)
ATTENTION = '- {id: read, type: rating, label: "Please pick 2.", correct: 2, attention: true}\n'
CHECK = {"item": "gender", "expected": {"hidden": ["woman"], "disclosed": "man"}}
ROW = ("participant", "kind", "item", "factor", "condition", "tries", "answer", "expected", "passed", "passed_first")


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Study:
    """Two groups, one of each condition; who is a man passes where kinds are displayed."""
    monkeypatch.setitem(rows.FILES, "survey.yaml", rows.SURVEY + ATTENTION)
    study = rows.make_study()
    said = json.loads(json.dumps(rows.definition(study.slug)))
    said["factors"]["label"]["check"] = CHECK
    rows.make_version(study, 2, said=said)
    return study


def answered(person: Participant, *, quiz: tuple[int, ...], gender: str, read: int) -> None:
    for attempt, value in enumerate(quiz, start=1):
        rows.make_answer(person, "quiz", "earn", value, is_correct=value == 10, attempt=attempt)
    rows.make_answer(person, "after", "gender", gender)
    rows.make_answer(person, "after", "read", read, is_correct=read == 2)
    Session.objects.filter(participant=person).update(stage=rows.STAGE["after"])


def came(person: Participant, *stages: str) -> None:
    for stage in stages:
        rows.record(person.study, "stage.opened", ("session", person.sessions.get().pk), stage=stage)


def test_each_person_has_a_row_for_each_check_that_they_came_to(study: Study) -> None:
    shown = rows.make_society(study)
    answered(shown.selector, quiz=(3, 10), gender="man", read=2)
    Session.objects.filter(participant=shown.candidate).update(stage=rows.STAGE["game"])
    rows.make_answer(shown.candidate, "quiz", "earn", 10, is_correct=True)
    code, other = shown.selector.code, shown.candidate.code
    assert sorted(only(table(study, "checks"), *ROW)) == sorted([
        (code, "comprehension", "earn", "", "", "2", "10", "10", "1", "0"),
        (code, "manipulation", "gender", "label", "label=disclosed", "1", "man", "man", "1", "1"),
        (code, "attention", "read", "", "label=disclosed", "1", "2", "2", "1", "1"),
        (other, "comprehension", "earn", "", "", "1", "10", "10", "1", "1"),
    ])  # fmt: skip


def test_what_is_expected_follows_the_level(study: Study) -> None:
    hidden = rows.make_society(study, "ghhhhhhhhhh", condition="label=hidden")
    answered(hidden.selector, quiz=(10,), gender="man", read=3)
    found = {row[0]: row[1:] for row in only(table(study, "checks"), "kind", "expected", "passed", "condition")}
    assert found["manipulation"] == ("woman", "0", "label=hidden")
    assert found["attention"] == ("2", "0", "label=hidden")


def test_who_came_to_a_check_and_did_not_answer_is_asked_and_not_counted(study: Study) -> None:
    shown = rows.make_society(study)
    came(shown.selector, "after")
    row = next(row for row in table(study, "checks") if row["kind"] == "manipulation")
    assert (row["tries"], row["answer"], row["passed"], row["answer_s"]) == ("0", "", "", "")
    rate = next(row for row in table(study, "check_rates") if row["kind"] == "manipulation")
    assert (rate["asked"], rate["answered"], rate["passed"], rate["rate"], rate["rate_low"]) == ("1", "0", "0", "", "")


def test_who_was_led_past_a_stage_was_not_asked(study: Study) -> None:
    shown = rows.make_society(study)
    skipped, moved = (person.sessions.get().pk for person in (shown.selector, shown.candidate))
    came(shown.selector, "consent", "quiz")
    rows.record(study, "stage.skipped", ("session", skipped), stage="after")  # it is not for this person
    came(shown.candidate, "consent")  # a researcher led this one on, and now consent is asked for again
    rows.record(study, "consent.asked", ("session", moved), stage="after")
    Session.objects.filter(pk__in=[skipped, moved]).update(stage=rows.STAGE["after"])
    assert only(table(study, "checks"), "participant", "kind") == [(shown.selector.code, "comprehension")]
    assert only(table(study, "check_rates"), "kind", "asked") == [("comprehension", "1")]


def test_rates_are_counted_by_condition_and_origin(study: Study) -> None:
    for number in range(3):
        shown = rows.make_society(study, f"g{'abc'[number]}ddddddddd")
        answered(shown.selector, quiz=(10,), gender="man" if number else "woman", read=2)
    hidden = rows.make_society(study, "ghhhhhhhhhh", condition="label=hidden")
    answered(hidden.selector, quiz=(3, 10), gender="woman", read=2)
    pilot = rows.make_society(study, "gpppppppppp")
    Participant.objects.filter(pk=pilot.selector.pk).update(origin="pilot")
    answered(pilot.selector, quiz=(3, 10), gender="woman", read=2)
    for person in Participant.objects.all():
        came(person, "quiz")
    names = ("origin", "kind", "condition", "asked", "answered", "passed", "passed_first", "rate")
    found = only([row for row in table(study, "check_rates") if row["kind"] != "attention"], *names)
    origin = shown.selector.origin
    assert found == [
        (origin, "comprehension", "", "9", "4", "4", "3", "1.0000"),
        (origin, "manipulation", "label=disclosed", "3", "3", "2", "2", "0.6667"),
        (origin, "manipulation", "label=hidden", "1", "1", "1", "1", "1.0000"),
        ("pilot", "comprehension", "", "1", "1", "1", "0", "1.0000"),
        ("pilot", "manipulation", "label=disclosed", "1", "1", "0", "0", "0.0000"),
    ]


def test_who_met_stand_ins_or_nobody_is_counted_apart(study: Study, tmp_path: Path) -> None:
    company: list[dict[str, Any]] = [{}, {"is_filled": True}, {"status": "ended", "round": 0}]
    for number, changed in enumerate(company):
        society = rows.make_society(study, f"g{'abc'[number]}ddddddddd")
        Group.objects.filter(pk=society.group.pk).update(**changed)
        answered(society.selector, quiz=(10,), gender="man", read=2)
    found = [row for row in table(study, "check_rates") if row["kind"] == "manipulation"]
    assert only(found, "met", "asked") == [("nobody", "1"), ("planned", "1"), ("stand_ins", "1")]
    export(study, tmp_path / "out")
    assert recompute_checks.differences(tmp_path / "out") == []


def test_an_independent_script_counts_the_same_and_sees_what_was_changed(study: Study, tmp_path: Path) -> None:
    for number, condition in enumerate(("label=disclosed", "label=hidden", "label=hidden")):
        society = rows.make_society(study, f"g{'abc'[number]}ddddddddd", condition=condition)
        answered(society.selector, quiz=(3, 10)[number % 2 :], gender="woman", read=2 + number % 2)
        answered(society.candidate, quiz=(10,), gender="man", read=2)
    late = rows.make_society(study, "gddddddddda")
    came(late.selector, "quiz", "after")  # and answers nothing
    export(study, tmp_path / "out")
    assert recompute_checks.differences(tmp_path / "out") == []
    assert len(recompute_checks.rates(tmp_path / "out")) == 5
    file = tmp_path / "out" / "check_rates.csv"
    lines = list(csv.reader(file.read_text().splitlines()))
    at = lines[0].index("passed")
    lines[1][at] = str(int(lines[1][at]) + 1)
    with file.open("w", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows(lines)
    assert len(recompute_checks.differences(tmp_path / "out")) == 1


def test_an_independent_script_sees_who_is_counted_and_never_came_and_who_came_and_is_not(
    study: Study, tmp_path: Path
) -> None:
    society = rows.make_society(study)
    came(society.selector, "quiz", "after")
    rows.record(study, "stage.closed", ("session", society.selector.sessions.get().pk), stage="after")
    came(society.candidate, "quiz")
    export(study, tmp_path / "out")
    assert recompute_checks.differences(tmp_path / "out") == []
    file = tmp_path / "out" / "events.csv"
    file.write_text(file.read_text().replace(society.selector.code, society.candidate.code))
    found = recompute_checks.differences(tmp_path / "out")
    assert len([one for one in found if one.startswith(society.selector.code) and "never opened" in one]) == 3
    assert len([one for one in found if one.startswith(society.candidate.code) and "not in checks.csv" in one]) == 2
    assert len(found) == 5


def test_people_who_asked_for_deletion_are_in_neither_table(study: Study) -> None:
    shown = rows.make_society(study)
    answered(shown.selector, quiz=(10,), gender="man", read=2)
    Participant.objects.filter(pk=shown.selector.pk).update(status="withdrawn", exit="withdrawn")
    assert {row["participant"] for row in table(study, "checks")} <= {shown.candidate.code}
    assert sum(int(row["answered"]) for row in table(study, "check_rates")) == 0


def test_answer_that_is_erased_leaves_no_row(study: Study) -> None:
    shown = rows.make_society(study)
    came(shown.selector, "quiz", "after")
    answered(shown.selector, quiz=(10,), gender="man", read=2)
    with erasing():
        Answer.objects.all().delete()
    assert {row["tries"] for row in table(study, "checks")} == {"0"}
