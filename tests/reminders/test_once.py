"""A message leaves at most once: workers that are killed, three at once, and what a person says of the rest."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from config.places import ROOT
from console.board import board_of
from events import clock, due, runner
from events.models import Due, Event
from flow.services.reminding import record, remind, resolve
from scheduling.models import Reminder
from scheduling.outbox import REMIND
from scheduling.reminders import State
from studies.models import Version
from tests.machinery.people import at_once
from tests.reminders.conftest import became, enrolled, outbox, reminders
from tests.reminders.dying_worker import POINTS
from tests.scheduling.test_visits import berlin, pass_to
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Version]
PEOPLE = 3


def killed_at(point: str, folder: str) -> int:
    """Run a worker on this test's database until it dies; return its exit status."""
    found = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{found['USER']}@/{found['NAME']}?host={found['HOST']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "platform"), str(ROOT)]),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-m", "tests.reminders.dying_worker", point, folder]
    return subprocess.run(command, env=environment, cwd=ROOT, timeout=60, check=False).returncode


def arrived(folder: str) -> Counter[str]:
    """How often each message came, by the id of its row."""
    files = Path(folder).iterdir() if Path(folder).exists() else ()
    parts = [part for file in files for part in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n") if part.strip()]
    return Counter(str(message_from_bytes(part)["Message-ID"]) for part in parts)


def differences(version: Version) -> list[str]:
    return [str(each) for each in check(version.study, late_after_seconds=3600).differences]


@pytest.mark.parametrize("point", POINTS)
def test_messages_of_a_killed_worker_are_never_sent_twice(make: Make, settings: LazySettings, point: str) -> None:
    version = make(is_simulated=True)  # a simulated study's messages become files, also in the other process
    people = [enrolled(version) for _ in range(PEOPLE)]
    clock.stand(berlin(2027, 3, 23, 8))
    assert killed_at(point, settings.EMAIL_FILE_PATH) == -signal.SIGKILL
    before = arrived(settings.EMAIL_FILE_PATH)
    assert sum(before.values()) == (1 if point in ("after sending", "after record") else 0)
    # the leases run out, sooner than they would
    Due.objects.filter(outcome="", lease_until__isnull=False).update(lease_until=clock.now() - timedelta(seconds=1))
    for _ in range(3):
        runner.drain("jobs")
    rows = [reminders(person)[0] for person in people]
    after = arrived(settings.EMAIL_FILE_PATH)
    assert set(after.values()) == {1}, "each once"
    claimed = point in ("after claim", "after sending")
    assert Counter(row.state for row in rows) == Counter(sent=PEOPLE - claimed, unknown=int(claimed))
    assert len(after) == PEOPLE - (1 if point == "after claim" else 0)
    assert differences(version) == []
    pass_to(berlin(2027, 3, 23, 12))
    assert arrived(settings.EMAIL_FILE_PATH) == after, "and never again by itself"
    assert board_of(version.study).reminders == int(claimed)


def test_three_tickers_at_once_send_each_message_once(version: Version) -> None:
    people = [enrolled(version) for _ in range(4)]
    clock.stand(berlin(2027, 3, 23, 8))
    ticker: Callable[[], object] = partial(runner.drain, "jobs")
    assert not [each for each in at_once([ticker] * 3) if isinstance(each, Exception)]
    runner.drain("jobs")
    assert [became(person)[0] for person in people] == [("sent", "")] * 4
    assert Counter(str(message.message()["Message-ID"]) for message in outbox()).most_common(1)[0][1] == 1
    assert len(outbox()) == 4
    claims = Event.objects.filter(kind="reminder.claimed").values_list("subject_id", flat=True)
    assert sorted(claims) == sorted(reminders(person)[0].pk for person in people)
    assert differences(version) == []


def test_the_same_row_from_three_sides_leaves_once(version: Version) -> None:
    """As where a lease was lost though its holder lives: whoever comes second says that nobody knows."""
    session = enrolled(version)
    clock.stand(berlin(2027, 3, 23, 8))
    key = reminders(session)[0].pk
    both: list[Callable[[], object]] = [partial(remind, key) for _ in range(3)]
    assert not [each for each in at_once(both) if isinstance(each, Exception)]
    assert len(outbox()) == 1
    assert became(session)[0][0] == "sent", "the one that claimed it knows better"
    runner.drain("jobs")
    assert differences(version) == []


def test_only_whoever_claimed_it_says_what_became_of_it(version: Version) -> None:
    session = enrolled(version)
    row = reminders(session)[0]
    Reminder.objects.filter(pk=row.pk).update(state=State.SENDING, attempt=2, claimed_at=clock.now())
    assert record(row.pk, 1, State.SENT) == "sending", "an older claim"
    assert record(row.pk, 2, State.UNKNOWN, reason="no_answer") == "unknown"
    assert record(row.pk, 2, State.QUEUED, reason="no_connection") == "failed", "taken for dead meanwhile: not again"
    assert record(row.pk, 2, State.SENT) == "failed"
    assert outbox() == []


def test_work_that_fails_for_good_is_shown_to_a_person(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    session = enrolled(version)
    monkeypatch.setattr("flow.services.reminding._verdict", lambda *_: 1 / 0)
    clock.stand(berlin(2027, 3, 23, 8))
    for _ in range(due.MAX_ATTEMPTS + 1):
        runner.drain("jobs")
        Due.objects.filter(reaction=REMIND, outcome="", run_after__lt=berlin(2027, 3, 23, 9)).update(
            run_after=clock.now()
        )
    runner.drain("jobs")
    assert became(session)[0] == ("failed", "gave_up")
    assert board_of(version.study).reminders == 1
    assert differences(version) == []


def no_answer(*_: object) -> None:
    raise TimeoutError


def listed(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("reminders", *arguments, stdout=out, no_color=True)
    return out.getvalue().splitlines()


def test_a_person_says_what_became_of_what_nobody_knows(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    session = enrolled(version)
    monkeypatch.setattr("flow.mail.Email.send", no_answer)
    pass_to(berlin(2027, 3, 23, 8))
    monkeypatch.undo()
    slug, name = version.study.slug, f"{session.participant.code}/1/1/email"
    lines = listed(slug)
    assert "       1  unknown: no_answer" in lines
    assert f"UNKNOWN  {name}  no_answer, 2027-03-23 07:00 UTC" in lines
    assert lines[-1].startswith("1 of which nobody knows")
    for wrong, words in (
        ((slug, "--resolve", name), "--as sent"),
        ((slug, "--resolve", name, "--as", "sent"), "--reason"),
        ((slug, "--resolve", "nonsense", "--as", "sent", "--reason", "x"), "names no reminder"),
        ((slug, "--resolve", f"{name}x", "--as", "sent", "--reason", "x"), "there is no reminder"),
        (("nowhere",), "no study is called"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("reminders", *wrong, stdout=StringIO())
    assert listed(slug, "--resolve", name, "--as", "sent", "--reason", "It is in the server's log.") == [
        f"{name} is noted as sent"
    ]
    assert became(session)[0] == ("sent", "resolved")
    with pytest.raises(CommandError, match="only one that is unknown"):
        call_command("reminders", slug, "--resolve", name, "--as", "not_sent", "--reason", "x", stdout=StringIO())
    kept = Event.objects.get(kind="rescue.reminder")
    assert (kept.subject_id, kept.facts["reason"]) == (session.participant_id, "It is in the server's log.")
    pass_to(berlin(2027, 3, 23, 12))
    assert outbox() == []
    assert differences(version) == []


def test_an_older_database_sends_nothing_that_may_have_been_sent(version: Version) -> None:
    session = enrolled(version)
    clock.stand(berlin(2027, 3, 23, 9))  # it comes from a backup of before eight
    assert listed("--restored") == ["1 reminders may have been sent since the backup, and are not sent again"]
    runner.drain("jobs")
    assert became(session)[:2] == [("unknown", "restored"), ("queued", "")]
    assert outbox() == []
    resolve(reminders(session)[0], is_sent=True, reason="It is in the server's log.")
    assert became(session)[0] == ("sent", "resolved")
    pass_to(berlin(2027, 3, 24, 8))
    assert len(outbox()) == 1, "of what was not due yet nothing was lost"
    assert differences(version) == []
    with pytest.raises(CommandError, match="name a study"):
        call_command("reminders", stdout=StringIO())


def test_what_was_not_sent_stays_unsent(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    session = enrolled(version)
    monkeypatch.setattr("flow.mail.Email.send", no_answer)
    pass_to(berlin(2027, 3, 23, 8))
    monkeypatch.undo()
    resolve(reminders(session)[0], is_sent=False, reason="The server was off.")
    assert became(session)[0] == ("failed", "resolved")
    assert board_of(version.study).reminders == 0
    pass_to(berlin(2027, 3, 23, 12))
    assert outbox() == []
