"""Talks as steps of a match: open the conversation, show what was said, take entries, end when all have spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as later

from chat import earlier, ending, forms, queries, services
from chat.channels import Draft
from chat.ending import conversation_of
from chat.errors import ChatError
from chat.lines import name_of
from chat.safety import pages
from chat.safety.limits import time_left
from chat.silence import silence_of
from chat.terms import ALLOWED, PERSON, Terms, terms_at
from chat.writing import Writing, by_browser, by_program
from events.prepared import update
from flow.errors import FlowError
from flow.models import Act, Match
from flow.state import MatchState
from flow.step import Asked, Incoming
from flow.steps import store_act
from paradigm import Card, Chat, Document, Entry, Feed, Field, FieldError, Line, Place, Table, Talk, View
from paradigm.fields import clean

LINES_SHOWN = 50


class TalkStep:
    """Free exchange until time is up, every quota is used, or all are ready. Readiness is the seat's one act."""

    def open(self, match: Match, state: MatchState, step: Talk) -> None:
        services.open_conversation(match, path=match.path, channel=step.channel.kind)
        left = time_left(match)
        until = match.step_opened_at + left if left is not None else None
        if until is not None and match.deadline_at is not None and until < match.deadline_at:
            match.deadline_at = until
            update(match, "deadline_at")

    def close(self, match: Match, state: MatchState, step: Talk) -> None:
        """The step is over, however it ended."""
        services.close_conversation(match, path=state.path)

    def acting(self, state: MatchState, step: Talk) -> Sequence[Place]:
        terms = terms_at(state, step)
        acting = {seat.number for seat in terms.speakers} - ending.done(state, terms)
        return [place for place in state.places if place.seat in acting]

    def asked(self, state: MatchState, step: Talk, place: Place) -> Asked:
        if place.seat not in {each.seat for each in self.acting(state, step)}:
            return Asked()
        guard = pages.guarded(state, place)
        if guard.paused is not None:
            return guard.paused
        terms = terms_at(state, step)
        targets = [entry.seq for entry in _shown(state, step)] if isinstance(step.channel, Feed) else []
        fields = forms.fields_of(
            step.channel,
            max_chars=terms.max_chars,
            min_chars=terms.min_chars,
            targets=targets,
            may_end=ending.may_end(state, terms, place.seat),
            holds_contacts=terms.holds_contacts,
        )
        seat = state.seats[place.seat]
        facts = _facts(state, step, terms, earlier.facts_of(state, seat))
        if seat.occupant == PERSON and len(terms.speakers) > 1 and not guard.standing.others_pause:
            facts["talk"]["silence"] = silence_of(state.match, state.path, seat, step)
        return Asked(fields, _("Send"), {**facts, **guard.facts}, note=guard.note)

    def view(self, state: MatchState, step: Talk, place: Place, told: View) -> View:
        """What the experiment tells now, with what was said unless the experiment shows that itself."""
        now = state.view_of(place)
        if isinstance(step.channel, Document):
            return now if now.cards else replace(now, cards=_pages(state, step.channel))
        if now.lines:
            return now
        shown = _shown(state, step)
        tables = [*now.tables, *_votes(state, shown)] if isinstance(step.channel, Feed) else now.tables
        return replace(now, lines=[_line(entry, place, state) for entry in shown], tables=tables)

    def act(self, match: Match, state: MatchState, step: Talk, act: Incoming) -> Act | None:
        if act.source == PERSON and pages.is_for_safety(match, state.path, act.seat, act.values):
            ends = pages.take(match, state, act.seat, act.values)
            return _end(match, state, act, forms.LEFT) if ends else None
        asked = self.asked(state, step, state.place(act.seat)).fields
        if not asked:
            raise FlowError("not_here", f"seat {act.seat.number} has nothing to say at {state.path}")
        if act.source == PERSON and act.values.get(forms.THEN) == forms.LEFT:
            return _end(match, state, act, forms.LEFT)
        if act.source != PERSON and forms.ENTRIES in act.values:
            wants_to_go = act.values.get(forms.THEN) == forms.READY
            drafts, is_ready = forms.listed(act.values), wants_to_go and forms.THEN in {field.key for field in asked}
        else:
            drafts, is_ready = _filled_in(match, state, step, act, asked)
        writing = _writing(state, step, act)
        for number, draft in enumerate(drafts, start=1):
            suffix = f"/{number}" if len(drafts) > 1 else ""
            _post(state, act, draft, writing=writing, suffix=suffix)
        return _end(match, state, act, forms.READY) if is_ready else None

    def finished(self, state: MatchState, step: Talk) -> bool:
        return ending.is_over(state, terms_at(state, step))

    def missing(self, state: MatchState, step: Talk) -> Sequence[Place]:
        """Nobody: silence is an answer, so a talk never voids a match."""
        return ()


