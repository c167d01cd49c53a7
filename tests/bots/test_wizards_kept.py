"""What is kept of people behind the curtain: who gave each message, how it differs, and that it is true and deleted."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models import Q

from bots.models import WizardReply
from bots.wizards import services
from events import runner
from events.models import Event
from exports.scope import Scope
from exports.services.purge import would_go
from exports.tables.talk import ENTRIES
from exports.tables.wizards import WIZARD_REPLIES
from flow.models import Match
from flow.stages.debrief import own_rounds
from llm.errors import ProviderFailed
from studies.models import Study
from tests.bots import answers
from tests.bots.curtains import ANA, BEN, WIZARD, asked, let_pass, sit, write
from tests.bots.meetings import Acquainted, say, version_with
from tests.bots.talking import reply, turn_of
from tests.bots.test_memory import erase, inquiry_of
from verification.check import check
from verification.erased import check_erased

pytestmark = pytest.mark.django_db(transaction=True)
OURS = {
    "message behind a seat that lets nobody write", "decision behind a curtain", "message as it was decided",
    "message that nobody decided",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def known() -> Acquainted:
    return Acquainted(version_with(None, wizard=WIZARD | {"line": {"en": "One moment."}}))


def hear(match: Match, draft: Any) -> None:
    """The person says something, and somebody is asked for the answer."""
    answers.will(draft)
    say(match, "Well?")
    runner.drain("bots")


def played(person: Acquainted) -> Match:
    """Four messages: own words, a draft that is changed, one as it was, and one that nobody decided in time."""
    match = person.meet()
    hear(match, reply("first draft"))
    sit(match, ANA)
    write(match, "my own words", ANA)
    hear(match, reply("the second draft"))
    write(match, "the better draft", ANA, begins_with_draft=True)
    hear(match, reply("third draft"))
    services.leave(turn_of(match).pk, ANA)
    sit(match, BEN)
    write(match, "third draft", BEN)
    hear(match, ProviderFailed("refusal", "no"))
    let_pass(match)
    return match


def rows(match: Match) -> list[Any]:
    return list(WIZARD_REPLIES.rows(Scope(match.group.version.study)))


def differences(match: Match) -> set[str]:
    return {one.what for one in check(match.group.version.study, late_after_seconds=1e9).differences} & OURS


def test_table_says_who_gave_each_message_and_where_it_differs_from_the_draft() -> None:
    match = played(known())
    found = rows(match)
    assert all(set(row) == set(WIZARD_REPLIES.header) for row in found)
    assert [(row["written_by"], row["wizard"], row["outcome"]) for row in found] == [
        ("person", "w1", "chosen"), ("model_edited", "w1", "chosen"), ("model", "w2", "chosen"),
        ("line", None, "lapsed"),
    ]  # fmt: skip
    edited = found[1]
    assert (edited["draft"], edited["text"]) == ("the second draft", "the better draft")
    assert edited["n_kept"] + sum(len(gone) for _, gone, _ in edited["changes"]) == edited["n_draft_chars"]
    assert (found[2]["changes"], found[2]["n_kept"]) == ([], len("third draft"))
    assert (found[3]["draft"], found[3]["error_code"], found[3]["changes"]) == (None, "model_refusal", None)
    assert [row["was_drafted_first"] for row in found] == [True, True, True, None]
    assert "ana" not in str(found)
    by = {row["text"]: row["written_by"] for row in ENTRIES.rows(Scope(match.group.version.study))}
    assert by == {
        "Well?": None, "my own words": "person", "the better draft": "model_edited", "third draft": "model",
        "One moment.": "line",
    }  # fmt: skip


def test_what_was_played_is_true() -> None:
    match = played(known())
    assert differences(match) == set()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"by": "person"}, "decision behind a curtain"),
        ({"values": {"message": "other words", "then": "more"}}, "message as it was decided"),
    ],
)
def test_verification_names_what_was_changed(change: dict[str, Any], what: str) -> None:
    match = played(known())
    WizardReply.objects.filter(turn=turn_of(match), made=2).update(**change)
    assert differences(match) == {what}


def test_verification_names_a_message_that_nobody_decided_and_a_seat_that_lets_nobody_write() -> None:
    match = played(known())
    seat = match.group.seats.get(occupant="model")
    WizardReply.objects.filter(turn=turn_of(match), made=3).delete()
    assert differences(match) == {"message that nobody decided"}
    seat.settings = {name: said for name, said in seat.settings.items() if name != "wizard"}
    seat.save()
    assert differences(match) == {"message behind a seat that lets nobody write"}


def test_deletion_takes_drafts_and_decisions_with_it() -> None:
    person = known()
    match = played(person)
    inquiry = inquiry_of(person)
    erase(person)
    assert not WizardReply.objects.filter(Q(draft__isnull=False) | Q(values__isnull=False)).exists()
    assert {row["missing_reason"] for row in rows(match)} == {"withdrawn_partner"}
    assert all(row["draft"] is None and row["text"] is None and row["changes"] is None for row in rows(match))
    events = list(Event.objects.filter(subject_kind="participant", subject_id=person.person.pk))
    check_erased(inquiry, person.person, events, has_asked=True)
    assert "rows of an erased person" not in {one.what for one in inquiry.report.differences}
    WizardReply.objects.filter(made=0).update(draft={"message": "left"})
    again = inquiry_of(person)
    check_erased(again, person.person, events, has_asked=True)
    (left,) = [one for one in again.report.differences if one.what == "rows of an erased person"]
    assert "wizard_replies" in left.found
    assert differences(match) == set()


def test_what_is_kept_of_words_is_purged_with_them() -> None:
    match = played(known())
    study = Study.objects.get(pk=match.group.version.study_id)
    assert would_go(study, ["texts"])["texts"]["bots_wizardreply"] == 4
    WizardReply.objects.update(draft=None, values=None)
    assert {row["missing_reason"] for row in rows(match)} == {"purged"}
    assert would_go(study, ["texts"])["texts"]["bots_wizardreply"] == 0


def test_debrief_says_of_each_round_whether_somebody_wrote() -> None:
    person = known()
    person.meet()
    assert "An AI" in str(own_rounds(person.person))
    assert "study team" not in str(own_rounds(person.person))
    other = known()
    match = other.meet()
    hear(match, reply("a draft"))
    sit(match)
    write(match, "hello")
    assert asked(match).outcome == "chosen"
    (table,) = own_rounds(other.person)
    assert [row[2] for row in table.rows] == ["An AI, and people of the study team who wrote in its place"]
