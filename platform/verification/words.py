"""What screening found in free text outside conversations, judged again, and that whoever is on call was to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chat.models import Report, Trigger, WordsTrigger
from chat.safety.policy import language_of, safety_of, shows_card
from chat.safety.words import ALERT, What
from events.models import Event
from exports.codes import match_code
from exports.declared import is_free_answer, is_free_decision
from flow.models import Act
from measures.models import Answer
from scheduling.models import Session
from verification.inquiry import Inquiry
from verification.safety import judge
from verification.sent import is_marked


@dataclass(frozen=True)
class _Text:
    """Something that was written outside a conversation."""

    session: Session
    place: str
    words: str
    edition: str
    trigger: WordsTrigger | None


def check_words(inquiry: Inquiry, visits: Sequence[Session]) -> None:
    """All that was written and found in some visits."""
    by_key = {session.pk: session for session in visits}
    found = list(WordsTrigger.objects.filter(session__in=visits).select_related("report").prefetch_related("steps"))
    inquiry.report.count("words found outside conversations", len(found))
    told = Event.objects.filter(subject_kind="session", subject_id__in=by_key, kind=ALERT)
    alerted = {facts["trigger"] for facts in told.values_list("facts", flat=True)}
    texts = [*_answers(by_key, found), *_acts(inquiry, by_key, found), *_reports(by_key, found)]
    read = {text.trigger.pk for text in texts if text.trigger is not None}
    for one in found:
        _check_trigger(inquiry, by_key[one.session_id], one, is_read=one.pk in read, is_alerted=one.pk in alerted)
    for text in texts:
        _judge(inquiry, text)


def _answers(visits: Mapping[int, Session], found: Sequence[WordsTrigger]) -> Iterator[_Text]:
    asked = [one for one in found if one.report_id is None and one.act_id is None]
    of = {(one.session_id, one.stage, one.item, one.attempt): one for one in asked}
    for answer in Answer.objects.filter(session__in=visits).order_by("pk"):
        session, words = visits[answer.session_id], answer.value
        trigger = of.get((answer.session_id, answer.stage, answer.item, answer.attempt))
        if not isinstance(words, str) or not words:
            continue
        version = session.participant.version
        is_free = safety_of(version) is not None and is_free_answer(version, answer.stage, answer.item)
        if trigger is not None or is_free:
            yield _Text(session, f"{answer.stage}, {answer.item}", words, answer.edition, trigger)


def _acts(inquiry: Inquiry, visits: Mapping[int, Session], found: Sequence[WordsTrigger]) -> Iterator[_Text]:
    """Words in the decisions of people."""
    of = {(one.act_id, one.item): one for one in found if one.act_id is not None}
    safe = {session.pk for session in visits.values() if safety_of(session.participant.version) is not None}
    made = Act.objects.filter(seat__session__in={*safe, *(one.session_id for one in found)}, source=Act.Source.PERSON)
    for act in made.select_related("match__group", "seat").order_by("pk"):
        session, match = visits[act.seat.session_id or 0], act.match
        may_ask = session.pk in safe and match.group.version_id in inquiry.current_code
        for item, words in act.values.items():
            trigger = of.get((act.pk, item))
            if not isinstance(words, str) or not words:
                continue
            if trigger is not None or (may_ask and is_free_decision(session.participant.version, act, item)):
                place = f"{match_code(match.group.code, match.round, match.number)} {act.path}, {item}"
                yield _Text(session, place, words, act.edition, trigger)


def _reports(visits: Mapping[int, Session], found: Sequence[WordsTrigger]) -> Iterator[_Text]:
    of = {one.report_id: one for one in found if one.report_id is not None}
    newest: dict[int, Session] = {}
    for session in visits.values():
        newest[session.participant_id] = session
    made = Report.objects.filter(seat__participant__in=newest).select_related("seat", "case").order_by("pk")
    for report in made:
        session = newest[report.seat.participant_id or 0]
        if report.text and safety_of(session.participant.version) is not None:
            yield _Text(session, f"report {report.case.number}", report.text, report.edition, of.get(report.pk))


def _check_trigger(inquiry: Inquiry, session: Session, one: WordsTrigger, *, is_read: bool, is_alerted: bool) -> None:
    report, safety = inquiry.report, safety_of(session.participant.version)
    where = f"{session.participant.code}, {one.stage or 'a report'}"
    if safety is None:
        report.differ("trigger in a study without safety", where, 0, 1)
        return
    if not is_read:
        report.differ("trigger without its words", where, "an answer, a decision or a report", "none")
    if one.tier == Trigger.Tier.STOP and not is_alerted:
        report.differ("alert missing", where, 1, 0)
    has_card = any(step.what == What.CARD for step in one.steps.all())
    if has_card and not shows_card(safety, one.tier, one.source):
        report.differ("card without a reason", where, 0, 1)


def _judge(inquiry: Inquiry, text: _Text) -> None:
    if is_marked({"text": text.words}):
        inquiry.report.left_out["what was purged of words"] += 1
        return
    participant = text.session.participant
    where, by = f"{participant.code}, {text.place}", text.trigger.edition if text.trigger else text.edition
    language = language_of(participant.version)
    judge(inquiry.report, where, text.words, language, text.trigger, by=by, counted="answers judged again")
