"""Which stage a session is at, and which step a match: the declarations, and who implements them."""

from typing import Any

from flow.addresses import ASKS_ADDRESS
from flow.closed import CLOSED
from flow.consenting import AGAIN, consent_of
from flow.kinds import VOID_PATH, kind
from flow.stage import StageKind
from flow.state import MatchState
from flow.step import StepKind
from flow.zones import ASKS_ZONE
from paradigm.program import step_at
from scheduling.models import Session
from studies import definition


def stage_of(session: Session) -> StageKind:
    """The stage a session is at, ready to use; before it opens, consent to a text that has changed."""
    version = session.participant.version
    found: StageKind
    if AGAIN in session.facts:
        newer = definition.version_of(session.facts[AGAIN])
        found = kind("consent", "again")(consent_of(newer), newer)
        return found
    config = definition.stage(version, session.stage)
    if CLOSED in session.facts:
        found = kind("closed", "wait")(config, version)
        return found
    if ASKS_ZONE in session.facts:
        found = kind("zone", "ask")(config, version)
        return found
    if ASKS_ADDRESS in session.facts:
        found = kind("address", "ask")(config, version)
        return found
    found = kind("stage", config.kind)(config, version)
    return found


def step_kind(state: MatchState) -> tuple[StepKind, Any]:
    """Who implements the open step, and the step; the page about a void match is a step without a declaration."""
    step = None if state.path == VOID_PATH else step_at(state.game.experiment.steps, state.path)
    found: StepKind = kind("step", type(step).__name__ if step else "Show")()
    return found, step
