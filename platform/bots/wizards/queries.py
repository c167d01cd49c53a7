"""Reads about people behind the curtain: which seats there are, what is to be said, and what a seat's page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import F

from bots.models import BotTurn, WizardReply, WizardSeat
from bots.queries import Address, heard_of
from flow import queries as flow
from flow.lookup import step_kind
from flow.models import Match
from flow.page import Page
from flow.state import MatchState
from flow.step_page import step_page
from studies import definition
from studies.models import Study
from studies.schema import StudyFile
from studies.schema_partners import AutomatedPartner


@dataclass(frozen=True)
class Behind:
    """An open seat of a conversation as somebody finds it who may sit behind it.

    Attributes:
        reply: What it is to say now; None where it is not its turn.
    """

    seat: WizardSeat
    reply: WizardReply | None


def lets_people_write(said: StudyFile) -> bool:
    """Whether a study file lets people write in some automated seat's place."""
    return any(isinstance(one, AutomatedPartner) and one.wizard is not None for one in said.partners.values())


def newest_of(turn_id: int, made: int) -> WizardReply | None:
    """The newest asking for one entry of a seat."""
    return WizardReply.objects.filter(turn=turn_id, made=made).order_by("-number").first()


def open_reply(turn_id: int) -> WizardReply | None:
    """What a seat is to say now, where nobody has decided it."""
    newest = WizardReply.objects.filter(turn=turn_id).order_by("-made", "-number").first()
    return newest if newest is not None and newest.outcome == WizardReply.Outcome.OPEN else None


def open_seats(study: Study) -> Sequence[Behind]:
    """The seats of a study whose conversation is open, in the order in which they were first asked."""
    seats = WizardSeat.objects.filter(turn__match__group__version__study=study, turn__match__path=F("turn__path"))
    return [Behind(one, open_reply(one.turn_id)) for one in seats.select_related("turn").order_by("pk")]


def seat_of(study: Study, turn_id: int) -> WizardSeat | None:
    """A seat of a study behind which people may sit; None where it has none of this number."""
    rows = WizardSeat.objects.filter(turn=turn_id, turn__match__group__version__study=study)
    return rows.select_related("turn__match__group__version", "turn__seat").first()


def wrote_to(participant: int) -> frozenset[tuple[int, int]]:
    """Matches and seats in which a person decided what was said to somebody. Implements KINDS["wizards"]["wrote"]."""
    replies = WizardReply.objects.filter(outcome=WizardReply.Outcome.CHOSEN)
    met = replies.filter(turn__match__placings__seat__participant=participant)
    return frozenset(met.values_list("turn__match", "turn__seat").distinct())


def turn_facts(turn: BotTurn) -> flow.TurnFacts | None:
    """What a seat may say now; None where its conversation is over."""
    facts = flow.turn(turn.match_id, turn.path, turn.seat_id)
    heard = heard_of(Address(turn.match_id, turn.path, turn.seat_id)) if facts is not None else None
    return replace(facts, answers=heard.answers) if facts is not None and heard is not None else facts


def page_of(turn: BotTurn) -> Page | None:
    """What a page in the seat shows now, and nothing else; None where its conversation is over."""
    match = Match.objects.select_related("group__version__study").get(pk=turn.match_id)
    if match.path != turn.path:
        return None
    match.group.version = definition.version_of(match.group.version_id)
    state = MatchState(match)
    seat = next((one for one in state.seats.values() if one.pk == turn.seat_id), None)
    implementation, step = step_kind(state)
    if seat is None or state.place(seat) not in implementation.acting(state, step):
        return None
    place = state.as_told(seat.number).place(seat)
    return step_page(state, step, flow.seen_now(state, place), implementation.asked(state, step, place))
