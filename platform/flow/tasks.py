"""What is due when nobody comes: a step's deadline, a stage's, a group to be formed."""

import logging
from functools import partial

from events import due
from events.claim import Claim
from flow.services import games, sessions
from flow.services.forming import form_groups as form_all

log = logging.getLogger("rapport.task")


def close_step(claim: Claim) -> str | None:
    """Close an overdue step; its settlement commits with it.

    When that fails again and again, as with an experiment whose rules raise, the game ends: nobody waits for ever.
    """
    match_id, settle = claim.facts["match"], partial(due.settle, claim)
    try:
        games.close_overdue(match_id=match_id, rev=claim.facts["rev"], settle=settle)
    except due.LostClaim:
        raise
    except Exception:
        if claim.attempts < due.MAX_ATTEMPTS:
            raise
        log.exception("the game cannot go on")
        games.break_off(match_id=match_id, settle=settle)
    return None


def stage_overdue(claim: Claim) -> str | None:
    """Let a stage whose time is up say what follows; its settlement commits with it."""
    sessions.stage_overdue(claim.facts["session"], claim.facts["stage"], settle=partial(due.settle, claim))
    return None


def form_groups(claim: Claim) -> str | None:
    """Form what groups can be formed in a waiting room."""
    formed = form_all(claim.facts["version"], claim.facts["stage"])
    return f"formed {formed}"
