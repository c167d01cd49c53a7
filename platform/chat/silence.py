"""Where nothing comes in a talk: what whoever waits for it reads, and from when on. Reads only.

It rests on what was stored and on nothing else. So the words are the same, and come at the same time, whether it is a
person who does not write or a program, and whatever keeps it: a fault, a model that gives nothing, or nothing to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from events.prepared import run
from flow.game import game_of
from flow.models import Match
from matching.models import Seat
from paradigm import Chat, Talk
from paradigm.program import step_at

# Since the first of one's own words that nobody has answered; where nobody has written, since the talk was opened.
_SILENT = """
SELECT talk.last_seq = 0, rapport_now() - CASE WHEN talk.last_seq = 0 THEN match.step_opened_at ELSE (
    SELECT min(own.at) FROM chat_entry own
    WHERE own.conversation_id = talk.id AND own.seat_id = %(seat)s AND own.seq > coalesce((
        SELECT max(other.seq) FROM chat_entry other
        WHERE other.conversation_id = talk.id AND other.seat_id <> %(seat)s
    ), 0)
) END >= make_interval(secs => %(seconds)s)
FROM chat_conversation talk JOIN flow_match match ON match.id = talk.match_id
WHERE talk.match_id = %(match)s AND talk.path = %(path)s
"""


@dataclass(frozen=True)
class Silence:
    """What stands at the end of what was written.

    Attributes:
        has_begun: Whether anybody has written in this talk.
    """

    has_begun: bool

    @property
    def words(self) -> str:
        """One calm sentence about it, and what one can do."""
        if self.has_begun:
            return _(
                "No answer has come for a while. You can wait, write again, or leave this conversation. "
                "Your pay stays the same."
            )
        return _(
            "Nobody has written for a while. You can begin, wait, or leave this conversation. Your pay stays the same."
        )


def silence_of(match: Match, path: str, seat: Seat, step: Talk) -> Silence | None:
    """How long enough nothing has come for whoever sits there; None where that is not so, and where nobody chats.

    Long enough is what the talk calls idle: from then on a silence counts no more as time in which it was alive.
    """
    if not isinstance(step.channel, Chat):
        return None
    seconds = game_of(match.group).parameters.number(step.idle_seconds)
    given = {"match": match.pk, "path": path, "seat": seat.pk, "seconds": seconds}
    found = next(iter(run(_SILENT, given)), (True, None))
    is_empty, is_silent = found
    return Silence(has_begun=not is_empty) if is_silent else None


def is_silent(match: Match, path: str, seat: Seat) -> bool:
    """Whether the page of a talk says so. Part of what makes it another one, without making an answer to it old."""
    step = step_at(game_of(match.group).experiment.steps, path)
    return isinstance(step, Talk) and silence_of(match, path, seat, step) is not None
