"""Whoever is on call is told at least once: when workers die, when the mail server is away, when there is none."""

import hashlib
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command

from chat.models import SafetyStep, Trigger
from chat.safety import alerts, services
from chat.safety.queries import untold
from console.board import board_of
from events import clock, due, runner
from events.claim import Claim
from events.models import Due
from flow.models import Match
from tests.chat.safe_rooms import ALONE, STOP, make_old, room
from tests.chat.test_between_people import send

pytestmark = pytest.mark.django_db
ALERT = "chat.safety.alerts.send"
GONE = OSError("no route to host, says oncall@example.org")


@pytest.fixture
def stopped() -> Match:
    """A talk in which one message stopped the conversation."""
    match = room(*ALONE)
    send(match, 1, message=STOP)
    return match


def claimed() -> Claim:
    """The work of telling somebody, in hand."""
    Due.objects.filter(reaction=ALERT, outcome="").update(run_after=clock.now(), lease_until=None)
    (claim,) = due.claim_ids([Due.objects.get(reaction=ALERT, outcome="").pk])
    return claim


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A mail server that takes nothing; what it was handed."""
    handed: list[str] = []

    def refuse(message: mail.EmailMessage, **_more: object) -> int:
        handed.append(str(message.subject))
        raise GONE

    monkeypatch.setattr(mail.EmailMessage, "send", refuse)
    return handed


def test_worker_that_dies_after_sending_costs_a_second_message_and_not_the_only_one(
    stopped: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_trigger: Trigger) -> None:
        raise SystemExit("the machine is gone")

    with monkeypatch.context() as dying:
        dying.setattr(services, "note_alerted", die)
        with pytest.raises(SystemExit):
            alerts.send(claimed())
    assert not SafetyStep.objects.filter(what="alerted").exists()
    assert alerts.send(claimed()) == "sent"
    first, second = mail.outbox
    assert first.subject == second.subject
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert first.body == second.body
    assert alerts.send(claimed()) == "sent before"
    assert (len(mail.outbox), SafetyStep.objects.filter(what="alerted").count()) == (2, 1)


def test_message_is_not_taken_for_one_that_left_before_numbers_stayed(stopped: Match) -> None:
    """Those were named by the key of their row, and a mailbox leaves out what has a name that it knows."""
    assert alerts.send(claimed()) == "sent"
    number, seed = Trigger.objects.get().case.number, stopped.group.version.seed
    before = hashlib.sha256(f"{seed}/alert/{number}".encode()).hexdigest()[:32]
    assert before not in mail.outbox[0].extra_headers["Message-ID"]


def test_worker_that_dies_before_sending_leaves_it_to_the_next(stopped: Match) -> None:
    claimed()
    assert alerts.send(claimed()) == "sent"
    assert len(mail.outbox) == 1


def test_five_workers_that_die_are_the_most_and_then_the_board_says_so(
    stopped: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_trigger: Trigger) -> None:
        raise SystemExit("the machine is gone")

    monkeypatch.setattr(services, "note_alerted", die)
    for _ in range(due.MAX_ATTEMPTS):
        with pytest.raises(SystemExit):
            alerts.send(claimed())
    Due.objects.filter(reaction=ALERT).update(lease_until=clock.now() - timedelta(seconds=1))
    assert due.bury() == 1
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 1
    assert len(mail.outbox) == due.MAX_ATTEMPTS
    make_old(3)
    assert board_of(stopped.group.version.study).safety == "1 (3 min); nobody on call was told of 1"


@pytest.mark.parametrize(("waited", "pause"), [(0, 1), (4, 4), (45, 30), (1430, 30)])
def test_server_that_takes_nothing_is_asked_again(
    stopped: Match, no_server: list[str], waited: float, pause: float
) -> None:
    make_old(waited)
    claim = claimed()
    assert runner.run(claim) == "later"
    row = Due.objects.get(reaction=ALERT, outcome="")
    assert row.facts == claim.facts
    wait = (row.run_after - clock.now()).total_seconds() / 60
    assert pause - 0.5 < wait <= pause + 0.1
    assert len(no_server) == 1
    assert not SafetyStep.objects.filter(what="alerted").exists()


def test_after_a_day_it_is_given_up_and_the_board_goes_on_saying_so(stopped: Match, no_server: list[str]) -> None:
    make_old(24 * 60 + 1)
    assert runner.run(claimed()) == "given up"
    assert not Due.objects.filter(reaction=ALERT, outcome="").exists()
    assert untold(stopped.group.version.study) == [Trigger.objects.get()]


def test_what_the_server_says_is_in_no_log(
    stopped: Match, no_server: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert alerts.send(claimed()) == "later"
    assert "an alert did not leave" in caplog.text
    assert "oncall@example.org" not in caplog.text


def test_production_without_a_mail_server_counts_nothing_as_sent(stopped: Match, settings: object) -> None:
    settings.IS_PRODUCTION, settings.SENDS_EMAIL = True, False  # type: ignore[attr-defined]
    assert alerts.send(claimed()) == "later"
    assert mail.outbox == []
    make_old(5)
    out = StringIO()
    call_command("safety", stopped.group.version.study.slug, stdout=out)
    assert "OPEN for 5 min  nobody on call was told" in out.getvalue()


def test_what_was_answered_or_told_needs_no_message(stopped: Match) -> None:
    study = stopped.group.version.study
    make_old(3)
    assert len(untold(study)) == 1
    services.answer(Trigger.objects.get(), verdict="no_risk", words="read it on the board")
    assert untold(study) == []
    assert alerts.send(claimed()) == "answered before"
    assert mail.outbox == []
