"""What follows where a seat's model gives nothing usable: what the study file declares in `on_failure`, and no more.

Another model is another treatment, a line is not a model's words, and a number that nobody chose is no decision: so by
default nothing stands for what did not come, and the turn's row says why. Nothing here waits for ever: whatever is
declared, the step has a deadline.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bots import keeping, lines, rules
from bots.errors import FOREIGN_FACT, PROVOKED, BotsError
from bots.failures import services
from bots.failures.services import Failure
from bots.guard import WHOLE
from bots.held import Turn, paused_before
from bots.models import FailedTurn
from bots.occupant import Occupant
from bots.queries import is_theirs_alone, people_may_end
from events.claim import Claim
from events.offload import run_db
from flow.queries import TurnFacts
from studies.schema_failure import OnFailure

Did = FailedTurn.Did
LEAST_SECONDS = 5.0
"""What must be left of a step after a pause for asking once more."""


@dataclass(frozen=True)
class Failing:
    """A turn whose model has given nothing usable.

    Attributes:
        tries: How often it was asked, this time included.
        seconds_left: Until the step's deadline; None where it has none.
        takes_words: Whether words alone would do; else a number or a choice is wanted.
        lasts_longer: Whether the step's deadline moves with a pause.
        has_line: Whether there is a line that fits.
        may_end: Whether a talk may end for it: not before its minimum where people may have brought it about.
    """

    tries: int
    seconds_left: float | None
    takes_words: bool
    lasts_longer: bool = False
    has_line: bool = False
    may_end: bool = True

    def has_time(self, after_s: float) -> bool:
        """Whether the step is still open so much later."""
        return self.seconds_left is None or self.seconds_left >= after_s + LEAST_SECONDS


def next_step(policy: OnFailure, now: Failing, *, asked_fallback: bool = False) -> Did:
    """The step of a policy that comes next. Pure.

    Args:
        asked_fallback: Whether the other model has been asked, and gave nothing usable either.
    """
    if not asked_fallback and now.tries <= policy.retry.times and now.has_time(policy.retry.after_s):
        return Did.RETRY
    if policy.fallback is not None and not asked_fallback:
        return Did.FALLBACK
    if not now.takes_words:
        return Did.END if policy.decisions == "end" else Did.DEADLINE
    then = policy.then
    if then == "pause":
        pauses = now.tries - policy.retry.times
        if pauses <= policy.pause.times and (now.lasts_longer or now.has_time(policy.pause.after_s)):
            return Did.PAUSE
        then = policy.pause.then
    if then == "line" and now.has_line:
        return Did.LINE
    return Did.END if then == "end" and now.may_end else Did.SILENCE


@dataclass(frozen=True)
class Instead:
    """What stands for what did not come, and the turn with what is kept of it."""

    turn: Turn
    values: Mapping[str, Any]


async def values_of(occupant: Occupant, turn: Turn, facts: TurnFacts) -> Mapping[str, Any]:
    """What a seat gives for a turn; where its policy has come to a line or to another model, that.

    Raises:
        BotsError: it gives nothing usable.
    """
    failed = turn.failed
    if failed is None:
        return await occupant.values(facts, key=turn.key)
    if failed.did == Did.LINE and (line := await run_db(_line, facts)) is not None:
        return line
    if failed.did == Did.FALLBACK and (other := await run_db(_by_fallback, facts)) is not None:
        return await occupant.values(other, key=f"{turn.key}/fallback{failed.tries}")
    return await occupant.values(facts, key=f"{turn.key}/retry{failed.tries}")


async def follow(claim: Claim, turn: Turn, facts: TurnFacts, error: BotsError) -> Instead | str:
    """Take the next step of the policy: what is to be said, or what became of the turn.

    Each step that asks again is a turn of its own: a handler has no time for two.

    Raises:
        LostClaim: somebody else has the turn; nothing was done.
    """
    policy = await run_db(keeping.policy_of, facts)
    was_asked = turn.failed is not None and turn.failed.did == Did.FALLBACK
    tries = (turn.failed.tries if turn.failed else 0) + (0 if was_asked else 1)
    now = await run_db(_failing, claim, turn, facts, tries, policy.pause.times)
    if error.code in PROVOKED and not await run_db(people_may_end, facts):
        now = replace(now, may_end=False)
    did = next_step(policy, now, asked_fallback=was_asked)
    did = Did.END if error.code == FOREIGN_FACT else did  # it would be told again
    what = Failure(error.code, did, tries)
    if did in (Did.RETRY, Did.PAUSE, Did.FALLBACK):
        waits = {Did.RETRY: policy.retry.after_s, Did.PAUSE: policy.pause.after_s}
        later = partial(services.try_later, claim, turn, what, waits.get(did, 0.0), lasts_longer=now.lasts_longer)
        return await run_db(later)
    if did == Did.LINE and (line := await run_db(_line, facts)) is not None:
        return Instead(replace(turn, failed=await run_db(services.note_failed, turn, what)), line)
    if did == Did.SILENCE and turn.heard is not None and rules.is_waited_for(turn.heard):
        return await run_db(services.try_later, claim, turn, what, 0.0)  # no model is asked: see `Turn.only_ends`
    return await run_db(services.give_up, claim, turn, what)


def with_model(facts: TurnFacts, model: Mapping[str, Any]) -> TurnFacts:
    """The same turn with another model in its seat."""
    seat = copy.copy(facts.seat)
    seat.settings = {**facts.seat.settings, "model": dict(model)}
    return replace(facts, seat=seat)


def _by_fallback(facts: TurnFacts) -> TurnFacts | None:
    fallback = keeping.policy_of(facts).fallback
    return with_model(facts, fallback.model.model_dump(mode="json")) if fallback else None


def _failing(claim: Claim, turn: Turn, facts: TurnFacts, tries: int, most_pauses: int) -> Failing:
    """How a turn stands. Whoever writes on while it pauses makes a new one of it, and no longer talk."""
    # Without people no time limit ends a step: there `deadline_at` only says how long a model may think.
    until = facts.deadline_at if turn.waits else None
    left = (until - claim.now()).total_seconds() if until else None
    longer = is_theirs_alone(facts) and paused_before(turn) < most_pauses
    return Failing(tries, left, lines.words_alone(facts.fields), longer, has_line=_line(facts) is not None)


def _line(facts: TurnFacts) -> Mapping[str, Any] | None:
    if not lines.words_alone(facts.fields):
        return None
    line = lines.instead(facts.fields, {}, keeping.line_of(facts))
    return {**line, WHOLE: True} if line is not None else None
