"""What was found or reported keeps its number, whatever is deleted; and a message that leaves tells no more than it."""

import threading
from importlib import import_module
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from chat import case_numbers
from chat.models import CaseNumber, Trigger
from chat.safety.queries import of_study
from events import runner
from exports.models import Tombstone
from exports.services import erasure
from exports.services.door import erasing
from flow.models import Match
from participants.models import Participant
from studies.models import Study
from tests.chat.rooms import Sitter
from tests.chat.safe_rooms import OFFER, STOP, TWO, room
from tests.chat.test_between_people import send, session_of
from tests.verification.tampering import change, remove
from verification.check import check

pytestmark = pytest.mark.django_db
OURS = {
    "first and last case number", "case number of another study or kind", "case number without what it stands for",
}  # fmt: skip


@pytest.fixture
def found() -> Match:
    return grave_talk()


def grave_talk() -> Match:
    """A talk in which three messages stopped something: one of the first person's, two of the second's."""
    match = room(*TWO)
    for seat in (1, 2, 2):
        send(match, seat, message=STOP)
        send(match, seat, safety="resume")
    return match


def study_of(match: Match) -> Study:
    return match.group.version.study


def forget(match: Match, seat: int) -> None:
    """Delete what somebody did alone, and keep that it was done, as a withdrawal with deletion does."""
    person = Participant.objects.get(pk=session_of(match, seat).participant_id)
    with transaction.atomic(), erasing():
        gone = erasure._forget_own(person)
    erasure._bury(person, gone)


def read(match: Match, number: int) -> str:
    study, out = study_of(match), StringIO()
    user, _ = User.objects.get_or_create(username="ana", is_staff=True)
    study.memberships.get_or_create(user=user, role="monitor")
    call_command("safety", study.slug, read=number, monitor="ana", stdout=out)
    return out.getvalue()


def listed(match: Match) -> str:
    out = StringIO()
    call_command("safety", study_of(match).slug, all=True, stdout=out)
    return out.getvalue()


def named(match: Match) -> set[str]:
    return {one.what for one in check(study_of(match)).differences} & OURS


def test_numbers_stay_when_one_of_three_is_deleted(found: Match) -> None:
    before = {one.case.number: one.pk for one in of_study(study_of(found))}
    assert list(before) == [1, 2, 3]
    forget(found, 1)
    assert {one.case.number: one.pk for one in of_study(study_of(found))} == {n: before[n] for n in (2, 3)}
    second = Participant.objects.get(pk=session_of(found, 2).participant_id)
    for number in (2, 3):
        assert second.code in read(found, number)
    with pytest.raises(CommandError, match="number 1: its message was deleted with the data of who wrote it"):
        read(found, 1)
    with pytest.raises(CommandError, match="number 1: its message was deleted"):
        call_command("safety", study_of(found).slug, answer=1, verdict="risk", done="read it")
    with pytest.raises(CommandError, match="there is no number 4"):
        read(found, 4)
    assert "1  its message was deleted with the data of who wrote it" in listed(found).splitlines()


def test_number_of_what_was_deleted_is_never_given_again(found: Match) -> None:
    forget(found, 2)
    send(found, 1, message=OFFER)
    assert [one.case.number for one in of_study(study_of(found))] == [1, 4]
    assert case_numbers.gone(study_of(found)) == [2, 3]
    assert named(found) == set()


def test_mail_names_the_study_the_tier_and_the_number_and_nothing_that_leads_to_anybody(found: Match) -> None:
    forget(found, 1)
    runner.drain("jobs")
    assert [one.subject for one in mail.outbox] == [
        f"Rapport: look at study {study_of(found).slug}, number {number}" for number in (2, 3)
    ]
    row = Trigger.objects.get(case__number=2)
    told = f"{mail.outbox[0].subject}{mail.outbox[0].body}"
    assert "(stop)" in told
    assert f"--read {row.case.number} " in told
    person = Participant.objects.get(seats=row.seat)
    for secret in (person.code, found.group.code, STOP, *row.rules, f"{row.at:%Y}", f"{row.at:%H:%M}"):
        assert secret not in told


def test_each_study_counts_for_itself_and_reports_apart_from_what_was_found() -> None:
    first, second = room(*TWO), room(Sitter("talker"), Sitter("talker"))
    for match in (first, second, first):
        send(match, 1, message=OFFER)
    drawn = CaseNumber.objects.order_by("pk").values_list("study", "kind", "number")
    one, other = study_of(first).pk, study_of(second).pk
    assert list(drawn) == [(one, "found", 1), (other, "found", 1), (one, "found", 2)]
    assert case_numbers.drawn(one, "report").number == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_draw_at_once_get_two_numbers() -> None:
    study = study_of(room(*TWO)).pk
    started, numbers = threading.Event(), []

    def draw() -> None:
        started.set()
        with transaction.atomic():
            numbers.append(case_numbers.drawn(study, "found").number)
        connections.close_all()

    with transaction.atomic():
        first = case_numbers.drawn(study, "found").number
        other = threading.Thread(target=draw)
        other.start()
        started.wait(5)
        other.join(0.3)
        assert numbers == [], "it waits for the first"
    other.join(10)
    assert (first, numbers) == (1, [2])


def test_verification_names_what_is_untrue_of_numbers(found: Match) -> None:
    assert named(found) == set()
    one = Trigger.objects.get(case__number=1)
    with transaction.atomic():
        change(one.case, number=7)
        assert named(found) == {"first and last case number"}
        change(one.case, number=1)
    elsewhere = case_numbers.drawn(study_of(room(*TWO)).pk, "found")
    change(one, case=elsewhere.pk)
    assert named(found) == {"case number of another study or kind", "case number without what it stands for"}
    change(one, case=CaseNumber.objects.get(study=study_of(found), number=1).pk)
    for row in [*one.steps.all(), one]:
        remove(row)
    assert "case number without what it stands for" in named(found)
    whose = {"participant_id": session_of(found, 1).participant_id, "by": "participant"}
    Tombstone.objects.create(study=study_of(found), rule="withdrawal", what="triggers", rows=1, **whose)
    assert named(found) == set()


def test_numbers_of_before_are_what_the_list_gave() -> None:
    """The migration's statement, on rows that have none yet."""
    first, second = room(*TWO), room(*TWO)
    for match, seat in ((first, 1), (second, 1), (first, 2)):
        send(match, seat, message=OFFER)
    expected = {one.pk: one.case.number for match in (first, second) for one in of_study(study_of(match))}
    numbered = import_module("chat.migrations.0009_case_numbers").NUMBERED
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE chat_trigger ALTER COLUMN case_id DROP NOT NULL")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE chat_trigger SET case_id = NULL")
        cursor.execute("DELETE FROM chat_casenumber")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(numbered.format(table="chat_trigger", kind="found"))
    found = Trigger.objects.select_related("case")
    assert {one.pk: one.case.number for one in found} == expected
