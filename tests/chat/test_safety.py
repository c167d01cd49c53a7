"""What follows when a message may speak of danger: a row, a card, a pause, an alert, and full pay."""

import importlib
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from chat import screening_wordings
from chat.models import Conversation, Entry, SafetyStep, Trigger
from chat.safety import policy, services
from chat.safety.alerts import send as send_alert
from chat.safety.limits import time_left
from chat.safety.queries import unanswered
from chat.services import open_conversation
from console.board import board_of
from events import clock, due
from events.models import Due, Event
from exports.scope import Scope
from exports.services import erasure
from exports.services.door import erasing
from exports.tables.safety import SAFETY
from flow.lookup import step_kind
from flow.models import Match
from flow.queries import page_of, rev_of
from flow.services import sessions
from flow.state import MatchState
from matching.models import Group
from participants.models import Participant
from tests.chat.rooms import make_match
from tests.chat.safe_rooms import ALONE, NOTE, OFFER, STOP, TWO, past_guards, room
from tests.chat.test_between_people import send, session_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("text", "tier"), [(NOTE, "note"), (OFFER, "offer"), (STOP, "stop")])
def test_each_trigger_is_a_row_without_words_and_the_message_is_stored_as_ever(text: str, tier: str) -> None:
    match = room(*ALONE)
    assert send(match, 1, message=text).outcome == "stored"
    (row,), entry = Trigger.objects.all(), Entry.objects.get()
    assert (row.tier, row.seq, row.key, row.source, entry.text) == (tier, 1, entry.key, "rules", text)
    event = Event.objects.get(kind="safety.found")
    assert "kill" not in str(event.facts)
    assert "dead" not in str(event.facts)


def test_ordinary_words_and_a_study_without_safety_make_no_row() -> None:
    send(room(*ALONE), 1, message="I had a nice day.")
    send(make_match("chatting", *ALONE, parameters={"quota": 0, "chars": 300}), 1, message=STOP)
    assert not Trigger.objects.exists()


def test_card_is_shown_to_the_writer_alone_and_the_conversation_goes_on() -> None:
    match = room(*TWO)
    send(match, 1, message=OFFER)
    assert page_of(session_of(match, 1)).facts["support"].title == "If you need support"
    other = page_of(session_of(match, 2))
    assert "support" not in other.facts
    assert other.note == ""
    assert send(match, 1, message="I go on.").outcome == "stored"
    assert SafetyStep.objects.count() == 0


def test_stop_pauses_the_writer_and_tells_others_only_of_a_pause() -> None:
    match = room(*TWO)
    send(match, 1, message=STOP)
    page = page_of(session_of(match, 1))
    assert page.title == "If you need support"
    assert "Call the example line" in page.html
    assert page.view is None
    assert [one["value"] for one in page.facts["also"]] == ["resume", "stop"]
    other = page_of(session_of(match, 2))
    assert "short pause" in other.note
    assert "support" not in other.facts
    assert any(field.key == "then" for field in other.fields), "who waits may end it"
    with pytest.raises(Exception, match="pauses"):
        send(match, 1, message="let me go on")
    assert send(match, 2, message="Are you there?").outcome == "stored"


def test_whoever_goes_on_finds_what_was_said_meanwhile() -> None:
    match = room(*TWO)
    send(match, 1, message=STOP)
    send(match, 2, message="Are you there?")
    assert send(match, 1, safety="resume").outcome == "stored"
    page = page_of(session_of(match, 1))
    assert page.view is not None
    assert [line.text for line in page.view.lines] == [STOP, "Are you there?"]
    assert page_of(session_of(match, 2)).note == ""
    assert list(SafetyStep.objects.values_list("what", flat=True)) == ["paused", "resumed"]


def test_pause_of_who_talks_alone_costs_no_time_and_the_program_waits() -> None:
    match = room(*ALONE)
    before = match.deadline_at
    send(match, 1, message=STOP)
    match.refresh_from_db()
    assert before is not None
    assert match.deadline_at == before + services.LONGEST_PAUSE
    send(match, 1, safety="resume")
    match.refresh_from_db()
    assert match.deadline_at is not None
    assert timedelta(0) <= match.deadline_at - before < timedelta(seconds=30)


def test_whoever_stops_for_the_day_is_paid_in_full_and_not_excluded() -> None:
    match = room(*ALONE)
    send(match, 1, message=STOP)
    assert send(match, 1, safety="stop").outcome == "stored"
    session = session_of(match, 1)
    person = Participant.objects.get(pk=session.participant_id)
    assert (person.status, person.exit, session.status) == ("finished", "completed", "finished")
    assert person.settlement.base_minor == 400, "the whole pay of the visit"
    assert Event.objects.filter(kind="visit.stopped").count() == 1


def test_partner_of_who_stops_is_led_on_and_not_punished() -> None:
    match = room(*TWO)
    send(match, 1, message=STOP)
    send(match, 1, safety="stop")
    other = Participant.objects.get(pk=session_of(match, 2).participant_id)
    assert other.exit in ("", "partners_left", "completed")
    assert Conversation.objects.get().closed_at is not None


