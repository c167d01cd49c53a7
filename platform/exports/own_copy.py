"""A person's copy of their own data: what they answered, decided, wrote and agreed to, their visits and their pay.

Everything here is the person's own word or was on their own page. What others wrote, what partners are, conditions,
codes, places in groups and what the platform measured stay out, at any time and for everybody alike: a copy may be
asked for in the middle of a study, and must not tell more than its pages. docs/decisions/0011 says why.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from chat.models import Entry, Report, SafetyStep, WordsStep
from chat.reports import fields as report_fields
from chat.reports import not_again
from events import clock
from exports.own_questions import Questions, in_words
from exports.redaction import POINTED_AT
from flow.consenting import consent_page
from flow.home import state_words
from flow.horizon import known_to, number_of
from flow.models import Act, Exposure, PracticeStep
from measures.models import Answer
from paradigm import Choice
from participants import identity
from participants.errors import ParticipantError
from participants.models import Participant
from recruitment.pay_words import pay_tables
from recruitment.queries import settlement_of
from scheduling.models import Reminder, ScheduledSession, Session
from scheduling.states import State
from studies import definition
from studies.markdown import visible

UTC = "UTC"


@dataclass(frozen=True)
class Visit:
    """One visit: when it could be begun, when it was, and what became of it; empty where that is not known."""

    visit: str
    opens: str
    closes: str
    begun: str
    ended: str
    state: str


@dataclass(frozen=True)
class Agreement:
    """An answer to the text about taking part, with its words and the boxes that were ticked."""

    at: str
    agreed: bool
    text: str
    boxes: Sequence[str]


@dataclass(frozen=True)
class Reply:
    """A question and the answer; `value` is the answer's number where it is one."""

    visit: str
    at: str
    round: int | None
    question: str
    answer: str
    value: int | float | None


@dataclass(frozen=True)
class Words:
    """Something that was written to others or to the study team."""

    visit: str
    at: str
    what: str
    text: str


@dataclass(frozen=True)
class Amount:
    """A line of the pay, as the last page shows it."""

    what: str
    how: str
    amount: str


@dataclass(frozen=True)
class Message:
    """A reminder that was sent."""

    visit: str
    at: str


@dataclass(frozen=True)
class Support:
    """Something that a page showed, or that one did there, because a message might have spoken of danger."""

    visit: str
    at: str
    what: str


@dataclass(frozen=True)
class OwnCopy:
    """The whole copy. Times are by the clock of `clock`, to the minute; `address` is where reminders go."""

    study: str
    made_at: str
    clock: str
    visits: Sequence[Visit]
    agreements: Sequence[Agreement]
    answers: Sequence[Reply]
    decisions: Sequence[Reply]
    practice: Sequence[Reply]
    messages: Sequence[Words]
    reports: Sequence[Words]
    support: Sequence[Support]
    pay: Sequence[Amount]
    address: str
    reminders: Sequence[Message]


def copy_of(session: Session) -> OwnCopy:
    """The copy for the person of a session, in the language that is spoken now."""
    own = _Own(session.participant)
    return OwnCopy(
        study=own.study.public_title,
        made_at=own.at(clock.now()),
        clock=own.zone,
        visits=list(own.visits()),
        agreements=list(own.agreements()),
        answers=list(own.answers()),
        decisions=list(own.decisions()),
        practice=list(own.practice()),
        messages=list(own.messages()),
        reports=list(own.reports()),
        support=list(own.support()),
        pay=own.pay(),
        address=own.address(),
        reminders=list(own.reminders()),
    )


