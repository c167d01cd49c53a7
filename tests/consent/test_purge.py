"""What was kept for as long as the study file says goes, in batches that can be interrupted, and nothing else does."""

import csv
import io
import json
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from console.board import board_of
from events.models import Event
from exports.errors import ExportError
from exports.models import Tombstone
from exports.redaction import marked, named, page_without_words
from exports.services import purge as purging
from exports.services.bundle import export
from exports.tombstones import kept_of, overdue, purges_of
from flow.models import Submission
from flow.services import sessions
from matching.models import Group
from participants.models import PURGED_TEXT, Contact, EntryLink, Participant
from recruitment.models import Settlement
from studies.schema_retention import CLASSES
from studies.services import close_study
from tests.consent.columns import Holds, that_hold
from tests.consent.planting import PLANTINGS, plant
from tests.consent.test_erasure import verified
from tests.consent.trading import Writer, files_with, group_of_three, participant_of, places_with, trading
from tests.machinery.erasing import erasing
from tests.verification.played import Played, play
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
YEARS = timedelta(days=20 * 365)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return trading(tmp_path)


def closed(played: Played, *, ago: timedelta = YEARS, has_plants: bool = False) -> list[Writer]:
    """A study that was played and closed long ago; with words wherever words can be, or as playing leaves it."""
    trio, group = group_of_three(played)
    play(trio, group)
    for person in trio:
        person.go_to("debrief")
        if has_plants:
            plant(person, group)
        sessions.leave(person.session.pk)
    close_study(played.study)
    long_ago = Event.objects.get(kind="study.closed")
    with erasing():
        Event.objects.filter(pk=long_ago.pk).update(at=long_ago.at - ago)
    return trio


def study(*arguments: str) -> str:
    out = io.StringIO()
    call_command("study", *arguments, stdout=out, stderr=out, no_color=True)
    return out.getvalue()


def test_nothing_is_due_while_data_come_in_or_before_its_time(played: Played) -> None:
    assert {(one.due_at, one.is_ours) for one in kept_of(played.study)} == {(None, False)}
    with pytest.raises(ExportError, match="trading is not closed"):
        purging.purge(played.study, ["texts"])
    closed(played, ago=timedelta(days=40))
    assert [one.rule for one in overdue(played.study)] == ["contact", "technical"]
    assert board_of(played.study).overdue == 2
    with pytest.raises(ExportError, match="texts of trading is kept until"):
        purging.purge(played.study, ["texts"])
    said = study("purge", "trading", "--dry-run")
    assert "contact: retention.contact is 30d; due since" in said
    assert "texts: retention.texts is 3650d; kept until" in said
    assert "nothing was changed" in said


def test_purge_takes_every_word_address_code_and_form_and_leaves_the_rest(played: Played, tmp_path: Path) -> None:
    trio = closed(played, has_plants=True)
    codes = [participant_of(person).code for person in trio]
    marks = [person.mark for person in trio]
    words = set(that_hold(Holds.WORDS)) | PLANTINGS.keys()
    assert words - {place for mark in marks for place in places_with(mark)} == set()
    wanted = purging.would_go(played.study, CLASSES)
    with pytest.raises(CommandError, match="add --yes"):
        study("purge", "trading")
    assert set(places_with(marks[0])) >= words - {"flow_act.values"}, "nobody confirmed it"
    said = study("purge", "trading", "--yes")
    assert "Words will be in no dataset that is written from now on; there is none." in said
    kept = set(that_hold(Holds.OWN, Holds.STAYS))
    for mark, code in zip(marks, codes, strict=True):
        assert set(places_with(mark)) <= kept
        assert list(places_with(code)) == []
    assert not EntryLink.objects.exists()
    assert not Contact.objects.exists()
    assert not Submission.objects.exists()
    assert set(Settlement.objects.values_list("code", flat=True)) == {""}
    assert {one[:1] for one in Participant.objects.values_list("token_sha256", flat=True)} == {"~"}
    buried = {(one.rule, one.what): 0 for one in Tombstone.objects.all()}
    for one in Tombstone.objects.all():
        buried[one.rule, one.what] += one.rows
    assert buried == {(rule, what): n for rule, found in wanted.items() for what, n in found.items() if n}
    assert set(purges_of(played.study)) == set(CLASSES)
    assert overdue(played.study) == []
    _dataset_says_so(played, tmp_path / "out", marks)


