"""Decisions and shows. A talk stands with the conversations it needs, in `chat`."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from events import clock
from events.prepared import insert
from flow.errors import FlowError
from flow.kinds import kind
from flow.models import Act, Match
from flow.state import MatchState
from flow.step import Asked, Incoming
from matching.models import Seat
from paradigm import Decision, Field, Place, Show, Text, View
from paradigm.fields import clean
from studies import definition


class DecisionStep:
    """Every seat of the acting roles fills in its fields once."""

    def open(self, match: Match, state: MatchState, step: Decision) -> None:
        """Nothing to make: acts are rows of their own."""

    def close(self, match: Match, state: MatchState, step: Decision) -> None:
        """Nothing to end."""

    def acting(self, state: MatchState, step: Decision) -> Sequence[Place]:
        done = _acted(state)
        return [place for place in state.places if place.seat not in done and _is_asked(step, place, state)]

    def asked(self, state: MatchState, step: Decision, place: Place) -> Asked:
        fields = state.fields_of(step, place)
        return Asked(fields=fields, button=_("Send")) if fields else Asked()

    def view(self, state: MatchState, step: Decision, place: Place, told: View) -> View:
        return told if step.blind else state.view_of(place)

    def act(self, match: Match, state: MatchState, step: Decision, act: Incoming) -> Act:
        place = state.place(act.seat)
        fields = state.fields_of(step, place)
        if not fields:
            raise FlowError("not_here", f"role {place.role} has nothing to decide at {state.path}")
        values, errors = clean(fields, act.values)
        if errors:
            raise FlowError("refused", f"{len(errors)} values refused at {state.path}", errors)
        said = _own_words(state, act, fields, values)
        stored = store_act(match, state.path, act, values, edition=kind("screening", "edition")() if said else "")
        for item, text in said.items():
            kind("safety", "look_at_act")(stored, item, text)
        return stored

    def finished(self, state: MatchState, step: Decision) -> bool:
        return not self.acting(state, step)

    def missing(self, state: MatchState, step: Decision) -> Sequence[Place]:
        return self.acting(state, step)


class ShowStep:
    """A page to read. It ends when all have gone on.

    A seat without a person reads, too, and takes its time: a page that waited for people alone would tell who is one.
    """

    def open(self, match: Match, state: MatchState, step: Show) -> None:
        """Nothing to make."""

    def close(self, match: Match, state: MatchState, step: Show | None) -> None:
        """Nothing to end."""

    def acting(self, state: MatchState, step: Show | None) -> Sequence[Place]:
        done = _acted(state)
        return [place for place in state.places if place.seat not in done and _is_here(state.seats[place.seat])]

    def asked(self, state: MatchState, step: Show | None, place: Place) -> Asked:
        return Asked(button=_("Continue"))

    def view(self, state: MatchState, step: Show, place: Place, told: View) -> View:
        return told

    def act(self, match: Match, state: MatchState, step: Show | None, act: Incoming) -> Act:
        return store_act(match, state.path, act, {})

    def finished(self, state: MatchState, step: Show | None) -> bool:
        return not self.acting(state, step)

    def missing(self, state: MatchState, step: Show | None) -> Sequence[Place]:
        return ()


def store_act(match: Match, path: str, act: Incoming, values: dict[str, object], *, edition: str = "") -> Act:
    """One row per seat and step; the unique constraint is the last guard against a second.

    Args:
        edition: Of the rules by which words in it are screened; "" where none are.
    """
    return insert(
        Act(
            match=match,
            path=path,
            seat=act.seat,
            values=values,
            source=act.source,
            latency_ms=act.latency_ms,
            key=act.key,
            edition=edition,
            at=clock.now(),
        )
    )


def _own_words(
    state: MatchState, act: Incoming, fields: Sequence[Field], values: Mapping[str, Any]
) -> Mapping[str, str]:
    """What a person says in words of their own, by field, in a study that says what protects people."""
    if act.source != Act.Source.PERSON or definition.definition(state.game.version).safety is None:
        return {}
    said = {field.key: values.get(field.key) for field in fields if isinstance(field, Text)}
    return {item: text for item, text in said.items() if isinstance(text, str) and text}


def _is_asked(step: Decision, place: Place, state: MatchState) -> bool:
    """Whether any declared field is left: a seat without neighbours is asked nothing about each of them."""
    declared = step.fields_of(place.role)
    if any(isinstance(one, Field) for one in declared):
        return True
    return bool(state.fields_of(step, place))


def _acted(state: MatchState) -> set[int]:
    return {act.seat.number for act in state.stored_acts if act.path == state.path}


def _is_here(seat: Seat) -> bool:
    return seat.status == Seat.Status.SITTING
