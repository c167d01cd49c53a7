"""Earlier conversations of a person with the partner that they meet again, as their page lets them read them.

Whether they may is a field of the study file of its own (`past_transcript_visible`), and says nothing of what the
partner remembers: no prompt is made of this. Two people who last read the same words of each other, and whoever has
another partner now reads nothing of the one before. Reads only, save through `services`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.models import Conversation, Entry
from flow.kinds import VOID_PATH
from flow.models import Match, Placing
from flow.page import Page
from flow.queries import match_of
from flow.state import MatchState
from matching.models import Seat
from paradigm import Chat, Line, Talk, View
from paradigm.program import step_at
from participants.models import WITHDRAWN_TEXT
from scheduling.models import Session
from studies import definition
from studies.models import levels_of
from studies.schema_memory import AnyTold, told_at, visible_at, visible_under
from studies.schema_partners import AutomatedPartner, Partner

MOST_LINES = 500
"""Messages of one conversation that are shown, the newest."""
PERSON = "person"


@dataclass(frozen=True)
class Met:
    """Whom the person in a seat meets.

    Attributes:
        name: Of its entry in the study file.
        person: Key of the other participant; None where it is an automated partner.
    """

    name: str
    entry: Partner
    person: int | None

    @property
    def told(self) -> AnyTold:
        """What people are told of its memory: nothing of another person's."""
        return self.entry.told_about_memory if isinstance(self.entry, AutomatedPartner) else "nothing"


@dataclass(frozen=True)
class Past:
    """What a seat may read of earlier conversations.

    Attributes:
        talks: Oldest first; a conversation's number is its place among them, from 1.
        told: What people are told of the partner's memory: "yes", "no" or "nothing".
    """

    talks: Sequence[Conversation]
    met: Met
    told: str


def past_of(state: MatchState, seat: Seat) -> Past | None:
    """The earlier conversations of the person in a seat with the partner that they meet; None where they see none."""
    levels = _levels(state, seat)
    for met in _met(state, seat):
        if visible_at(met.entry.past_transcript_visible, levels):
            return Past(list(_over_with(seat, met)), met, told_at(met.told, levels))
    return None


def is_later(state: MatchState, seat: Seat) -> bool:
    """Whether a seat is in a further conversation with a partner with whom earlier ones are seen at some level."""
    seen = [met for met in _met(state, seat) if any(visible_under(met.entry.past_transcript_visible).values())]
    return any(_over_with(seat, met).exists() for met in seen)


def facts_of(state: MatchState, seat: Seat) -> Mapping[str, Any]:
    """What the page of a talk says of them; nothing where there is none to be read."""
    past = past_of(state, seat)
    if past is None or not past.talks:
        return {}
    zone = seat.participant.zone if seat.participant else ""
    titles = [(number, _title(number, talk, zone)) for number, talk in enumerate(past.talks, start=1)]
    return {"titles": titles, "told": _told(past.told)}


def page(session: Session, number: int) -> Page | None:
    """One earlier conversation, to be read beside the talk that is open; None where there is no such page."""
    found = _open(session)
    if found is None or not 0 < number <= len(found[2].talks):
        return None
    _match, seat, past = found
    talk = past.talks[number - 1]
    rows = list(_said(talk, seat, past).order_by("-seq")[: MOST_LINES + 1])[::-1]
    left_out = len(rows) > MOST_LINES
    own = talk.match.placings.select_related("seat")
    position = {placing.seat_id: placing.position for placing in own}
    lines = [
        Line("" if _is_own(row, seat) else position[row.seat_id], _words(row), row.kind, row.seq)
        for row in rows[-MOST_LINES:]
    ]
    zone = seat.participant.zone if seat.participant else ""
    facts = {"cut": _cut() if left_out else "", "empty": "" if lines else _("Nothing was written in it.")}
    return Page("earlier", _title(number, talk, zone), view=View(lines=lines), facts=facts)