def _dataset_says_so(played: Played, out: Path, marks: list[str]) -> None:
    export(played.study, out)
    for mark in marks:
        assert set(files_with(out, mark)) <= {"safety.csv", "safety_words.csv"}, "which rules were met"
    with (out / "entries.csv").open(encoding="utf-8") as file:
        entries = list(csv.DictReader(file))
    assert {(one["text"], one["n_chars"], one["missing_reason"]) for one in entries} == {("", "", "purged")}
    with (out / "decisions.csv").open(encoding="utf-8") as file:
        decided = list(csv.DictReader(file))
    numbers = [one["value"] for one in decided if one["field"] == "given"]
    assert numbers
    assert all(value.isdigit() for value in numbers), "numbers stay"
    assert json.loads((out / "manifest.json").read_text())["release"] == 1


def test_only_what_somebody_wrote_goes_from_what_is_kept_of_entries_and_pages() -> None:
    gone = partial(marked, mark=PURGED_TEXT)
    assert named({"to": 3, "value": -1}, gone) == {"to": 3, "value": -1}
    assert named({"section": "The second part"}, gone) == {"section": "The second part"}
    assert named({"thing": "my red house"}, gone) == {"thing": PURGED_TEXT}
    page = {
        "title": "Hello Mia Berg", "asked": ["note"], "buttons": ["Continue"], "given": {"name": "Mia", "points": 7},
        "tables": [{"caption": "Said", "columns": ["Round", "Words"], "rows": [[1, "I am Mia"]]}],
    }  # fmt: skip
    assert page_without_words(page) == page | {
        "title": PURGED_TEXT, "given": {"name": PURGED_TEXT, "points": 7},
        "tables": [{"caption": "Said", "columns": ["Round", "Words"], "rows": [[1, PURGED_TEXT]]}],
    }  # fmt: skip
    assert page_without_words(page_without_words(page)) == page_without_words(page)
    plain = {"title": "Round 3", "given": {"paid_rounds": "3", "points": 2}}
    assert page_without_words(plain)["title"] == "Round 3"


def test_purge_that_is_interrupted_goes_on_and_twice_changes_nothing(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(played)
    monkeypatch.setattr(purging, "ROWS_AT_ONCE", 2)
    wanted = purging.would_go(played.study, ["texts"])["texts"]
    seen: list[str] = []

    def interrupted(rule: str, table: str, looked_at: int) -> None:
        seen.append(table)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        purging.purge(played.study, ["texts"], by="tests", progress=interrupted)
    by_then = sum(Tombstone.objects.values_list("rows", flat=True))
    assert 0 < by_then < wanted.total()
    assert purges_of(played.study) == {}
    assert differences(played) == [], "half of it is true, too"
    done = purging.purge(played.study, ["texts"], by="tests")["texts"]
    assert done.total() == wanted.total() - by_then
    assert purging.would_go(played.study, ["texts"])["texts"].total() == 0
    before = Tombstone.objects.count()
    assert purging.purge(played.study, ["texts"], by="tests")["texts"].total() == 0
    assert Tombstone.objects.count() == before
    assert {one.by for one in Tombstone.objects.all()} == {"tests"}


def differences(played: Played) -> list[str]:
    return [str(one) for one in check(played.study, late_after_seconds=3600).differences]


def test_what_is_purged_is_no_difference(played: Played) -> None:
    closed(played)
    assert verified(played) == []
    for rule in CLASSES:
        assert purging.purge(played.study, [rule])[rule].total() > 0
        assert differences(played) == [], rule
    left_out = check(played.study, late_after_seconds=3600).left_out
    assert left_out["visits whose forms are purged"] == 3


def test_new_codes_are_given_once(played: Played) -> None:
    trio = closed(played)
    purging.purge(played.study, ["codes"])
    renamed = {participant_of(person).code for person in trio}
    assert purging.would_go(played.study, ["codes"])["codes"].total() == 0
    purging.purge(played.study, ["codes"])
    assert {participant_of(person).code for person in trio} == renamed


def test_purge_waits_for_whoever_plays(played: Played) -> None:
    trio, _group = group_of_three(played)
    close_study(played.study)
    with erasing():
        for one in Event.objects.filter(kind="study.closed"):
            Event.objects.filter(pk=one.pk).update(at=one.at - YEARS)
    with pytest.raises(ExportError, match="still plays"):
        purging.purge(played.study, ["texts"])
    assert Group.objects.filter(status="active").count() == 1
    assert len(trio) == 3