def test_failing_screen_shows_the_card_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    match = room(*ALONE)

    def broken(*_args: object, **_more: object) -> None:
        raise TimeoutError("too long")

    monkeypatch.setattr(policy, "screened", broken)
    assert send(match, 1, message="I had a nice day.").outcome == "stored"
    row = Trigger.objects.get()
    assert (row.tier, row.source, row.rules) == ("offer", "failed", ["TimeoutError"])
    assert page_of(session_of(match, 1)).facts["support"].title
    assert Event.objects.get(kind="safety.found").facts["source"] == "failed"


@pytest.fixture
def broken_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files of the rules cannot be read; and the rules that were made before are forgotten."""
    for language in screening_wordings.LANGUAGES:
        (tmp_path / f"{language}.yaml").write_text("rules: [{tier: stop, name: x, ways: ['(']}", encoding="utf-8")
    monkeypatch.setattr(screening_wordings, "FOLDER", tmp_path)
    for kept in (screening_wordings._made, screening_wordings.edition):
        kept.cache_clear()
    yield tmp_path
    for kept in (screening_wordings._made, screening_wordings.edition):
        kept.cache_clear()


def test_broken_rules_show_the_card_and_the_message_is_stored(broken_rules: Path) -> None:
    match = room(*ALONE)
    policy.get_ready()
    assert send(match, 1, message="I had a nice day.").outcome == "stored"
    row = Trigger.objects.get()
    assert (row.tier, row.source, row.rules) == ("offer", "failed", ["RulesError"])
    assert row.edition == screening_wordings.edition()
    assert Entry.objects.get().text == "I had a nice day."
    assert page_of(session_of(match, 1)).facts["support"].title == "If you need support"
    assert not Due.objects.filter(reaction="chat.safety.alerts.send").exists()


def test_broken_rules_cost_their_time_once(broken_rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def slow(language: str) -> None:
        read.append(language)
        raise OSError("no such file")

    monkeypatch.setattr(screening_wordings, "_read", slow)
    assert [policy.judged("anything", "de").source for _ in range(3)] == ["failed"] * 3
    assert read == ["de"]


def test_rules_are_there_before_the_first_message_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages, the sockets and the worker of programs make them as they start."""
    for module in ("config.wsgi", "config.asgi"):
        screening_wordings._made.cache_clear()
        importlib.reload(importlib.import_module(module))
        assert screening_wordings._made.cache_info().currsize == len(screening_wordings.LANGUAGES)
    screening_wordings._made.cache_clear()
    monkeypatch.setattr("events.loop.serve", lambda _queue: None)
    worker = SimpleNamespace(task_consumer=SimpleNamespace(queues=[SimpleNamespace(name="bots")]))
    importlib.import_module("config.celery").start_the_loop(worker)
    assert screening_wordings._made.cache_info().currsize == len(screening_wordings.LANGUAGES)


def test_whoever_is_on_call_is_told_once_without_a_word() -> None:
    match = room(*ALONE)
    send(match, 1, message=STOP)
    row = Due.objects.get(reaction="chat.safety.alerts.send")
    (claim,) = due.claim_ids([row.pk])
    assert send_alert(claim) == "sent"
    assert send_alert(claim) == "sent before"
    (told,) = mail.outbox
    assert told.to == ["oncall@example.org"]
    assert "kill" not in f"{told.subject}{told.body}"
    assert match.group.version.study.slug in told.subject
    assert SafetyStep.objects.filter(what="alerted").count() == 1


def test_team_reads_and_answers_once_and_the_table_tells_the_times() -> None:
    match = room(*ALONE)
    send(match, 1, message=OFFER)
    study = match.group.version.study
    assert board_of(study).safety.startswith("1 (")
    out = StringIO()
    call_command("safety", study.slug, stdout=out)
    assert "offer" in out.getvalue()
    assert "dead" not in out.getvalue()
    with pytest.raises(CommandError, match="a monitor reads"):
        call_command("safety", study.slug, read=1)
    study.memberships.create(user=User.objects.create(username="ana", is_staff=True), role="monitor")
    call_command("safety", study.slug, read=1, monitor="ana", stdout=out)
    assert OFFER in out.getvalue()
    assert Event.objects.get(kind="data.monitored").facts["what"] == "safety"
    with pytest.raises(CommandError, match="what was done"):
        call_command("safety", study.slug, answer=1)
    call_command("safety", study.slug, answer=1, verdict="no_risk", done="read it", stdout=out)
    with pytest.raises(CommandError, match="already"):
        call_command("safety", study.slug, answer=1, verdict="risk", done="again")
    assert unanswered(study) == []
    assert board_of(study).safety == ""
    (found,) = SAFETY.rows(Scope(study))
    assert (found["what"], found["tier"], found["verdict"]) == ("message", "offer", "no_risk")
    assert float(str(found["answered_s"])) >= float(str(found["found_s"]))
    assert set(found) == {column.name for column in SAFETY.columns}


