"""The terms of a talk: who may speak, how, and how often. Read from the frozen declaration and the match's seats."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from chat.activity import Minimum
from chat.channels import Channel, channel_for
from chat.models import Conversation
from flow.state import MatchState
from matching.models import Seat
from paradigm import Chat, Talk
from paradigm.program import step_at
from paradigm.steps import CONTACTS, ENDS, PASTES, TYPING
from studies import definition

PERSON = "person"
ALLOWED, HELD, SHOWN = "allowed", "held", "shown"


@dataclass(frozen=True)
class Terms:
    """What holds in one talk.

    Attributes:
        min_chars: The shortest message; 0: any.
        quota: Entries per seat, 0 without a limit.
        speakers: Seats that still sit.
        minimum: Before it, nobody may end the talk. There is none where only programs speak: they are played at once.
        ends: "all" or "any".
        pastes: "allowed", "recorded" or "blocked".
        holds_contacts: Whether words with contact details are not taken in.
        shows_typing: Whether the others see that somebody is writing.
        programs_hear: Whether programs may sit in groups of the study and speak here when they hear something. With a
            quota they speak at their own pace, whatever they hear.
    """

    talk: Talk
    channel: Channel
    max_chars: int
    min_chars: int
    quota: int
    speakers: tuple[Seat, ...]
    minimum: Minimum
    ends: str
    pastes: str
    holds_contacts: bool
    shows_typing: bool = False
    programs_hear: bool = False


def terms_of(conversation: Conversation) -> Terms:
    """The terms of a conversation, from its match's frozen definition.

    Raises:
        KeyError: the match's experiment has no such step; impossible while a version is frozen with its code.
    """
    state = MatchState(conversation.match, path=conversation.path)
    return terms_at(state, step_at(state.game.experiment.steps, conversation.path))


def terms_at(state: MatchState, step: object) -> Terms:
    """The terms of a talk whose match's state is at hand."""
    if not isinstance(step, Talk):
        raise TypeError(f"{state.path} is no talk")
    number = state.parameters.number
    least, most = lengths_of(step, state.parameters)
    speakers = tuple(
        seat for seat in state.seats.values() if step.includes(seat.role) and seat.status == Seat.Status.SITTING
    )
    has_people = any(seat.occupant == PERSON for seat in speakers)
    return Terms(
        talk=step,
        channel=channel_for(step.channel, most, min_chars=least),
        max_chars=most,
        min_chars=least,
        quota=number(step.quota),
        programs_hear=not number(step.quota) and _programs_may_sit(state),
        speakers=speakers,
        minimum=minimum_of(step, state.parameters) if has_people else Minimum(),
        ends=word(state.parameters, step.ends, ENDS),
        holds_contacts=word(state.parameters, step.contacts, CONTACTS) == HELD,
        pastes=word(state.parameters, step.channel.pastes, PASTES) if isinstance(step.channel, Chat) else ALLOWED,
        shows_typing=shows_typing(step, state.parameters),
    )


def _programs_may_sit(state: MatchState) -> bool:
    plans = definition.definition(state.game.version).groups.values()
    return any(plan.may_have_ai for plan in plans) or any(one.occupant != PERSON for one in state.seats.values())


def shows_typing(step: Talk, parameters: Any) -> bool:
    """Whether the others in a talk see that somebody is writing, under some parameters."""
    return isinstance(step.channel, Chat) and word(parameters, step.channel.typing, TYPING) == SHOWN


def lengths_of(step: Talk, parameters: Any) -> tuple[int, int]:
    """How many characters words in a talk have at least and at most, under some parameters."""
    least = parameters.number(step.channel.min_chars) if isinstance(step.channel, Chat) else 0
    return least, parameters.number(step.channel.max_chars)


def minimum_of(step: Talk, parameters: Any) -> Minimum:
    """What must have happened before a talk may be ended, under some parameters."""
    number = parameters.number
    return Minimum(number(step.min_active_seconds), number(step.idle_seconds), number(step.min_turns))


def word(parameters: Any, value: str, allowed: Collection[str]) -> str:
    """`value` itself where it is one of the words allowed, or what the parameter says that it names."""
    return value if value in allowed else str(parameters.named(value))
