"""Who is writing at this moment: a hint that fades, the same for people and programs.

Nothing is decided by it, and no words are in it. A person's lasts a few seconds beyond the newest key, a program's as
long as a person's who types until it is to speak. Sockets are told at their ticks, polls in a header. What people were
told is kept, because it belongs to what they were shown (`services.keep_typing`).

That it is over says the table: whoever has said something since it was begun writes it no more; sockets hear it with
the line. So a message that is stored asks nothing of Redis, and a notice that comes after its own message, by another
way, is known to be old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery

from chat.models import Conversation, Entry
from chat.terms import shows_typing
from events import announce, clock, fading
from events.prepared import Given, prepared
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
"""Seconds after the newest key."""
RENEWED_EVERY = 3
"""So often a browser says that there are further keys (`static/js/typing.js`)."""


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


def by_person(participant: int, *, key: str = "", stream: str = "") -> None:
    """Somebody's browser says that they are writing. Whatever page they are at, nothing else follows from it.

    Args:
        key: Of the form in which it is written, where the browser says so: it may be stored by now.
        stream: Of a browser that says it over a socket: one whose secret was replaced meanwhile says nothing more.
    """
    visit = visit_of(Participant(pk=participant))
    if visit is None or (stream and stream != stream_name(visit.session.participant.token_sha256)):
        return
    state = _open_talk(match_of(visit.session) if visit.session.status == Session.Status.ACTIVE else None)
    if state is None:
        return
    seat = next((one for one in state.seats.values() if one.session_id == visit.session.pk), None)
    if seat is not None and _talk_at(state).includes(seat.role) and seat.pk not in _ended(state):
        _begin(state, seat, seconds=FADES_AFTER, key=key)


def by_program(match_id: int, path: str, seat_id: int, *, until: datetime, key: str = "") -> None:
    """A program writes until it is to speak, under a key of its own: seen as somebody is who types for so long."""
    match = Match.objects.select_related("group__version").get(pk=match_id)
    state = _open_talk(match) if match.path == path else None
    if state is not None:
        seat = next(one for one in state.seats.values() if one.pk == seat_id)
        writes = max(0.0, (until - clock.now()).total_seconds())
        _begin(state, seat, seconds=RENEWED_EVERY * floor(writes / RENEWED_EVERY) + FADES_AFTER, key=key)


def seen_by(match: Match | None, seat: Seat) -> list[Writing] | None:
    """Who else is writing in the open talk of a match; None where nobody is told."""
    state = _open_talk(match)
    if state is None:
        return None
    if seat.pk in _ended(state):
        return []
    others = {_name(state.match, one.number): one for one in state.seats.values() if one.pk != seat.pk}
    found = {name: _read(value) for name, value in fading.lasting(others).items()}
    said = dict(_newest_said.all(match=state.match.pk, path=state.path)) if found else {}
    writing = [
        Writing(called(state.place(others[name])), *begun)
        for name, begun in found.items()
        if begun[1] >= said.get(others[name].pk, 0)
    ]
    return sorted(writing, key=lambda one: one.who)


def _open_talk(match: Match | None) -> MatchState | None:
    """The state of a match at a talk in which writing is shown; None anywhere else."""
    if match is None or match.path in ("", VOID_PATH):
        return None
    state = MatchState(match)
    step = step_at(state.game.experiment.steps, match.path)
    return state if isinstance(step, Talk) and shows_typing(step, state.parameters) else None


def _talk_at(state: MatchState) -> Talk:
    step = step_at(state.game.experiment.steps, state.path)
    assert isinstance(step, Talk), "`_open_talk` has looked"
    return step


def _ended(state: MatchState) -> set[int]:
    """The seats, by key, that have ended the open talk: they neither write in it nor are told who does."""
    return {act.seat_id for act in state.stored_acts if act.path == state.path}


@prepared
def _under_way(match: Given, path: Given, seat: Given, key: Given) -> QuerySet[Conversation, Any]:
    """The open conversation, how much was said in it, by a seat last, and whether what it writes was stored."""
    own = Entry.objects.filter(conversation=OuterRef("pk"), seat=seat)
    newest = Subquery(own.order_by("-seq").values("seq")[:1])
    talk = Conversation.objects.filter(match=match, path=path, closed_at=None)
    return talk.annotate(own=newest, is_stored=Exists(own.filter(key=key))).values_list(
        "pk", "last_seq", "own", "is_stored"
    )


@prepared
def _newest_said(match: Given, path: Given) -> QuerySet[Entry, Any]:
    """The newest entry of each seat that has said something, by key."""
    said = Entry.objects.filter(conversation__match=match, conversation__path=path)
    return said.values("seat_id").annotate(newest=Max("seq")).values_list("seat_id", "newest")


def _begin(state: MatchState, seat: Seat, *, seconds: int, key: str) -> None:
    match, who = state.match, called(state.place(seat))
    under_way = _under_way.first(match=match.pk, path=match.path, seat=seat.pk, key=key)
    if under_way is None or (key and under_way[3]):
        return
    talk, last_seq, own, _ = under_way
    value, _ = fading.begin(
        _name(match, seat.number),
        f"{clock.now().isoformat()} {last_seq}",
        seconds=seconds,
        is_over=lambda known: _read(known)[1] < (own or 0),
    )
    begun_at, after = _read(value)
    facts = {"who": who, "after": after, "talk": talk, "begun_at": begun_at.isoformat(), "seconds": seconds}
    others = Seat.objects.filter(placings__match=match, status=Seat.Status.SITTING, session__isnull=False)
    others = others.exclude(pk__in={seat.pk, *_ended(state)})
    for token in others.values_list("session__participant__token_sha256", flat=True):
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