def test_reminders_come_after_so_many_minutes_and_are_kept_once() -> None:
    match = room(*ALONE, breaks={"every_minutes": 5})
    Match.objects.filter(pk=match.pk).update(step_opened_at=clock.now() - timedelta(minutes=11))
    session = session_of(match, 1)
    before = rev_of(session)
    page = page_of(session)
    assert "10 minutes" in page.note
    for _ in range(2):
        services.note_shown(**{key: page.facts["safety"][key] for key in ("triggers", "breaks")},
                            match_id=match.pk, path=match.path, seat_id=page.facts["safety"]["seat"])  # fmt: skip
    assert SafetyStep.objects.get().number == 2
    assert rev_of(session_of(match, 1)) == before
    assert "safety" not in page_of(session_of(match, 1)).facts
    (found,) = SAFETY.rows(Scope(match.group.version.study))
    assert (found["what"], found["n"]) == ("break", 2)


def test_card_is_a_page_of_its_own_that_needs_no_session(client: Any) -> None:
    match = room(*ALONE)
    card = policy.card_of(match.group.version)
    assert card is not None
    shown = client.get(f"/support/en/{card.sha256}")
    assert shown.status_code == 200
    assert "Call the example line" in shown.content.decode()
    assert client.get(f"/support/en/{'0' * 64}").status_code == 404
    assert Group.objects.count() == 1
    assert sessions.LEFT == "left"


def test_talk_ends_when_the_minutes_of_the_visit_are_used_up() -> None:
    match = room(*ALONE, limits={"minutes_per_visit": 4, "minutes_per_day": 60})
    person = session_of(match, 1).participant
    assert time_left(match) == timedelta(minutes=4)
    with past_guards():
        Event.objects.filter(kind="step.opened", subject_id=match.pk).update(at=clock.now() - timedelta(minutes=3))
    Conversation.objects.update(closed_at=clock.now())
    left = time_left(match)
    assert left is not None
    assert timedelta(seconds=55) < left < timedelta(seconds=61)
    match.step_opened_at, match.deadline_at = clock.now(), clock.now() + timedelta(minutes=10)
    state = MatchState(match)
    implementation, step = step_kind(state)
    implementation.open(match, state, step)
    assert match.deadline_at < clock.now() + timedelta(seconds=62)
    assert person.exit == ""


def test_conversation_keeps_by_which_rules_it_is_screened() -> None:
    match = room(*TWO)
    Conversation.objects.all().update(path="before")
    assert open_conversation(match, path="talk", channel="chat").edition == screening_wordings.edition()
    plain = make_match("chatting", *TWO)
    assert Conversation.objects.get(match=plain).edition == ""


def test_without_limits_nothing_is_counted() -> None:
    assert time_left(room(*ALONE)) is None


def test_nothing_of_it_is_left_of_whoever_has_their_data_deleted() -> None:
    match = room(*TWO)
    send(match, 1, message=STOP)
    send(match, 2, message=OFFER)
    person = Participant.objects.get(pk=session_of(match, 1).participant_id)
    with erasing():
        gone = erasure._forget_own(person)
    assert (gone["triggers"], gone["safety_steps"]) == (1, 1)
    assert [one.tier for one in Trigger.objects.all()] == ["offer"]
    assert gone["findings"] == 1
    facts = [event.facts for event in Event.objects.filter(kind="safety.found").order_by("pk")]
    assert set(facts[0]) == {"seat"}, "how grave it was is not told any more"
    assert facts[1]["tier"] == "offer"


def test_who_was_erased_before_events_forgot_the_tier_is_forgotten_with_the_upgrade() -> None:
    match = room(*TWO)
    send(match, 1, message=STOP)
    send(match, 2, message=OFFER)
    before = {event.facts["seat"]: event.facts for event in Event.objects.filter(kind="safety.found")}
    erased, there = (match.group.seats.get(number=number) for number in (1, 2))
    Participant.objects.filter(seats=erased).update(erased_at=clock.now())
    migration = importlib.import_module("exports.migrations.0003_findings_of_the_erased")
    with connection.cursor() as cursor:
        cursor.execute(migration.FORGET)
    after = {event.facts["seat"]: event.facts for event in Event.objects.filter(kind="safety.found")}
    assert after == {erased.pk: {"seat": erased.pk}, there.pk: before[there.pk]}
    assert set(before[erased.pk]) > {"seat", "tier"}
    person = Participant.objects.get(seats=erased)
    assert not erasure.findings_of(person).exists(), "as of whoever is erased from now on"
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(kind="safety.found").update(facts={})


def test_card_of_what_was_deleted_since_its_page_was_drawn_is_not_kept() -> None:
    match = room(*TWO)
    send(match, 1, message=OFFER)
    (row,), (seat, other) = Trigger.objects.all(), match.group.seats.order_by("number")
    services.note_shown(match.pk, match.path, seat.pk, [row.pk, row.pk + 1], 0)
    services.note_shown(match.pk, match.path, other.pk, [row.pk + 1], 0)
    assert [(step.trigger_id, step.seat_id) for step in SafetyStep.objects.filter(what="card")] == [(row.pk, seat.pk)]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
