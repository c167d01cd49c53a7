"""What people see of safety: the card, the pause, the neutral lines, and what stands at the foot of every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.models import Conversation
from chat.safety import services
from chat.safety.cards import kept
from chat.safety.policy import card_of, language_of, safety_of
from chat.safety.queries import NOTHING, Standing, standing_of
from chat.safety.words import offered
from events import clock
from flow.errors import FlowError
from flow.models import Match
from flow.page import Page
from flow.state import MatchState
from flow.step import Asked
from matching.models import Seat
from paradigm import Place
from scheduling.models import Session
from studies.models import Version
from studies.schema_safety import Safety
from studies.staffing import hours_in_words, is_staffed

FIELD, RESUME, STOP = "safety", "resume", "stop"


@dataclass(frozen=True)
class Support:
    """The card as it stands on a page."""

    title: str
    html: str
    hours: str
    address: str


@dataclass(frozen=True)
class Guarded:
    """A talk's page for one seat: what is added to it, or stands in its place."""

    standing: Standing = NOTHING
    facts: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    paused: Asked | None = None


def standing(match: Match, path: str, seat: Seat) -> tuple[Sequence[Any], Sequence[Any]]:
    """What makes a talk's page another one, and what is new on it. Implements KINDS["safety"]["standing"]."""
    found = standing_of(match, path, seat)
    return found.answered, found.shown


def stops(data: Mapping[str, str]) -> bool:
    """Whether a form that was taken in ends the visit. Implements KINDS["safety"]["stops"]."""
    return data.get(FIELD) == STOP


def guarded(state: MatchState, place: Place) -> Guarded:
    """What protects whoever sits at a place, in the talk that is open."""
    seat, version = state.seats[place.seat], state.game.version
    safety = safety_of(version)
    if safety is None or seat.session_id is None:
        return Guarded()
    found = standing_of(state.match, state.path, seat)
    seen = {"match": state.match.pk, "path": state.path, "seat": seat.pk, "triggers": list(found.unseen)}
    seen["breaks"] = found.breaks if found.is_break_unseen else 0
    facts: dict[str, Any] = {"safety": seen} if found.unseen or found.is_break_unseen else {}
    card = support_of(version)
    if found.paused is not None and card is not None:
        return Guarded(found, facts, paused=_pause(card, facts))
    if found.cards:
        facts["support"] = card
    return Guarded(found, facts, _note(safety, found))


def _pause(card: Support, facts: Mapping[str, Any]) -> Asked:
    """The page of whoever paused: the card, and two ways on."""
    html = format_html(
        "<p>{}</p>{}<p>{}</p><p>{}</p>",
        _("We have paused the conversation, because something that you wrote sounds serious. You did nothing wrong."),
        card.html, card.hours,
        _("You can go on with the conversation, or stop for today. Your pay for this visit is the same either way."),
    )  # fmt: skip
    ways = [
        {"name": FIELD, "value": RESUME, "label": _("Go on with the conversation"), "primary": True},
        {"name": FIELD, "value": STOP, "label": _("Stop for today with full pay")},
    ]
    return Asked(facts={**facts, "also": ways}, instead=(card.title, html))


def _note(safety: Safety, found: Standing) -> str:
    """One calm sentence, the same whoever and whatever it is about."""
    if found.others_pause:
        return _("There is a short pause. You can wait, or end the conversation. Your pay stays the same.")
    if found.breaks and safety.breaks is not None:
        n = found.breaks * safety.breaks.every_minutes
        words = ngettext(
            "You have been in this conversation for %(n)d minute. You can take a break at any time.",
            "You have been in this conversation for %(n)d minutes. You can take a break at any time.",
            n,
        )
        return words % {"n": n}
    return ""


def take(match: Match, state: MatchState, seat: Seat, values: Mapping[str, Any]) -> bool:
    """Take in what somebody whose conversation pauses has pressed; whether the seat ends the talk with it.

    Raises:
        FlowError: "not_here", where it pauses and something else was sent, or where it does not pause.
    """
    paused = standing_of(match, state.path, seat).paused
    way = values.get(FIELD)
    if paused is None or way not in (RESUME, STOP):
        raise FlowError("not_here", f"seat {seat.number} pauses at {state.path}, or has nothing to go on with")
    talk = Conversation.objects.select_related("match__group__version").get(match=match, path=state.path)
    if way == RESUME:
        services.resume(talk, match, paused)
    else:
        services.stop(talk, paused)
    return way == STOP


def is_for_safety(match: Match, path: str, seat: Seat, values: Mapping[str, Any]) -> bool:
    """Whether what was sent is about a pause: then it is nothing else."""
    return FIELD in values or standing_of(match, path, seat).paused is not None


def with_card(page: Page, session: Session) -> Page:
    """The page, with the card where what somebody wrote outside conversations calls for it. Implements
    KINDS["safety"]["offer"].

    Not in the place of a pause, which is about the card; then it comes with the page after that.
    """
    here, version = page.rev.partition(".")[0], session.participant.version
    keys = offered(session, here)
    if not keys or any(one.get("name") == FIELD for one in page.facts.get("also", ())):
        return page
    safety = {**page.facts.get("safety", {}), "words": {"session": session.pk, "page": here, "triggers": keys}}
    return replace(page, facts={"support": support_of(version), **page.facts, "safety": safety})


def keep_shown(facts: Mapping[str, Any]) -> None:
    """Keep that a card or a reminder was on a page. Implements KINDS["safety"]["shown"]."""
    if words := facts.get("words"):
        services.note_card(words["session"], words["page"], list(words["triggers"]))
    if "match" in facts:
        services.note_shown(facts["match"], facts["path"], facts["seat"], facts["triggers"], facts["breaks"])


def support_of(version: Version) -> Support | None:
    """The card of a study for the foot of its pages; None in a study without. Implements KINDS["safety"]["frame"]."""
    safety, card = safety_of(version), card_of(version)
    if safety is None or card is None:
        return None
    return Support(card.title, card.html, hours_note(version, safety), kept(card))


def hours_note(version: Version, safety: Safety) -> str:
    """One sentence: whether somebody of the study team reads along at this moment, and when."""
    hours = {"hours": hours_in_words(safety.staffed, language_of(version))}
    if is_staffed(safety.staffed, clock.now()):
        return _("Somebody of the study team looks at what may be serious: %(hours)s. It can take a while.") % hours
    return _("Nobody of the study team looks at it now, only at these times: %(hours)s.") % hours
