"""What comes over sockets: a message of an ordinary conversation, where nothing has to be decided.

Anything else is not taken in, and nothing is changed: the browser sends its form, which says and does what follows.
Under one key there is one entry, by whichever way it comes first.
"""

from __future__ import annotations

from chat import services
from chat.channels import Draft
from chat.forms import MESSAGE
from chat.lines import Room, line, room_of
from chat.safety.policy import judged
from chat.storing import Incoming
from chat.writing import by_browser
from flow.said import Room as Known
from flow.said import Said, Taken
from paradigm.fields import clean


def say(participant: int, stream: str, known: Known | None, said: Said) -> Taken:
    """Store what somebody says in the talk that they are in. Implements KINDS["lines"]["say"].

    Args:
        stream: Of the browser that says it: one whose secret was replaced meanwhile says nothing more.
    """
    room = known if isinstance(known, Room) and known.name == said.talk else room_of(participant)
    if room is None or room.name != said.talk or room.quota:
        return Taken(room)
    words = _fit(room, said.text)
    if not words:
        return Taken(room)
    writing = by_browser(said.how, counts_pastes=room.counts_pastes)
    new = Incoming(room.seat, said.key, Draft("message", words, {}), writing)
    stored = services.say(room, new, stream=stream)
    if stored is None:
        return Taken(None)
    entry, is_new = stored
    return Taken(room, entry.seq, line(entry.seq, "", words) if is_new else None)


def _fit(room: Room, text: str) -> str:
    """The words as they are stored; empty where a rule refuses them, or screening finds something in them."""
    values, errors = clean([room.words], {MESSAGE: text})
    words = "" if errors else str(values[MESSAGE])
    return "" if room.screens and words and judged(words, room.language).tier else words