class _Own:
    """Reads one person's rows."""

    def __init__(self, person: Participant) -> None:
        self.person = person
        self.study = definition.definition(person.version)
        self.zone = person.zone or UTC
        self.questions = Questions(person)

    def at(self, when: datetime | None) -> str:
        """A time by the person's clock. To the minute: seconds are the platform's, and were on no page."""
        return f"{when.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}" if when is not None else ""

    @cached_property
    def sessions(self) -> Sequence[Session]:
        return list(self.person.sessions.order_by("pk"))

    @cached_property
    def names(self) -> Mapping[int, str]:
        """Session → what its visit is called."""
        planned = {row.session_id: self.name_of(row) for row in self.known}
        return {one.pk: planned.get(one.pk, _("First visit")) for one in self.sessions}

    @cached_property
    def known(self) -> Sequence[ScheduledSession]:
        """Planned visits; where pages do not tell how many there are, those to come are told at the end."""
        rows = list(self.person.scheduled.select_related("session").order_by("number"))
        return known_to(self.person, rows) if self.person.status == Participant.Status.ACTIVE else rows

    def name_of(self, row: ScheduledSession) -> str:
        return _("Visit %(n)d") % {"n": number_of(row, self.known)}

    def visits(self) -> Iterator[Visit]:
        words = state_words()
        for one in self.sessions[:1]:
            state = words[State.STARTED if one.finished_at is None else State.COMPLETED]
            yield Visit(_("First visit"), "", "", self.at(one.started_at), self.at(one.finished_at), state)
        for row in self.known:
            begun = row.session.started_at if row.session else None
            yield Visit(
                visit=self.name_of(row),
                opens=self.at(row.opens_at or row.planned_open),
                # of a visit with a partner it would tell by which clock that one lives
                closes=self.at(row.closes_at) if row.pair_visit_id is None else "",
                begun=self.at(begun),
                ended=self.at(row.ended_at if begun else None),
                state=words[State(row.state)],
            )

    def address(self) -> str:
        """The one thing of the real world that is kept of somebody; empty where none is, or its key is gone."""
        try:
            return identity.address_of(self.person)
        except ParticipantError:
            return ""

    def reminders(self) -> Iterator[Message]:
        sent = Reminder.objects.filter(scheduled__participant=self.person, state=Reminder.State.SENT)
        for one in sent.select_related("scheduled").order_by("sent_at", "pk"):
            yield Message(self.name_of(one.scheduled), self.at(one.sent_at))

    def agreements(self) -> Iterator[Agreement]:
        for one in self.person.consents.order_by("pk"):
            page = consent_page(one)
            boxes = page.facts["boxes"] if one.agreed else []
            yield Agreement(self.at(one.at), one.agreed, f"{page.title}. {visible(page.html)}", boxes)

    def answers(self) -> Iterator[Reply]:
        given = Answer.objects.filter(session__participant=self.person).order_by("pk")
        for one in given:
            field = self.questions.item(one)
            yield self._reply(one.session_id, one.at, None, field.label, in_words(field, one.value), one.value)

    def decisions(self) -> Iterator[Reply]:
        acts = Act.objects.filter(seat__participant=self.person, source=Act.Source.PERSON)
        found = acts.select_related("match__group", "seat").order_by("pk")
        shown = {
            (match, path): view
            for match, path, view in Exposure.objects.filter(seat__participant=self.person).values_list(
                "match", "path", "view"
            )
        }
        for act in found:
            options = shown.get((act.match_id, act.path), {}).get("options", {})
            for key, value in act.values.items():
                field = self.questions.asked(act.match.group.stage, act.path, act.seat.role, key)
                answer = in_words(field, value, options.get(key))
                label = field.label if field else ""
                yield self._reply(act.seat.session_id, act.at, act.match.round, label, answer, value)

    def practice(self) -> Iterator[Reply]:
        steps = PracticeStep.objects.filter(session__participant=self.person).exclude(values=None)
        for step in steps.order_by("opened_at", "number"):
            for key, value in (step.values or {}).items():
                field = self.questions.practised(step.stage, step.path, step.role, key)
                answer = in_words(field, value, step.view.get("options", {}).get(key))
                at = step.answered_at or step.opened_at
                yield self._reply(step.session_id, at, step.round, field.label if field else "", answer, value)

    def messages(self) -> Iterator[Words]:
        entries = Entry.objects.filter(seat__participant=self.person).select_related("seat").order_by("pk")
        kinds = _kinds_of_entries()
        for one in entries:
            text = one.text or str(one.facts.get(POINTED_AT) or one.facts.get("value", ""))
            yield Words(self._visit(one.seat.session_id), self.at(one.at), kinds.get(one.kind, ""), text)

    def reports(self) -> Iterator[Words]:
        reasons, *_rest = report_fields()
        assert isinstance(reasons, Choice)
        made = Report.objects.filter(seat__participant=self.person).select_related("seat", "conversation__match")
        for one in made.order_by("pk"):
            why = in_words(reasons, one.reason)
            if one.is_apart:
                why = f"{why} {not_again(one.conversation.match.placings.count())}"
            yield Words(self._visit(one.seat.session_id), self.at(one.at), why, one.text)

    def support(self) -> Iterator[Support]:
        """What was on the person's own pages; not what was found, nor what the team made of it."""
        words = _kinds_of_support()
        steps = SafetyStep.objects.filter(seat__participant=self.person, what__in=words).select_related("seat")
        shown = [(one.at, one.seat.session_id, words[one.what]) for one in steps.order_by("at", "pk")]
        cards = WordsStep.objects.filter(trigger__session__participant=self.person, what=WordsStep.What.CARD)
        shown += [(one.at, one.session_id, words[SafetyStep.What.CARD]) for one in cards.order_by("at", "pk")]
        for at, session, what in sorted(shown, key=lambda one: one[0]):
            yield Support(self._visit(session), self.at(at), what)

    def pay(self) -> Sequence[Amount]:
        """As the last page shows it; nothing before there is one."""
        paid = settlement_of(self.person)
        tables = pay_tables(paid.explanation, paid.currency, caption="") if paid is not None else []
        return [Amount(*map(str, row)) for table in tables for row in table.rows]

    def _reply(
        self, session: int | None, at: datetime, number: int | None, question: str, answer: str, value: Any
    ) -> Reply:
        counted = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        return Reply(self._visit(session), self.at(at), number, question or _("Your answer"), answer, counted)

    def _visit(self, session: int | None) -> str:
        return self.names.get(session or 0, "")


def _kinds_of_support() -> Mapping[str, str]:
    return {
        SafetyStep.What.CARD: _("You were shown where to find help."),
        SafetyStep.What.PAUSED: _("Your conversation paused."),
        SafetyStep.What.RESUMED: _("You went on with the conversation."),
        SafetyStep.What.STOPPED: _("You stopped for the day."),
    }


def _kinds_of_entries() -> Mapping[str, str]:
    return {
        "message": _("Message"),
        "post": _("Post"),
        "comment": _("Comment"),
        "vote": _("Vote"),
        "edit": _("Text"),
        "point": _("Pointing"),
    }
