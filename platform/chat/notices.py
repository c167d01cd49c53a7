"""Who is writing at this moment: a hint that fades, the same for people and programs.

Nothing is decided by it, and no words are in it. A person's lasts a few seconds beyond the newest key, a program's
until it is to speak. Sockets are told at their ticks, polls in a header. What people were told is kept, because it
belongs to what they were shown (`services.keep_typing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from chat.models import Conversation
from chat.terms import shows_typing
from events import announce, clock, fading
from flow.kinds import VOID_PATH
from flow.models import Match
from flow.queries import match_of, visit_of
from flow.state import MatchState
from matching.models import Seat
from paradigm import Place, Talk
from paradigm.program import step_at
from participants.models import Participant
from participants.tokens import stream_name
from scheduling.models import Session

FADES_AFTER = 5
"""Seconds after the newest key. A browser says every three that there are further ones (`static/js/talk.js`)."""


@dataclass(frozen=True)
class Writing:
    """Somebody is writing: what they are called, since when, and the newest entry at that time."""

    who: str
    begun_at: datetime
    after: int

    @property
    def told(self) -> tuple[str, int]:
        """What a browser is told of it."""
        return self.who, self.after


def by_person(participant: int) -> None:
    """Somebody's browser says that they are writing. Whatever page they are at, nothing else follows from it."""
    visit = visit_of(Participant(pk=participant))
    match = match_of(visit.session) if visit and visit.session.status == Session.Status.ACTIVE else None
    state = _open_talk(match)
    if state is None or visit is None:
        return
    seat = next((one for one in state.seats.values() if one.session_id == visit.session.pk), None)
    has_acted = any(act.path == state.path and act.seat_id == seat.pk for act in state.stored_acts) if seat else True
    if seat is not None and not has_acted:
        _begin(state, seat, seconds=FADES_AFTER)


def by_program(match_id: int, path: str, seat_id: int, *, until: datetime) -> None:
    """A program writes until it is to speak; a little longer, so that it does not fade before."""
    match = Match.objects.select_related("group__version").get(pk=match_id)
    state = _open_talk(match) if match.path == path else None
    if state is not None:
        seat = next(one for one in state.seats.values() if one.pk == seat_id)
        _begin(state, seat, seconds=max(1, round((until - clock.now()).total_seconds()) + 2))


def seen_by(match: Match | None, seat: Seat) -> list[Writing] | None:
    """Who else is writing in the open talk of a match; None where nobody is told."""
    state = _open_talk(match)
    if state is None:
        return None
    others = [one for one in state.seats.values() if one.pk != seat.pk]
    names = {_name(state.match, one.number): called(state.place(one)) for one in others}
    found = ((names[name], *_read(value)) for name, value in fading.lasting(names).items())
    return sorted((Writing(*one) for one in found), key=lambda one: one.who)


def end(match: Match, number: int, who: str, streams: Sequence[str]) -> None:
    """What was written has come: after the commit nobody is told any more that it is being written."""

    def after_commit() -> None:
        fading.end(_name(match, number))
        for stream in streams:
            announce.notice(stream=stream, facts={"who": who, "seconds": 0})

    transaction.on_commit(after_commit, robust=True)


def _open_talk(match: Match | None) -> MatchState | None:
    """The state of a match at a talk in which writing is shown; None anywhere else."""
    if match is None or match.path in ("", VOID_PATH):
        return None
    state = MatchState(match)
    step = step_at(state.game.experiment.steps, match.path)
    return state if isinstance(step, Talk) and shows_typing(step, state.parameters) else None


def _begin(state: MatchState, seat: Seat, *, seconds: int) -> None:
    match, who = state.match, called(state.place(seat))
    newest = Conversation.objects.filter(match=match, path=match.path).values_list("last_seq", flat=True).first() or 0
    value, _ = fading.begin(_name(match, seat.number), f"{clock.now().isoformat()} {newest}", seconds=seconds)
    begun_at, after = _read(value)
    facts = {"who": who, "after": after, "begun_at": begun_at.isoformat(), "seconds": seconds}
    others = Seat.objects.filter(placings__match=match, status=Seat.Status.SITTING, session__isnull=False)
    for token in others.exclude(pk=seat.pk).values_list("session__participant__token_sha256", flat=True):
        announce.notice(stream=stream_name(token), facts=facts)


def called(place: Place) -> str:
    """What a writer is called: as in the lines, or a page could not see that theirs has come (`typing.js`)."""
    return place.name or place.position


def _name(match: Match, number: int) -> str:
    """By the match's revision: the next talk begins with nobody writing."""
    return f"writing:{match.pk}:{match.rev}:{number}"


def _read(value: str) -> tuple[datetime, int]:
    begun_at, _, after = value.partition(" ")
    return datetime.fromisoformat(begun_at), int(after)
