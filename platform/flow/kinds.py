"""Looks up who implements a kind. The table itself is settings.KINDS."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string

from paradigm.program import step_at
from scheduling.models import Session
from studies import definition

if TYPE_CHECKING:
    from flow.stage import StageKind
    from flow.state import MatchState
    from flow.step import StepKind

VOID_PATH = "~void"  # where a void match stands while its seats read that it does not count


@cache
def kind(family: str, name: str) -> Any:
    """The class or function that `KINDS[family][name]` names.

    Raises:
        KeyError: nothing of that kind; the system check refuses such a table at the start.
    """
    return import_string(settings.KINDS[family][name])


def stage_of(session: Session) -> StageKind:
    """The stage a session is at, ready to use."""
    version = session.participant.version
    config = definition.stage(version, session.stage)
    found: StageKind = kind("stage", config.kind)(config, version)
    return found


def step_kind(state: MatchState) -> tuple[StepKind, Any]:
    """Who implements the open step, and the step; the page about a void match is a step without a declaration."""
    step = None if state.path == VOID_PATH else step_at(state.game.experiment.steps, state.path)
    found: StepKind = kind("step", type(step).__name__ if step else "Show")()
    return found, step
