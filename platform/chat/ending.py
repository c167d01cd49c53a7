"""Who may end a talk, and when it is over. Reads only."""

from __future__ import annotations

from chat.activity import active_seconds
from chat.forms import LEFT, THEN
from chat.models import Conversation
from chat.safety.queries import standing_of
from chat.terms import PERSON, Terms, terms_at
from events import clock
from flow.models import Match
from flow.passing import passing_for_people
from flow.state import MatchState
from matching.models import Seat
from paradigm.program import step_at

ANY = "any"


def conversation_of(state: MatchState) -> Conversation:
    """The conversation of the talk that is open."""
    return Conversation.objects.get(match=state.match, path=state.path)


def ready(state: MatchState) -> set[int]:
    """The numbers of the seats that have ended the talk."""
    return {act.seat.number for act in state.stored_acts if act.path == state.path}


def _has_left(state: MatchState) -> bool:
    """Whether somebody has left the conversation: then nobody is kept in it alone."""
    return any(act.path == state.path and act.values.get(THEN) == LEFT for act in state.stored_acts)


def done(state: MatchState, terms: Terms) -> set[int]:
    """The numbers of the seats that will say nothing more: they have ended the talk, or used their quota."""
    return ready(state) | _spent(state, terms)


def _spent(state: MatchState, terms: Terms) -> set[int]:
    if not terms.quota:
        return set()
    entries = conversation_of(state).entries
    return {seat.number for seat in terms.speakers if entries.filter(seat=seat).count() >= terms.quota}


def may_end(state: MatchState, terms: Terms, seat: int) -> bool:
    """Whether a seat (by number) may end the talk now: its minimum is met, or nobody is left to talk with.

    Once true it stays true, but for a pause of somebody else, who is not waited for. For a program those who may be
    people count as somebody to talk with, as their labels tell: if people alone did, it could end a talk at once as
    soon as they are done, and no person in its place could. But programs that have nothing to say would so keep each
    other, and whoever has ended the talk, in it for its longest time: they may end it when nothing has been said for so
    long that a person would read that no answer comes, and may leave.
    """
    if not terms.minimum.is_set or standing_of(state.match, state.path, state.seats[seat]).others_pause:
        return True
    met = set(state.seats) if state.seats[seat].occupant == PERSON else passing_for_people(state)
    others = {number for number in met if number != seat and terms.talk.includes(state.seats[number].role)}
    here = {one.number for one in terms.speakers} - done(state, terms)
    if others and not others & here:
        return True
    said = list(conversation_of(state).entries.order_by("seq").values_list("at", "seat__number"))
    moments = [state.match.step_opened_at, *(at for at, _ in said)]
    now = clock.now()
    is_idle = (now - moments[-1]).total_seconds() >= terms.minimum.idle_seconds
    if is_idle and not any(one.occupant == PERSON and one.number in here for one in terms.speakers):
        return True
    active = active_seconds(moments, now, idle_seconds=terms.minimum.idle_seconds)
    return terms.minimum.is_met(active=active, turns=sum(writer == seat for _, writer in said))


def is_over(state: MatchState, terms: Terms) -> bool:
    """Whether a talk has ended: all have spoken or are ready, one is ready where that ends it, or one has left another.

    Where people talk, a program that is labelled as one holds nobody up. Any other does as a person would: a talk that
    ended at once where the others are programs would tell what they are.
    """
    if terms.ends == ANY and ready(state):
        return True
    acting = {seat.number for seat in terms.speakers} - done(state, terms)
    if len(acting) < 2 and _has_left(state):
        return True
    if any(seat.occupant == PERSON for seat in terms.speakers):
        acting &= passing_for_people(state)
    return not acting


def offers_end(match: Match, path: str, seat: Seat) -> bool:
    """Whether the page of a talk offers to end it. Part of what a page answers to: the button comes without a word."""
    state = MatchState(match, path=path)
    step = step_at(state.game.experiment.steps, path)
    return may_end(state, terms_at(state, step), seat.number)
