"""Talks as steps of a match: open the conversation, show what was said, take entries, end when all have spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as later

from chat import forms, queries, services
from chat.channels import Draft
from chat.errors import ChatError
from chat.models import Conversation
from chat.terms import Terms, terms_at
from flow.errors import FlowError
from flow.models import Act, Match
from flow.passing import passing_for_people
from flow.state import MatchState
from flow.step import Asked, Incoming
from flow.steps import store_act
from paradigm import Card, Document, Entry, Feed, Field, FieldError, Line, Place, Table, Talk, View
from paradigm.fields import clean

LINES_SHOWN = 50
PERSON = "person"


class TalkStep:
    """Free exchange until time is up, every quota is used, or all are ready. Readiness is the seat's one act."""

    def open(self, match: Match, state: MatchState, step: Talk) -> None:
        services.open_conversation(match, path=match.path, channel=step.channel.kind)

    def close(self, match: Match, state: MatchState, step: Talk) -> None:
        """The step is over, however it ended."""
        services.close_conversation(match, path=state.path)

    def acting(self, state: MatchState, step: Talk) -> Sequence[Place]:
        terms = terms_at(state, step)
        done = _ready(state) | _spent(state, terms)
        speakers = {seat.number for seat in terms.speakers}
        return [place for place in state.places if place.seat in speakers - done]

    def asked(self, state: MatchState, step: Talk, place: Place) -> Asked:
        if place.seat not in {each.seat for each in self.acting(state, step)}:
            return Asked()
        terms = terms_at(state, step)
        targets = [entry.seq for entry in _shown(state, step)] if isinstance(step.channel, Feed) else []
        return Asked(forms.fields_of(step.channel, max_chars=terms.max_chars, targets=targets), _("Send"))

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
        asked = self.asked(state, step, state.place(act.seat)).fields
        if not asked:
            raise FlowError("not_here", f"seat {act.seat.number} has nothing to say at {state.path}")
        if act.source != PERSON and forms.ENTRIES in act.values:
            drafts, is_ready = forms.listed(act.values), act.values.get("then") == forms.READY
        else:
            drafts, is_ready = _filled_in(state, step, asked, act.values)
        for number, draft in enumerate(drafts, start=1):
            _post(state, act, draft, suffix=f"/{number}" if len(drafts) > 1 else "")
        if not is_ready:
            return None
        ready = store_act(match, state.path, act, {"then": forms.READY})
        services.say_ready(_conversation(state), match)
        return ready

    def finished(self, state: MatchState, step: Talk) -> bool:
        """All have spoken or are ready.

        Where people talk, a program that is labelled as one holds nobody up. Any other does as a person would: a talk
        that ended at once where the others are programs would tell what they are.
        """
        acting = {place.seat for place in self.acting(state, step)}
        speakers = terms_at(state, step).speakers
        if any(seat.occupant == PERSON for seat in speakers):
            acting &= passing_for_people(state)
        return not acting

    def missing(self, state: MatchState, step: Talk) -> Sequence[Place]:
        """Nobody: silence is an answer, so a talk never voids a match."""
        return ()


def _conversation(state: MatchState) -> Conversation:
    return Conversation.objects.get(match=state.match, path=state.path)


def _ready(state: MatchState) -> set[int]:
    return {act.seat.number for act in state.stored_acts if act.path == state.path}


def _spent(state: MatchState, terms: Terms) -> set[int]:
    """Seats that have used their quota."""
    if not terms.quota:
        return set()
    entries = _conversation(state).entries
    return {seat.number for seat in terms.speakers if entries.filter(seat=seat).count() >= terms.quota}


def _shown(state: MatchState, step: Talk) -> list[Entry]:
    """What a page shows of the talk: the latest messages, or one page of a feed in its order."""
    conversation = _conversation(state)
    if not isinstance(step.channel, Feed):
        return queries.latest(conversation, limit=LINES_SHOWN)
    newest = queries.latest(conversation, limit=queries.MOST_ENTRIES, kinds=("post", "comment"))[::-1]
    if step.channel.ranking == "votes":
        balance = queries.votes_of(conversation, [entry.seq for entry in newest])
        newest.sort(key=lambda entry: -balance[entry.seq])
    return newest[: step.channel.page_size]


def _line(entry: Entry, place: Place, state: MatchState) -> Line:
    who = "" if entry.seat == place.seat else next(p.position for p in state.places if p.seat == entry.seat)
    return Line(who=who, text=entry.text or str(entry.facts.get("thing", "")), kind=entry.kind, seq=entry.seq)


def _votes(state: MatchState, shown: Sequence[Entry]) -> list[Table]:
    balance = queries.votes_of(_conversation(state), [entry.seq for entry in shown])
    rows = [(seq, balance[seq]) for seq in balance if balance[seq]]
    return [Table(_("Votes"), (_("Number"), _("Votes for, less votes against")), rows)] if rows else []


def _pages(state: MatchState, channel: Document) -> list[Card]:
    text = queries.document_of(_conversation(state), channel.sections)
    return [Card(position=section, text=words) for section, words in text.items()]


def _filled_in(
    state: MatchState, step: Talk, fields: Sequence[Field], raw: Mapping[str, Any]
) -> tuple[list[Draft], bool]:
    """The entry that a form stands for, if it has one, and whether the seat is ready to go on."""
    values, errors = clean(fields, raw)
    if errors:
        raise FlowError("refused", f"{len(errors)} values refused at {state.path}", errors)
    try:
        draft = forms.said(step.channel, values)
    except FieldError as error:
        raise FlowError("refused", f"incomplete at {state.path}", {"message": error}) from error
    return [draft] if draft else [], values.get("then") == forms.READY


def _post(state: MatchState, act: Incoming, draft: Draft, *, suffix: str) -> None:
    try:
        services.post_entry(
            conversation_id=_conversation(state).pk, seat_id=act.seat.pk, key=(act.key or str(uuid4())) + suffix,
            kind=draft.kind, text=draft.text, facts=draft.facts,
        )  # fmt: skip
    except ChatError as error:
        code = {"conflict": "conflict", "closed": "not_here", "not_here": "not_here"}.get(error.code, "refused")
        told = FieldError(error.code, later("This could not be posted. Please change it and try again."))
        raise FlowError(code, str(error), {"message": told} if code == "refused" else None) from error
