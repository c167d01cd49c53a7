"""What was not as planned stands in a table and on a page, by study day and without names."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from events.models import Event
from exports.services.bundle import export
from participants.models import Participant
from studies import services
from studies.masking.services import end_monitor, name_monitor, note_look, unmask
from studies.models import Deviation, Study
from tests.exports import rows
from tests.exports.test_dataset import read
from tests.exports.test_tables import only, table

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "one arm seemed\nto upset people"


def recruited() -> rows.Society:
    society = rows.make_society(rows.make_study())
    Participant.objects.update(origin="link")
    return society


def page(study: Study, folder: Path) -> str:
    export(study, folder)
    return (folder / "deviations.md").read_text()


def at(study: Study, kind: str, subject: tuple[str, int], *, days: int, **facts: object) -> None:
    """Something that happened some days after the study was set up."""
    Event.objects.create(
        kind=kind, study_id=study.pk, subject_kind=subject[0], subject_id=subject[1], facts=facts,
        at=rows.BEGAN + timedelta(days=days),
    )  # fmt: skip


def test_everything_that_is_recorded_is_told_in_order() -> None:
    society = recruited()
    study, person = society.study, ("participant", society.selector.pk)
    at(study, "study.opened", ("study", study.pk), days=0)
    at(study, "study.opened", ("study", study.pk), days=5, beyond="until", reason="The holidays were in between.")
    at(study, "rescue.move", person, days=2, reason="She rang: Ms Miller", stage="quiz")
    at(study, "rescue.end_group", ("group", society.group.pk), days=3, reason="a fire alarm")
    at(study, "rescue.link", person, days=3, reason="lost the link")
    at(study, "rescue.withdraw", person, days=4, reason="asked for it")
    trying = rows.make_participant(study, "ptrying", origin="preview")
    at(study, "rescue.move", ("participant", trying.pk), days=4, reason="trying", stage="quiz")
    found = table(study, "deviations")
    assert only(found, "order", "kind", "study_day", "people", "role", "reason") == [
        ("1", "helped", "3", "2", "", ""),
        ("2", "helped", "4", "2", "", ""),
        ("3", "opened_beyond", "6", "2", "", "The holidays were in between."),
    ]
    assert [row["what"] for row in found][:2] == ["a person was moved to another stage", "a group's game was ended"]
    assert "Miller" not in str(found)


def test_study_that_is_opened_beyond_target_and_last_day_says_both() -> None:
    study = recruited().study
    at(study, "study.opened", ("study", study.pk), days=5, beyond="until,target", reason="One more had a ticket.")
    (row,) = table(study, "deviations")
    assert row["what"] == "opened after the last day of the sample, and opened although the sample was reached"


def test_a_new_version_tells_each_change_and_how_many_had_come() -> None:
    study = recruited().study
    said = json.loads(json.dumps(rows.definition("choosing")))
    said["sample"]["target"] = 30
    later = rows.make_version(study, 2, said=said)
    assert later.number == 2
    (row,) = table(study, "deviations")
    assert (row["kind"], row["version"], row["people"]) == ("amended", "2", "2")
    assert row["what"] == "~ sample.target: 2 → 30"


def test_people_are_counted_up_to_the_moment() -> None:
    society = recruited()
    Participant.objects.filter(pk=society.selector.pk).update(created_at=rows.BEGAN + timedelta(days=9))
    at(society.study, "rescue.end_group", ("group", society.group.pk), days=1, reason="a fire alarm")
    assert only(table(society.study, "deviations"), "people") == [("1",)]


def test_unmasking_is_told_with_role_and_reason_and_without_a_name(tmp_path: Path) -> None:
    study = recruited().study
    unmask(study, reason=WHY, by="ana.miller", role="monitor")
    (row,) = table(study, "deviations")
    assert (row["kind"], row["role"], row["reason"]) == ("unmasked", "monitor", WHY)
    said = page(study, tmp_path / "out")
    day = row["study_day"]
    assert f"were unmasked on study day {day}, before collection was closed." in said
    assert f"* Study day {day}: after 2 recruited people had entered, by monitor." in said
    assert "Reason: one arm seemed to upset people" in said
    every = "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    assert "ana.miller" not in every
    at_day = Deviation.objects.get().at.date().isoformat()
    assert at_day not in every, "one date beside a study day would date them all"
    assert read(tmp_path / "out", "deviations")[0]["reason"] == WHY


def test_page_says_so_where_nothing_is_recorded(tmp_path: Path) -> None:
    study = recruited().study
    services.close_study(study)
    said = page(study, tmp_path / "out")
    assert "until collection was closed, as planned, on study day " in said
    assert said.count("None is recorded.") == 4
    assert "Monitors named: 0." in said
    assert "Monitors looked at unmasked data on study days: none." in said


def test_looks_of_monitors_are_told_once_they_make_no_other_dataset(tmp_path: Path) -> None:
    study = recruited().study
    ana = User.objects.create(username="ana", is_staff=True)
    name_monitor(study, ana, by="root")
    before = page(study, tmp_path / "before")
    note_look(study, user_id=ana.pk, what="decisions")
    assert page(study, tmp_path / "after") == before
    services.close_study(study)
    said = page(study, tmp_path / "closed")
    assert "Monitors named: 1.\n" in said
    end_monitor(study, "ana", by="root")
    assert "Monitors named: 1. The rights of 1 were ended." in page(study, tmp_path / "ended")
    assert "none." not in said.partition("## Unmasked")[0]


@pytest.mark.parametrize("is_simulated", [True, False])
def test_page_of_what_is_never_masked_says_so(tmp_path: Path, is_simulated: bool) -> None:
    study = rows.make_study(is_simulated=is_simulated, is_demo=not is_simulated)
    assert "Nothing was masked" in page(study, tmp_path / "SIMULATED-out")


def test_exclusions_say_whether_the_rule_was_there_before_anything_could_be_seen() -> None:
    study = recruited().study
    assert {row["decided"] for row in table(study, "exclusions")} == {"before"}
    unmask(study, reason=WHY, by="ana", role="owner")
    said = rows.definition("choosing")
    late = {"id": "woman", "rule": "gender == woman", "when": "post_treatment", "registered": False}
    second = rows.make_version(study, 2, said=said | {"exclusions": [*said["exclusions"], late]})
    Participant.objects.update(version=second)
    found = {row["rule"]: row["decided"] for row in table(study, "exclusions")}
    assert found == {"tries": "before", "woman": "after"}


def test_rules_of_what_is_never_masked_say_nothing_of_it() -> None:
    society = rows.make_society(rows.make_study(is_demo=True))
    assert {row["decided"] for row in table(society.study, "exclusions")} == {""}
