"""The terms of a talk: who may speak, how, and how often. Read from the frozen declaration and the match's seats."""

from __future__ import annotations

from dataclasses import dataclass

from chat.channels import Channel, channel_for
from chat.models import Conversation
from flow.state import MatchState
from matching.models import Seat
from paradigm import Talk
from paradigm.program import step_at


@dataclass(frozen=True)
class Terms:
    """What holds in one talk. `quota` is entries per seat, 0 without a limit; `speakers` are seats that still sit."""

    talk: Talk
    channel: Channel
    max_chars: int
    quota: int
    speakers: tuple[Seat, ...]


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
    max_chars = number(step.channel.max_chars)
    return Terms(
        talk=step,
        channel=channel_for(step.channel, max_chars),
        max_chars=max_chars,
        quota=number(step.quota),
        speakers=tuple(
            seat for seat in state.seats.values() if step.includes(seat.role) and seat.status == Seat.Status.SITTING
        ),
    )
