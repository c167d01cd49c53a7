"""Somebody reports that somebody may be in danger: whoever is on call is told at once, and reads no word of anybody."""

from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command

from chat import report_alerts, reports, services
from chat.models import Report, SafetyStep, WordsStep, WordsTrigger
from chat.safety.pages import keep_shown
from chat.screening_wordings import edition
from config.management.commands import study as command
from events import clock, due, runner
from events.models import Due, Event
from exports.scope import Scope
from exports.tables.safety_words import SAFETY_WORDS
from flow.models import Match
from flow.queries import page_of
from participants.models import Participant
from studies.models import Study
from tests.chat.rooms import Sitter, make_match
from tests.chat.safe_rooms import OFFER, STOP, TWO, past_guards, room
from tests.chat.test_between_people import send, session_of
from tests.verification.tampering import change
from verification.check import check

pytestmark = pytest.mark.django_db
SAID = "He wrote that he has pills."


def report(match: Match, reason: str) -> Report:
    assert reports.take(session_of(match, 1), uuid4(), {"reason": reason, "text": SAID}) == {}
    return Report.objects.latest("pk")


def test_whoever_is_on_call_is_told_once_of_a_danger_without_a_word() -> None:
    match = room(*TWO)
    report(match, "harm")
    found = report(match, "danger")
    row = Due.objects.get(reaction="chat.report_alerts.send")
    (claim,) = due.claim_ids([row.pk])
    assert report_alerts.send(claim) == "sent"
    assert report_alerts.send(claim) == "seen before"
    (told,) = mail.outbox
    study = match.group.version.study
    assert (told.to, told.subject) == (["oncall@example.org"], f"Rapport: look at study {study.slug}, report 2")
    assert "manage.py reports" in told.body
    person = Participant.objects.get(seats=found.seat)
    for secret in ("pills", person.code, match.group.code, f"{found.at:%H:%M}", f"{found.at:%Y}"):
        assert secret not in f"{told.subject}{told.body}"
    kept = Event.objects.get(kind="chat.report_told")
    assert kept.facts["report"] == found.pk


def test_text_of_a_report_is_screened_and_the_next_page_of_who_wrote_it_has_the_card() -> None:
    match = room(*TWO)
    said = {"reason": "other", "text": STOP}
    assert reports.take(session_of(match, 1), uuid4(), said) == {}
    row, made = WordsTrigger.objects.get(), Report.objects.get()
    assert (row.report, row.tier, row.session) == (made, "stop", session_of(match, 1))
    assert made.edition == row.edition == edition()
    here = page_of(session_of(match, 1))
    assert here.facts["support"].title == "If you need support"
    assert "support" not in page_of(session_of(match, 2)).facts
    runner.drain("jobs")
    assert [one.subject.rpartition(", ")[2] for one in mail.outbox] == ["number 1"]
    (found,) = SAFETY_WORDS.rows(Scope(match.group.version.study))
    assert (found["what"], found["stage"], found["tier"]) == ("report", None, "stop")
    out = StringIO()
    study = match.group.version.study
    study.memberships.create(user=User.objects.create(username="ana", is_staff=True), role="monitor")
    call_command("safety", study.slug, read=1, monitor="ana", stdout=out)
    assert "main 1, a report" in out.getvalue()
    assert out.getvalue().splitlines()[-1] == f"    {STOP}"
    ours = {"trigger missing", "trigger that no rule gives", "trigger without its words", "alert missing"}
    assert {one.what for one in check(study).differences} & ours == set()
    change(made, text="I like cake.")
    assert {one.what for one in check(study).differences} & ours == {"trigger that no rule gives"}


def test_card_of_a_report_waits_while_the_conversation_pauses() -> None:
    match = room(*TWO)
    send(match, 1, message=STOP)
    assert reports.take(session_of(match, 1), uuid4(), {"reason": "other", "text": OFFER}) == {}
    here = page_of(session_of(match, 1))
    assert "support" not in here.facts, "the page is about the card"
    send(match, 1, safety="resume")
    keep_shown(page_of(session_of(match, 1)).facts["safety"])
    assert WordsStep.objects.get().what == "card"
    assert SafetyStep.objects.filter(what="card").count() == 1


@pytest.mark.parametrize("reason", ["harm", "contact", "other"])
def test_nobody_is_woken_by_any_other_report(reason: str) -> None:
    report(room(*TWO), reason)
    runner.drain("jobs")
    assert mail.outbox == []
    assert not Due.objects.filter(reaction="chat.report_alerts.send").exists()


def test_nobody_is_told_where_nobody_is_on_call_the_people_are_simulated_or_it_was_answered() -> None:
    without = make_match("chatting", Sitter("talker"), Sitter("talker"), parameters={"quota": 0})
    report(without, "danger")
    played = room(*TWO)
    with past_guards():
        Study.objects.filter(pk=played.group.version.study_id).update(is_simulated=True)
    report(played, "danger")
    seen = report(room(*TWO), "danger")
    services.answer_report(seen.pk, answer="I was looking at the board.")
    runner.drain("jobs")
    assert mail.outbox == []
    outcomes = Due.objects.filter(reaction="chat.report_alerts.send").order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["nobody is on call", "nobody is on call", "seen before"]


def tried_more_often_than_other_work() -> None:
    for _ in range(due.MAX_ATTEMPTS + 2):
        runner.drain("jobs")
        waits = Due.objects.filter(reaction="chat.report_alerts.send", outcome="")
        assert waits.update(run_after="2020-01-01T00:00Z") == 1


def test_message_that_did_not_leave_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    report(room(*TWO), "danger")

    def fails(*_said: object) -> None:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as without_a_server:
        without_a_server.setattr(mail.EmailMessage, "send", fails)
        tried_more_often_than_other_work()
    assert not Event.objects.filter(kind="chat.report_told").exists()
    runner.drain("jobs")
    assert len(mail.outbox) == 1


def test_nobody_counts_as_told_where_production_names_no_mail_server(settings: LazySettings) -> None:
    settings.IS_PRODUCTION, settings.SENDS_EMAIL = True, False
    report(room(*TWO), "danger")
    runner.drain("jobs")
    assert mail.outbox == []
    assert Due.objects.filter(reaction="chat.report_alerts.send", outcome="").exists(), "it is tried again"
    Report.objects.update(at=clock.now() - timedelta(hours=25))
    Due.objects.filter(reaction="chat.report_alerts.send", outcome="").update(run_after="2020-01-01T00:00Z")
    runner.drain("jobs")
    assert Due.objects.filter(reaction="chat.report_alerts.send").latest("pk").outcome == "given up"


def test_opening_a_study_says_that_nobody_would_be_told_without_a_mail_server(settings: LazySettings) -> None:
    study = room(*TWO).group.version.study
    for sends, is_said in ((False, True), (True, False)):
        settings.SENDS_EMAIL, out = sends, StringIO()
        command._warn_of_no_mail(command.Command(stdout=out, no_color=True), study)
        assert ("Messages to who is on call reach nobody" in out.getvalue()) == is_said
