"""The address stands in one column, sealed; it is in no dataset, and goes with its person. The table of reminders."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from events import clock, runner
from events.models import Event
from exports.cells import cell
from exports.masked import masked, undecided
from exports.own_copy import Message, copy_of
from exports.scope import Scope
from exports.services.bundle import export
from exports.services.purge import purge
from exports.tables import table_named
from flow.services import rescue, sessions
from participants import identity
from participants.models import Contact, Participant
from scheduling.models import Reminder
from studies.models import Study, Version
from studies.services import close_study
from tests.consent.trading import files_with, places_with
from tests.reminders.conftest import SOMEBODY, enrolled, outbox, reminders
from tests.scheduling.test_visits import berlin, pass_to, take_part
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
NAME = SOMEBODY.partition("@")[0]


def differences(version: Version) -> set[str]:
    return {each.what for each in check(version.study, late_after_seconds=10**9).differences}


def rows(version: Version) -> list[dict[str, str]]:
    """The table of reminders as cells."""
    table = table_named("reminders", version.study)
    found = list(table.rows(Scope(version.study)))
    return [{column.name: cell(column, row[column.name]) for column in table.columns} for row in found]


def test_address_is_in_no_column_as_it_was_written(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    assert list(places_with(SOMEBODY)) == list(places_with(NAME)) == []
    sealed = Contact.objects.get().sealed_address
    assert sealed
    assert sealed != identity._seal(SOMEBODY), "the same address is sealed otherwise each time"
    assert identity.address_of(session.participant) == SOMEBODY


def test_no_dataset_and_no_command_tells_it(version: Version, tmp_path: Path) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    close_study(version.study)
    out = StringIO()
    call_command("reminders", version.study.slug, stdout=out)
    call_command("participant", "show", session.participant.code, stdout=out)
    call_command("verify", version.study.slug, "--late", "100000000", stdout=out)
    export(Study.objects.get(pk=version.study_id), tmp_path / "out")
    contact = Contact.objects.get()
    with transaction.atomic():
        token = identity.stop_token_of(session.participant)
    tokens = {token, contact.stop_sha256, contact.sealed_address[:40]}
    for secret in (SOMEBODY, NAME, *tokens):
        assert secret not in out.getvalue()
        assert files_with(tmp_path / "out", secret) == []
    assert "2027-03" not in (tmp_path / "out" / "reminders.csv").read_text()


@pytest.mark.parametrize("how", ["page", "mail"])
def test_address_goes_at_once_when_somebody_asks_for_deletion(version: Version, tmp_path: Path, how: str) -> None:
    session, other = enrolled(version), enrolled(version, address="other@example.org")
    pass_to(berlin(2027, 3, 23, 8))
    if how == "page":
        sessions.leave(session.pk, withdraw=True)
    else:
        rescue.withdraw(session.participant.code, reason="asked for it by mail")
    kept = Contact.objects.exclude(sealed_address="")
    assert [contact.participant_id for contact in kept] == [other.participant_id]
    runner.drain("jobs")
    assert [contact.participant_id for contact in Contact.objects.all()] == [other.participant_id]
    assert Participant.objects.get(pk=session.participant_id).erased_at is not None
    assert {row["participant"] for row in rows(version)} == {other.participant.code}
    close_study(version.study)
    export(Study.objects.get(pk=version.study_id), tmp_path / "out")
    assert files_with(tmp_path / "out", session.participant.code) == []
    assert Event.objects.filter(kind="reminder.sent").count() == 2, "that something was sent stays, of nobody"
    assert differences(version) == set()


def test_copy_of_ones_own_data_has_the_address_and_what_was_sent(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    own = copy_of(session)
    assert (own.address, own.reminders) == (SOMEBODY, [Message("Visit 1", "2027-03-23 08:00")])
    identity.forget(session.participant)
    assert copy_of(session).address == ""


def test_everything_of_a_study_whose_time_is_over_goes_together(version: Version) -> None:
    people = [enrolled(version), enrolled(version, address="other@example.org")]
    close_study(version.study)
    pass_to(berlin(2027, 3, 23, 8))
    pass_to(berlin(2027, 4, 22, 8))
    assert {row.reason for person in people for row in reminders(person)[:1]} == {"closed"}
    assert Contact.objects.exclude(sealed_stop="").count() == 2, "their way out still answers"
    assert purge(version.study, ["contact"])["contact"]["participants_contact"] == 2
    assert not Contact.objects.exists()
    assert outbox() == []


def test_table_tells_what_became_of_each_relative_to_the_visit(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    pass_to(berlin(2027, 3, 24, 7))
    take_part(session)
    found = rows(version)
    only = [(row["reminder"], row["state"], row["reason"], row["planned_s"], row["moved_s"], row["sent_s"],
             row["attempts"]) for row in found if row["repeat"] == "1"]  # fmt: skip
    assert only == [
        ("1", "sent", "", "0.000", "0.000", "0.000", "1"),
        ("2", "suppressed", "over", "86400.000", "0.000", "", "0"),
        ("3", "suppressed", "over", "158400.000", "14400.000", "", "0"),
    ]
    assert {(row["wave"], row["channel"]) for row in found} == {("talk", "email")}
    table = table_named("reminders", version.study)
    assert undecided([table]) == []
    assert [column.name for column in masked([table], version.study)[0].columns] == table.header


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"state": "queued", "sent_at": None}, {"state of a reminder"}),
        ({"state": "failed", "sent_at": None}, {"state of a reminder", "sending of a reminder"}),
        ({"channel": "recruiter_message"}, {"reminders of a visit"}),
        (None, {"reminders of a visit"}),
    ],
)
def test_verification_names_what_no_event_made(
    version: Version, changed: dict[str, Any] | None, named: set[str]
) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    assert differences(version) == set()
    row = Reminder.objects.filter(pk=reminders(session)[0].pk)
    row.delete() if changed is None else row.update(**changed)
    assert named <= differences(version)


def planted(row: Reminder, *kinds: str) -> None:
    """Events that nothing of ours would record."""
    study = row.scheduled.participant.study_id
    for kind in kinds:
        Event.objects.create(kind=kind, study_id=study, subject_kind="reminder", subject_id=row.pk, facts={})


def test_verification_names_a_reminder_that_was_sent_twice(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    row = reminders(session)[0]
    planted(row, "reminder.claimed", "reminder.sent")
    assert {"reminder sent twice", "forbidden move of a reminder"} <= differences(version)


def test_verification_names_a_reminder_against_its_condition(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 7, 59))
    pass_to(berlin(2027, 3, 23, 8))
    pass_to(berlin(2027, 3, 23, 9))
    take_part(session)
    row = reminders(session)[1]
    with connection.cursor() as cursor:
        cursor.execute("SET rapport.erasing = 'on'")
    Event.objects.filter(subject_kind="reminder", subject_id=row.pk, kind="reminder.suppressed").delete()
    planted(row, "reminder.claimed", "reminder.sent")
    Reminder.objects.filter(pk=row.pk).update(state="sent", sent_at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SET rapport.erasing = 'off'")
    assert differences(version) == {"reminder against its condition"}


def test_verification_names_a_reminder_of_somebody_who_had_left(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    sessions.leave(session.pk)
    planted(reminders(session)[0], "reminder.requeued", "reminder.claimed")
    assert "reminder of somebody who had left" in differences(version)


@pytest.mark.parametrize("caps", [{"per_visit": 1}, {"per_study": 1}])
def test_verification_names_reminders_beyond_a_cap(make: Any, caps: dict[str, int]) -> None:
    version = make(caps=caps)
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    pass_to(berlin(2027, 3, 24, 8))
    assert differences(version) == set()
    Reminder.objects.filter(pk=reminders(session)[1].pk).update(state="unknown")
    assert "reminders beyond a cap" in differences(version)


def test_verification_names_reminders_beyond_the_cap_of_a_day(make: Any) -> None:
    version = make(caps={"per_day": 1})
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    pass_to(berlin(2027, 3, 24, 8))
    assert [row.state for row in reminders(session)[:2]] == ["sent", "sent"]
    assert differences(version) == set()
    first, second = reminders(session)[:2]
    assert first.claimed_at is not None
    late = first.claimed_at.replace(hour=22, minute=59)
    Reminder.objects.filter(pk=second.pk).update(claimed_at=late)
    assert differences(version) == {"reminders beyond a cap"}
    Reminder.objects.filter(pk=second.pk).update(claimed_at=late.replace(hour=23))
    assert differences(version) == set(), "which is midnight in Berlin"
