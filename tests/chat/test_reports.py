"""Reporting a conversation: kept once, seen by nobody in it, counted on the board, answered by the study team."""

import re
from io import StringIO
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import translation

from chat import reports, services
from chat.errors import ChatError
from chat.models import Report
from console.board import board_of
from events import clock
from events.models import Event
from exports.redaction import quotable
from exports.scope import Scope
from exports.services.echoes import Echoes
from exports.society import society_of
from exports.tables.reports import REPORTS
from flow.forms import FORM
from flow.models import Match
from matching.models import KeptApart, Seat
from participants.access import cookie_name
from participants.models import Participant
from participants.tokens import digest
from scheduling.models import Session
from tests.chat.rooms import Sitter, make_match
from tests.chat.test_talks import act

pytestmark = pytest.mark.django_db
SAID = "He asked where I live."


@pytest.fixture
def match() -> Match:
    match = make_match("chatting", Sitter("talker"), Sitter("talker"), parameters={"quota": 0})
    act(match, 2, message="where do you live?")
    return match


def session_of(match: Match, number: int) -> Session:
    return Session.objects.get(seats__number=number, seats__group=match.group)


def reported(match: Match, **data: str) -> Report:
    assert reports.take(session_of(match, 1), uuid4(), {"reason": "contact", "text": SAID, **data}) == {}
    return Report.objects.latest("pk")


def test_report_is_kept_once_with_how_far_the_conversation_had_come(match: Match) -> None:
    key, session = uuid4(), session_of(match, 1)
    for _ in range(2):
        assert reports.take(session, key, {"reason": "harm", "text": SAID}) == {}
    row = Report.objects.get()
    assert (row.reason, row.text, row.last_seq, row.seat.number) == ("harm", SAID, 1, 1)
    event = Event.objects.get(kind="chat.reported")
    assert event.facts["reason"] == "harm"
    assert SAID not in str(event.facts)


@pytest.mark.parametrize("data", [{}, {"reason": "boredom"}, {"reason": "harm", "text": "x" * 1001}])
def test_unfit_report_is_refused_and_not_kept(match: Match, data: dict[str, str]) -> None:
    assert reports.take(session_of(match, 1), uuid4(), data)
    assert not Report.objects.exists()


def test_whoever_was_in_no_conversation_has_nothing_to_report(match: Match) -> None:
    session = session_of(match, 1)
    Seat.objects.filter(group=match.group, number=1).update(session=None, participant=None)
    assert reports.page(session) is None


def test_whoever_has_begun_the_next_visit_reports_the_conversation_of_the_last(match: Match) -> None:
    before = session_of(match, 1)
    begun = Session.objects.create(participant=before.participant, wave="main", repeat=2)
    assert reports.page(begun) is not None
    assert reports.take(begun, uuid4(), {"reason": "harm", "text": SAID}) == {}
    assert Report.objects.get().seat.session == before


def test_page_takes_a_report_and_leads_back_with_thanks(match: Match, client: Client) -> None:
    secret = "s" * 43
    Participant.objects.filter(seats__group=match.group, seats__number=1).update(token_sha256=digest(secret))
    client.cookies[cookie_name()] = secret
    shown = client.get("/s/report")
    assert shown.status_code == 200
    rev = re.search(r'name="rev" value="([^"]+)"', shown.content.decode())
    assert rev is not None
    form = {"key": str(uuid4()), "rev": rev[1], "reason": "contact", "text": SAID}
    sent = urlencode(form)
    answer = client.post("/s/report", sent, content_type=FORM, follow=True)
    assert "The study team will read your report." in answer.content.decode()
    assert Report.objects.get().text == SAID
    assert SAID not in answer.content.decode()


