"""What of a conversation goes out over sockets: its new lines, for one person, the same whoever wrote them.

A line says what the page says of an entry (`chat.talks`), and what was sent as a line was shown. Anybody whose page has
no log to put it into (who has ended the talk, or said all they may, pauses, or is elsewhere) is told by a pointer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from chat import forms
from chat.models import Conversation
from chat.safety.policy import language_of, safety_of
from chat.safety.queries import has_paused
from chat.terms import ALLOWED, terms_at
from events.prepared import run
from flow.drawing import plain
from flow.kinds import VOID_PATH
from flow.models import Match
from flow.queries import match_of, visit_of
from flow.said import News
from flow.said import Room as Known
from flow.state import MatchState
from matching.models import Seat
from paradigm import Chat, Field, Talk
from paradigm.program import step_at
from participants.models import Participant
from scheduling.models import Session

MOST_LINES = 200
# What is new is kept as shown in the statement that reads it, as a page keeps it once it is drawn. One's own words
# alone are not: nobody asks when one was shown them.
_NEW = """
WITH talk AS (
    SELECT conversation.id, match.id AS match, match.path,
        conversation.closed_at IS NULL AND match.status = %(open)s AND match.path = conversation.path AS is_open
    FROM chat_conversation conversation JOIN flow_match match ON match.id = conversation.match_id
    WHERE conversation.id = %(talk)s
), here AS (
    SELECT talk.id AS talk, seat.id AS seat
    FROM talk
    JOIN matching_seat seat ON seat.id = %(seat)s
    JOIN scheduling_session session ON session.id = seat.session_id
    WHERE talk.is_open AND seat.status = %(sitting)s AND session.status = %(active)s
      AND NOT EXISTS (
          SELECT FROM flow_act act WHERE act.match_id = talk.match AND act.path = talk.path AND act.seat_id = seat.id
      )
      AND (%(quota)s = 0 OR %(quota)s > (
          SELECT count(*) FROM chat_entry own WHERE own.conversation_id = talk.id AND own.seat_id = seat.id
      ))
), said AS (
    SELECT entry.seq, entry.seat_id, coalesce(nullif(entry.text, ''), entry.facts ->> 'thing', '') AS words
    FROM here JOIN chat_entry entry ON entry.conversation_id = here.talk AND entry.seq > %(after)s
    ORDER BY entry.seq LIMIT %(most)s
), kept AS (
    INSERT INTO chat_shown (conversation_id, seat_id, seq)
    SELECT here.talk, here.seat, newest.seq
    FROM here, (SELECT max(seq) AS seq, bool_or(seat_id <> %(seat)s) AS is_news FROM said) newest
    WHERE newest.is_news AND NOT EXISTS (
        SELECT FROM chat_shown WHERE conversation_id = here.talk AND seat_id = here.seat AND seq >= newest.seq
    )
    ON CONFLICT DO NOTHING
)
SELECT talk.is_open, here.seat, said.seq, said.seat_id, said.words
FROM talk LEFT JOIN here ON true LEFT JOIN said ON true ORDER BY said.seq
"""


@dataclass(frozen=True)
class Room:
    """An open conversation over a `Chat` as one person sits in it: what stays as it is for as long as it is open.

    Attributes:
        name: Opaque; what its page and its socket call it.
        names: What others are called, by the key of their seat.
        words: What a message must be.
        quota: How often each may speak; 0: no limit.
        programs_hear: As in `Terms`.
        screens: Whether what is said is screened.
    """

    name: str
    talk: int
    match: int
    path: str
    study: int
    seat: int
    names: Mapping[int, str]
    words: Field
    quota: int
    programs_hear: bool
    counts_pastes: bool
    shows_typing: bool
    screens: bool
    language: str


def name_of(match: Match, path: str) -> str:
    """The opaque name of a talk. The version's seed is in it, as in a page's revision: no row number can be found."""
    parts = "/".join([match.group.version.seed, "talk", str(match.pk), path])
    return hashlib.sha256(parts.encode()).hexdigest()[:24]


def room_of(participant: int) -> Room | None:
    """The conversation that somebody's page shows now, if it is one whose lines can be told one by one."""
    visit = visit_of(Participant(pk=participant))
    match = match_of(visit.session) if visit and visit.session.status == Session.Status.ACTIVE else None
    if visit is None or match is None or match.path in ("", VOID_PATH):
        return None
    state = MatchState(match)
    step = step_at(state.game.experiment.steps, match.path)
    seat = next((one for one in state.seats.values() if one.session_id == visit.session.pk), None)
    if seat is None or not isinstance(step, Talk) or not isinstance(step.channel, Chat) or not step.includes(seat.role):
        return None
    talk = Conversation.objects.filter(match=match, path=match.path).values_list("pk", flat=True).first()
    if talk is None or state.view_of(state.place(seat)).lines:  # it shows in its own way what was said
        return None
    return _room(state, step, seat, talk)


def _room(state: MatchState, step: Talk, seat: Seat, talk: int) -> Room:
    terms, version = terms_at(state, step), state.game.version
    (words,) = forms.fields_of(
        step.channel,
        max_chars=terms.max_chars,
        min_chars=terms.min_chars,
        may_end=False,
        holds_contacts=terms.holds_contacts,
    )
    return Room(
        name=name_of(state.match, state.path),
        talk=talk,
        match=state.match.pk,
        path=state.path,
        study=version.study_id,
        seat=seat.pk,
        names={state.seats[place.seat].pk: place.name or place.position for place in state.places},
        words=words,
        quota=terms.quota,
        programs_hear=terms.programs_hear,
        counts_pastes=terms.pastes != ALLOWED,
        shows_typing=terms.shows_typing,
        screens=safety_of(version) is not None,
        language=language_of(version),
    )


def line(seq: int, who: str, words: str) -> Mapping[str, Any]:
    """A line as browsers are told it; `who` is empty for one's own."""
    return {"seq": seq, "who": who, "text": plain(words)}


def new(participant: int, known: Known | None, talk: int, after: int) -> News:
    """The lines of a talk beyond a number, for one person. Implements KINDS["lines"]["new"].

    Of a talk that is over there are none, and its page need not be told of for their sake: what ended it tells that. A
    pointer of ours besides would come before or after that one, by how busy the process is in which somebody spoke.
    """
    room = known if isinstance(known, Room) and known.talk == talk else room_of(participant)
    if room is None or room.talk != talk:
        return News(None, [] if _is_over(talk) else None)
    if room.screens and has_paused(talk, room.seat):
        return News(None)
    values = {"talk": talk, "seat": room.seat, "quota": room.quota, "after": after, "most": MOST_LINES}
    is_open = {"open": Match.Status.OPEN, "sitting": Seat.Status.SITTING, "active": Session.Status.ACTIVE}
    rows = run(_NEW, values | is_open)
    if rows and not rows[0][0]:
        return News(None, [])
    said = [row[2:] for row in rows if row[2] is not None]
    if not rows or rows[0][1] is None or any(seat not in room.names for _, seat, _ in said):
        return News(None)
    return News(room, [line(seq, "" if seat == room.seat else room.names[seat], words) for seq, seat, words in said])


def _is_over(talk: int) -> bool:
    return not Conversation.objects.filter(pk=talk, closed_at=None, match__path=F("path")).exists()