def _facts(state: MatchState, step: Talk, terms: Terms, past: Mapping[str, Any]) -> dict[str, Any]:
    """What the page of a talk needs besides: how words are typed, the rules, what was before, and the way out of it."""
    says, is_shared = isinstance(step.channel, Chat), len(terms.speakers) > 1
    leave = {"name": forms.THEN, "value": forms.LEFT, "label": _("Leave this conversation")}
    talk = {"says": says, "pastes": terms.pastes, "rules": forms.rules(terms.holds_contacts) if is_shared else []}
    talk |= {"typing": terms.shows_typing and is_shared, "past": past}
    talk |= {"name": name_of(state.match, state.path)} if says else {}
    return {"talk": talk, "also": [leave] if says and is_shared else []}


def _end(match: Match, state: MatchState, act: Incoming, how: str) -> Act:
    """A seat has said all that it will: it is ready to go on, or has left the conversation."""
    stored = store_act(match, state.path, act, {forms.THEN: how})
    services.say_ready(conversation_of(state), match, has_left=how == forms.LEFT)
    return stored


def _shown(state: MatchState, step: Talk) -> list[Entry]:
    """What a page shows of the talk: the latest messages, or one page of a feed in its order."""
    conversation = conversation_of(state)
    if not isinstance(step.channel, Feed):
        return queries.latest(conversation, limit=LINES_SHOWN)
    newest = queries.latest(conversation, limit=queries.MOST_ENTRIES, kinds=("post", "comment"))[::-1]
    if step.channel.ranking == "votes":
        balance = queries.votes_of(conversation, [entry.seq for entry in newest])
        newest.sort(key=lambda entry: -balance[entry.seq])
    return newest[: step.channel.page_size]


def _line(entry: Entry, place: Place, state: MatchState) -> Line:
    who = "" if entry.seat == place.seat else next(p.name or p.position for p in state.places if p.seat == entry.seat)
    return Line(who=who, text=entry.text or str(entry.facts.get("thing", "")), kind=entry.kind, seq=entry.seq)


def _votes(state: MatchState, shown: Sequence[Entry]) -> list[Table]:
    balance = queries.votes_of(conversation_of(state), [entry.seq for entry in shown])
    rows = [(seq, balance[seq]) for seq in balance if balance[seq]]
    return [Table(_("Votes"), (_("Number"), _("Votes for, less votes against")), rows)] if rows else []


def _pages(state: MatchState, channel: Document) -> list[Card]:
    text = queries.document_of(conversation_of(state), channel.sections)
    return [Card(position=section, text=words) for section, words in text.items()]


def _filled_in(
    match: Match, state: MatchState, step: Talk, act: Incoming, fields: Sequence[Field]
) -> tuple[list[Draft], bool]:
    """The entry that a form stands for, if it has one, and whether the seat is ready to go on."""
    values, errors = clean(fields, act.values)
    if any(error.code == forms.CONTACT for error in errors.values()):
        services.note_held_back(conversation_of(state), match, seat_id=act.seat.pk, why=errors[forms.MESSAGE].slots)
    if errors:
        raise FlowError("refused", f"{len(errors)} values refused at {state.path}", errors)
    try:
        draft = forms.said(step.channel, values)
    except FieldError as error:
        raise FlowError("refused", f"incomplete at {state.path}", {"message": error}) from error
    return [draft] if draft else [], values.get(forms.THEN) == forms.READY


def _writing(state: MatchState, step: Talk, act: Incoming) -> Writing:
    if act.source != PERSON:
        return by_program(act.values)
    return by_browser(act.values, counts_pastes=terms_at(state, step).pastes != ALLOWED)


def _post(state: MatchState, act: Incoming, draft: Draft, *, writing: Writing, suffix: str) -> None:
    try:
        services.post_entry(
            conversation_id=conversation_of(state).pk, seat_id=act.seat.pk, key=(act.key or str(uuid4())) + suffix,
            kind=draft.kind, text=draft.text, facts=draft.facts, writing=writing,
        )  # fmt: skip
    except ChatError as error:
        code = {"conflict": "conflict", "closed": "not_here", "not_here": "not_here"}.get(error.code, "refused")
        told = FieldError(error.code, later("This could not be posted. Please change it and try again."))
        raise FlowError(code, str(error), {"message": told} if code == "refused" else None) from error