def test_board_counts_it_until_it_is_answered_once(match: Match) -> None:
    row, study = reported(match), match.group.version.study
    assert (board_of(study).reports, reports.unanswered(study)) == (1, 1)
    told = StringIO()
    call_command("reports", study.slug, stdout=told)
    assert "OPEN" in told.getvalue()
    with pytest.raises(CommandError, match="what was done"):
        call_command("reports", study.slug, answer=1)
    with pytest.raises(CommandError, match="there is no report 2"):
        call_command("reports", study.slug, answer=2, done="x")
    call_command("reports", study.slug, answer=1, done="wrote to both", stdout=StringIO())
    assert board_of(study).reports == 0
    with pytest.raises(ChatError, match="wrote to both"):
        services.answer_report(row.pk, answer="again")
    (found,) = REPORTS.rows(Scope(study))
    assert (found["reason"], found["text"], found["last_seq"]) == ("contact", SAID, 1)
    assert float(str(found["answered_s"])) >= float(str(found["report_s"]))


def test_nobody_is_asked_whom_they_want_to_meet_no_more_where_nobody_is_met_again(match: Match) -> None:
    here = reports.page(session_of(match, 1))
    assert here is not None
    assert [field.key for field in here.fields] == ["reason", "text"]
    reported(match, apart="yes")
    assert not Report.objects.get().is_apart
    assert not KeptApart.objects.exists()


@pytest.mark.parametrize("sitters", [("person", "person"), ("person", "policy")])
def test_wish_is_asked_and_kept_the_same_whoever_one_met(monkeypatch: pytest.MonkeyPatch, sitters: list[str]) -> None:
    monkeypatch.setattr(reports, "may_meet_again", lambda _study: True)
    met = [Sitter("talker", who, "talkative" if who == "policy" else "") for who in sitters]
    match = make_match("chatting", *met, parameters={"quota": 0})
    here = reports.page(session_of(match, 1))
    assert here is not None
    assert here.fields[-1].label == "I do not want to meet this partner again."
    with translation.override("de"):
        assert reports.not_again(2) == "Ich möchte diesen Partner nicht wieder treffen.", "of nobody what they are"
    assert here.facts["apart"]
    reported(match, apart="yes")
    assert Report.objects.get().is_apart
    assert KeptApart.objects.count() == (sitters[1] == "person")
    assert reports.take(session_of(match, 1), uuid4(), {"reason": "harm", "apart": "perhaps"})["apart"]


def test_words_of_somebody_who_asked_for_deletion_are_neither_taken_in_nor_left(match: Match) -> None:
    row, seat = reported(match), Seat.objects.get(group=match.group, number=1)
    Report.objects.filter(pk=row.pk).update(is_apart=True)
    services.answer_report(row.pk, answer=f"He told us: {SAID}")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL rapport.erasing = 'on'")
        echoes = Echoes(society_of(match.group), frozenset({seat.pk}))
        echoes.erase(quotable(echoes.said()))
    Participant.objects.filter(seats=seat).update(status="withdrawn", exit="withdrawn", ended_at=clock.now())
    late = reported(match)
    services.answer_report(late.pk, answer=SAID)
    found = Report.objects.values_list("reason", "text", "answer", "is_apart")
    assert set(found) == {("contact", "", "", False)}


def test_list_tells_only_a_monitor_while_masked_and_its_lines_cannot_be_forged(match: Match) -> None:
    study = match.group.version.study
    reported(match, text="So.\n2  harm  nobody\u2028in\u202e g\u009b1")
    study.memberships.create(user=User.objects.create(username="ana", is_staff=True), role="monitor")

    def told(**options: str) -> str:
        out = StringIO()
        call_command("reports", study.slug, stdout=out, **options)
        return out.getvalue()

    assert told().splitlines()[:2] == ["1  contact  OPEN for 0 min", "1 of 1 open"]
    lines = told(monitor="ana").splitlines()
    assert lines[1:4] == ["    reported: So.", "    reported: 2  harm  nobody", "    reported: in g1"]
    assert match.group.code in lines[0]
    assert Event.objects.get(kind="data.monitored").facts["what"] == "reports"