def keys_of(session: Session, number: int) -> tuple[int, int, int] | None:
    """The open conversation, the seat, and the earlier conversation that its page is about."""
    found = _open(session)
    if found is None or not 0 < number <= len(found[2].talks):
        return None
    match, seat, past = found
    talk = Conversation.objects.filter(match=match, path=match.path).first()
    return (talk.pk, seat.pk, past.talks[number - 1].pk) if talk else None


def _open(session: Session) -> tuple[Match, Seat, Past] | None:
    match = match_of(session) if session.status == Session.Status.ACTIVE else None
    if match is None or not match.path:
        return None
    state = MatchState(match)
    seat = next((one for one in state.seats.values() if one.session_id == session.pk), None)
    past = past_of(state, seat) if seat else None
    return (match, seat, past) if seat and past else None


def _met(state: MatchState, seat: Seat) -> list[Met]:
    """Whom the person in a seat meets in a conversation: automated partners, and people; stand-ins last for nobody."""
    if seat.participant_id is None or not _is_chat(state):
        return []
    partners = definition.definition(state.game.version).partners
    found = []
    for other in state.seats.values():
        entry = partners.get(other.partner)
        if other.occupant != PERSON and isinstance(entry, AutomatedPartner):
            found.append(Met(other.partner, entry, None))
        elif entry is not None and other.participant_id not in (None, seat.participant_id):
            found.append(Met(other.partner, entry, other.participant_id))
    return found


def _is_chat(state: MatchState) -> bool:
    if state.path == VOID_PATH:
        return False
    step = step_at(state.game.experiment.steps, state.path)
    return isinstance(step, Talk) and isinstance(step.channel, Chat)


def _levels(state: MatchState, seat: Seat) -> dict[str, str]:
    own = next(placing.condition for placing in state.placings if placing.seat_id == seat.pk)
    return levels_of(state.match.condition or state.match.group.condition) | levels_of(own)


def _over_with(seat: Seat, met: Met) -> QuerySet[Conversation]:
    """Conversations of a person with a partner that are over, in the order in which they began."""
    mine = Placing.objects.filter(seat__participant=seat.participant_id).values("match")
    if met.person is None:
        theirs = Placing.objects.filter(seat__partner=met.name).exclude(seat__occupant=PERSON).values("match")
    else:
        theirs = Placing.objects.filter(seat__participant=met.person).values("match")
    over = Conversation.objects.filter(channel="chat", closed_at__isnull=False, match__in=mine)
    return over.filter(match__in=theirs).select_related("match").order_by("pk")


def _said(talk: Conversation, seat: Seat, past: Past) -> QuerySet[Entry]:
    """What the two said in a conversation, and nobody else."""
    theirs = Q(seat__partner=past.met.name, seat__participant=None)
    if past.met.person is not None:
        theirs = Q(seat__participant=past.met.person)
    by_either = Q(seat__participant=seat.participant_id) | theirs
    return talk.entries.filter(by_either, kind="message").select_related("seat")


def _is_own(row: Entry, seat: Seat) -> bool:
    return row.seat.participant_id == seat.participant_id


def _words(row: Entry) -> str:
    """The words of a message; where they were taken out, that they were."""
    is_gone = row.text in ("", WITHDRAWN_TEXT)
    return _("These words are not there any more.") if is_gone else row.text.replace(WITHDRAWN_TEXT, "[…]")


def _title(number: int, talk: Conversation, zone: str) -> str:
    when = _day(talk.match.opened_at, zone)
    return _("Conversation %(number)s, %(day)s") % {"number": number, "day": when}


def _day(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{formats.date_format(local, 'l')}, {formats.date_format(local, 'MONTH_DAY_FORMAT')}"


def _told(told: str) -> str:
    """What is said of them: as much of memory as people are told anyway."""
    if told == "yes":
        return _("You can read them here. Whom you write with remembers something of them, too.")
    if told == "no":
        return _("You can read them here. Whom you write with does not remember them.")
    return _("You can read them here.")


def _cut() -> str:
    words = ngettext("Only its last message is shown.", "Only its last %(n)d messages are shown.", MOST_LINES)
    return words % {"n": MOST_LINES}
