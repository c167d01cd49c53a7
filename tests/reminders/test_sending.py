"""From the page on which an address is given to the message that arrives: when, on which condition, how often."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from events import clock, runner
from events.models import Due, Event
from flow.address_form import AGREED
from flow.forms import ADDRESS
from flow.services import rescue, sessions, windows
from flow.services.reminding import remind
from participants import identity
from participants.models import Contact
from scheduling.models import Reminder, ScheduledSession
from scheduling.outbox import REMIND
from studies.models import Study, Version
from studies.services import close_study, open_study, pause_study, stop_study
from tests.machinery.people import page, send
from tests.reminders.conftest import (
    RULES,
    SOMEBODY,
    asked_for_address,
    became,
    enrolled,
    outbox,
    reminders,
)
from tests.scheduling.test_visits import answer, berlin, newest, pass_to, states, take_part
from verification.check import check

pytestmark = pytest.mark.django_db
Make = Callable[..., Version]


def differences(version: Version) -> list[str]:
    return [str(each) for each in check(version.study).differences]


def test_address_is_asked_for_once_and_is_voluntary(version: Version) -> None:
    session = asked_for_address(version)
    shown = page(session)
    assert "need not" in shown.html
    assert [field.required for field in shown.fields] == [False, False]
    assert send(session, **{ADDRESS: SOMEBODY}) == "refused", "not without the tick"
    assert send(session, **{AGREED: "yes"}) == "refused", "nor the tick without an address"
    assert send(session, **{ADDRESS: "quirin@example", AGREED: "yes"}) == "refused"
    assert not ScheduledSession.objects.exists()
    assert send(session) == "stored", "nothing given, nothing kept"
    session = newest(session)
    assert states(session) == ["planned"] * 4
    assert not Contact.objects.exists()
    assert page(session).kind == "home"
    assert differences(version) == []


def test_whoever_closes_that_page_is_enrolled_without_reminders(version: Version) -> None:
    session = asked_for_address(version)
    pass_to(clock.now() + timedelta(hours=2))
    assert states(newest(session)) == ["planned"] * 4
    assert not Contact.objects.exists()
    assert differences(version) == []


def test_reminders_of_the_next_visit_are_in_the_outbox(version: Version) -> None:
    session = enrolled(version)
    planned = [row.planned_at for row in reminders(session)]
    assert planned == [berlin(2027, 3, 23, 8), berlin(2027, 3, 24, 8), berlin(2027, 3, 25, 4)]
    assert [row.send_at for row in reminders(session)] == [*planned[:2], berlin(2027, 3, 25, 8)]
    assert reminders(session, 2) == [], "its window is not known yet"
    due = Due.objects.filter(reaction=REMIND, outcome="")
    assert sorted(due.values_list("run_after", flat=True)) == [row.send_at for row in reminders(session)]
    assert {tuple(one.facts) for one in due} == {("reminder",)}, "a key, and nothing of the person"


def test_whoever_does_not_come_is_reminded_and_nobody_else(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    assert [message.to for message in outbox()] == [[SOMEBODY]]
    pass_to(berlin(2027, 3, 24, 7))
    session = take_part(session)
    pass_to(berlin(2027, 3, 25, 9))
    assert became(session) == [("sent", ""), ("suppressed", "over"), ("suppressed", "over")]
    assert len(outbox()) == 1
    pass_to(berlin(2027, 3, 26, 8))
    session = answer(session)  # begun, and not finished
    pass_to(berlin(2027, 3, 27, 8))
    assert became(session, 2) == [("sent", ""), ("suppressed", "condition"), ("queued", "")]
    assert reminders(session, 2)[2].send_at == berlin(2027, 3, 28, 8), "four hours before the close it is night"
    assert differences(version) == []


def test_a_visit_that_was_begun_is_reminded_of_its_end(make: Make) -> None:
    version = make(
        rules=[
            {"at": {"from": "closes", "minus": "4h"}, "if": "started_not_completed"},
            {"at": {"from": "closes", "plus": "1h"}, "if": "not_completed"},
        ],
        quiet_hours=None,
    )
    session = enrolled(version)
    pass_to(berlin(2027, 3, 24, 8))
    session = answer(session)
    pass_to(berlin(2027, 3, 25, 4))
    pass_to(berlin(2027, 3, 25, 9))
    assert became(session) == [("sent", ""), ("sent", "")]
    assert "You have begun it. You can finish it until Thursday, March 25, 12:00." in str(outbox()[0].body)
    assert differences(version) == []


def test_announcement_comes_before_the_visit_opens(make: Make) -> None:
    version = make(rules=[{"at": {"from": "opens", "minus": "12h"}, "if": "not_started"}], quiet_hours=None)
    session = enrolled(version)
    pass_to(berlin(2027, 3, 22, 20))
    assert became(session) == [("sent", "")]
    assert "It opens on Tuesday, March 23, 08:00." in str(outbox()[0].body)
    assert states(session)[0] == "planned"
    assert differences(version) == []


def test_quiet_hours_that_last_to_the_close_leave_it_out(make: Make) -> None:
    talk = {"opens": {"anchor": "enrolment", "offset": "1d", "every": "3d", "at": "14:00"}, "closes": {"after": "14h"}}
    version = make(rules=[{"at": {"from": "closes", "minus": "4h"}, "if": "not_started"}], talk=talk)
    session = enrolled(version)
    pass_to(berlin(2027, 3, 24, 5))
    assert became(session) == [("suppressed", "quiet")]
    assert outbox() == []
    assert differences(version) == []


def test_worker_that_was_away_reminds_of_nothing_old(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 10, 1))
    assert became(session)[0] == ("suppressed", "late")
    pass_to(berlin(2027, 3, 24, 9, 59))
    assert became(session)[1] == ("sent", "")
    assert differences(version) == []


def test_worker_that_was_away_in_quiet_hours_waits_for_their_end(make: Make) -> None:
    version = make(rules=[{"at": {"from": "opens", "plus": "12h"}, "if": "not_started"}])  # at eight in the evening
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 21, 30))
    assert became(session) == [("queued", "")]
    pass_to(berlin(2027, 3, 24, 8))
    assert became(session) == [("sent", "")]
    assert Event.objects.filter(kind="reminder.moved", facts__because="quiet").count() == 1
    assert differences(version) == []


@pytest.mark.parametrize(
    ("caps", "sent"),
    [({"per_visit": 1}, [1, 1, 1]), ({"per_study": 2}, [2, 0, 0]), ({"per_day": 1}, [2, 2, 2]), ({}, [2, 2, 2])],
)
def test_caps_leave_out_what_is_too_much(make: Make, caps: dict[str, int], sent: list[int]) -> None:
    soon = {"at": {"from": "opens", "plus": "5h"}, "if": "not_started"}
    rules = [RULES[0], soon, RULES[1]] if "per_day" in caps else RULES[:2]
    version = make(rules=rules, caps=caps, attendance={"max_missed": 3, "on_exceed": {"exit": "inactive"}})
    session = enrolled(version)
    pass_to_all(berlin(2027, 3, 31, 9))
    assert [sum(state == "sent" for state, _ in became(session, visit)) for visit in (1, 2, 3)] == sent
    left_out = {reason for visit in (1, 2, 3) for state, reason in became(session, visit) if state == "suppressed"}
    assert left_out == {f"cap_{name.removeprefix('per_')}" for name in caps}
    assert differences(version) == []


def pass_to_all(until: datetime) -> None:
    """Let hours pass, one after the other, with a worker that is there all the time."""
    while clock.now() < until:
        pass_to(min(until, clock.now() + timedelta(hours=1)))


def test_another_zone_moves_reminders_with_the_visit(version: Version) -> None:
    session = enrolled(version)
    windows.change_zone(session.participant_id, "America/New_York")
    rows = reminders(session)
    assert [row.planned_at for row in rows] == [
        datetime(2027, 3, 23, 12, tzinfo=UTC), datetime(2027, 3, 24, 12, tzinfo=UTC),
        datetime(2027, 3, 25, 8, tzinfo=UTC),
    ]  # fmt: skip
    assert rows[2].send_at == datetime(2027, 3, 25, 12, tzinfo=UTC), "of the night in New York, and not in Berlin"
    pass_to(berlin(2027, 3, 23, 9))
    assert outbox() == []
    pass_to(datetime(2027, 3, 23, 12, tzinfo=UTC))
    assert became(session)[0] == ("sent", "")
    assert "until Thursday, March 25, 08:00." in str(outbox()[0].body)
    assert "America / New York" in str(outbox()[0].body)
    assert Reminder.objects.count() == 3, "moved, and not made anew"
    assert differences(version) == []


def test_another_zone_while_a_visit_is_open_moves_only_quiet_hours(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    windows.change_zone(session.participant_id, "America/Los_Angeles")
    pass_to(berlin(2027, 3, 24, 8))
    assert became(session)[1] == ("queued", ""), "eight in Berlin is midnight there"
    pass_to(datetime(2027, 3, 24, 15, tzinfo=UTC))
    assert became(session)[1] == ("sent", "")
    assert differences(version) == []


def test_an_excused_visit_is_not_reminded_of(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    rescue.excuse(session.participant.code, number=1, reason="ill")
    assert became(session) == [("sent", ""), ("suppressed", "excused"), ("suppressed", "excused")]
    assert [state for state, _ in became(session, 2)] == ["queued"] * 3
    pass_to(berlin(2027, 3, 25, 9))
    assert len(outbox()) == 1
    assert differences(version) == []


@pytest.mark.parametrize("withdraw", [False, True])
def test_whoever_leaves_is_reminded_no_more_and_forgotten(version: Version, withdraw: bool) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    sessions.leave(session.pk, withdraw=withdraw)
    assert not Contact.objects.exclude(sealed_address="").exists()
    assert became(session) == [("sent", ""), ("suppressed", "left"), ("suppressed", "left")]
    pass_to(berlin(2027, 4, 20, 9))
    assert len(outbox()) == 1
    assert differences(version) == []


def test_whoever_unsubscribed_or_gave_no_address_gets_nothing(version: Version) -> None:
    stopped, silent = enrolled(version), enrolled(version, address="")
    identity.stop(stopped.participant, by="page")
    pass_to(berlin(2027, 3, 23, 8))
    assert (became(stopped)[0], became(silent)[0]) == (("suppressed", "unsubscribed"), ("suppressed", "no_address"))
    assert outbox() == []
    assert differences(version) == []


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (pause_study, "paused"),
        (close_study, "closed"),
        (partial(stop_study, because="target", counted=1, target=1), ""),
    ],
)
def test_a_study_that_is_held_reminds_nobody(version: Version, turn: Callable[[Study], Any], reason: str) -> None:
    session = enrolled(version)
    turn(version.study)
    pass_to(berlin(2027, 3, 23, 8))
    expected = ("suppressed", reason) if reason else ("sent", "")
    assert became(session)[0] == expected, "one that paused itself has its people, and they are to come back"
    if reason == "paused":
        open_study(Study.objects.get(pk=version.study_id))
        pass_to(berlin(2027, 3, 24, 8))
        assert became(session)[1] == ("sent", "")
    assert differences(version) == []


def test_first_channel_that_reaches_somebody_is_used(make: Make, tmp_path: Path) -> None:
    version = make(channels=["email", "recruiter_message"], recruitment={"adapter": "files"})
    by_mail, by_recruiter = enrolled(version), enrolled(version, address="")
    pass_to(berlin(2027, 3, 23, 8))
    assert [(row.channel, row.state, row.reason) for row in reminders(by_mail)[:2]] == [
        ("email", "sent", ""), ("recruiter_message", "suppressed", "other_channel"),
    ]  # fmt: skip
    assert [(row.channel, row.state, row.reason) for row in reminders(by_recruiter)[:2]] == [
        ("email", "suppressed", "no_address"), ("recruiter_message", "sent", ""),
    ]  # fmt: skip
    assert [message.to for message in outbox()] == [[SOMEBODY]]
    (passed_on,) = [file.read_text() for file in (tmp_path / "messages").iterdir()]
    assert passed_on.startswith(f"To: {by_recruiter.participant.code}\nSubject: ")
    assert "/j/" in passed_on
    assert differences(version) == []


def test_a_reminder_that_is_not_due_or_gone_is_left_alone(version: Version) -> None:
    session = enrolled(version)
    row = reminders(session)[0]
    assert remind(row.pk) == "queued", "it is not time"
    assert remind(row.pk + 1000) == "gone"
    assert Event.objects.filter(kind="reminder.claimed").count() == 0


def test_a_page_that_opens_the_window_takes_no_reminder_with_it(version: Version) -> None:
    session = enrolled(version)
    clock.stand(berlin(2027, 3, 23, 8))
    windows.act_if_due(session, clock.now())
    runner.drain("jobs")
    assert became(session)[0] == ("sent", "")
    assert len(outbox()) == 1


def test_a_visit_that_is_about_to_be_planned_anew_is_not_reminded_of(version: Version) -> None:
    """As of somebody whose partner has just left, before anybody has looked what follows from it."""
    session = enrolled(version)
    row = reminders(session)[0]
    clock.stand(row.send_at)
    window = dict.fromkeys(("opens_at", "due_at", "closes_at", "grace_until"))
    ScheduledSession.objects.filter(pk=row.scheduled_id).update(**window)
    assert remind(row.pk) == "queued"
    row.refresh_from_db()
    assert row.send_at == clock.now() + timedelta(minutes=5)
    assert Event.objects.filter(kind="reminder.moved", facts__because="replanned").count() == 1
    assert outbox() == []
