"""An automated seat's turn: read, decide, wait as long as a person might, act. On the bots' loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bots import delays, rules, services
from bots.errors import BotsError
from bots.models import BotTurn
from bots.occupant import Occupant
from bots.queries import address_of, own_last_seq
from bots.services import Plan, Turn
from chat.forms import READY
from events.claim import WAITS, Claim
from events.due import MAX_ATTEMPTS, LostClaim
from events.offload import run_db
from flow.kinds import kind
from flow.queries import TurnFacts

log = logging.getLogger("rapport.turn")

Outcome = BotTurn.Outcome
LONGEST_WAIT = timedelta(seconds=30)  # in memory; the loop ends a handler after 90 s, of which a model may need 45
LOOK_AGAIN_AFTER = timedelta(seconds=10)
SUPERSEDED = "model_superseded"
AHEAD = timedelta(seconds=3)  # to decide anew, from the log of calls where a model was asked


async def take_turn(claim: Claim) -> str:
    """Take one turn to one of its outcomes. May run any number of times, at once or after a crash: one act results.

    Leaves one line in the log, without words.
    """
    began = time.monotonic()
    outcome = await _taken(claim)
    took_ms = round((time.monotonic() - began) * 1000)
    facts = {"due": claim.id, "turn": claim.key, "attempt": claim.attempts, "outcome": outcome, "took_ms": took_ms}
    log.info("turn", extra={"facts": facts})
    return outcome


async def _taken(claim: Claim) -> str:
    """Before the last line nothing can be seen by anybody, and that line commits act, outcome and claim together."""
    turn = await run_db(services.begin, address_of(claim))
    if turn.facts is None:
        return await run_db(services.end, claim, turn, outcome=Outcome.OVERTAKEN)
    if turn.heard and not rules.speaks(turn.heard) and not rules.only_ends(turn.heard):
        return "silent"
    pace = delays.Pace(**turn.facts.seat.settings.get("delay", {}))
    if turn.waits and _is_away(turn, turn.facts, pace):
        return await run_db(services.end, claim, turn, outcome=Outcome.MISSED)
    try:
        return await _act(claim, turn, turn.facts, pace)
    except LostClaim:
        raise
    except Exception as error:
        if claim.attempts < MAX_ATTEMPTS:
            raise
        # The row fails for good: so that the turn has an outcome, too.
        return await run_db(services.end, claim, turn, outcome=Outcome.FAILED, error_code=type(error).__name__)


def _is_away(turn: Turn, facts: TurnFacts, pace: delays.Pace) -> bool:
    """Whether this act is planned not to come. Talks and pages to read are missed by nobody who is there."""
    if turn.has_missed:
        return not delays.is_back(pace, _chance(facts, "return"))
    return bool(facts.fields) and not turn.heard and delays.is_missed(pace, _chance(facts, "miss"))


async def _act(claim: Claim, turn: Turn, facts: TurnFacts, pace: delays.Pace) -> str:
    occupant: Occupant = kind("occupant", facts.seat.occupant)()
    try:
        values = await _values(occupant, turn, facts)
    except BotsError as error:
        if error.code == SUPERSEDED and claim.attempts < MAX_ATTEMPTS:
            # Another holder has asked since. Either this claim is lost, or it is theirs that was, and they were slow.
            raise
        return await run_db(services.end, claim, turn, outcome=Outcome.FAILED, error_code=error.code)
    if turn.heard:
        spoken = rules.spoken(values, turn.heard)
        if spoken is None and rules.only_ends(turn.heard):  # the minimum is not met yet, and nobody will say so
            return await run_db(services.postpone, claim, claim.now() + LOOK_AGAIN_AFTER)
        if spoken is None:
            return "silent"
        values = spoken
    if turn.waits:
        planned = await run_db(_planned, claim, turn, facts, pace, values)
        if planned.typing_at is not None:
            if (later := await _await(claim, planned.typing_at, LONGEST_WAIT / 2)) is not None:
                return later
            await run_db(services.show_typing, turn, planned)
        if (later := await _await(claim, planned.at, LONGEST_WAIT / (2 if planned.typing_at else 1))) is not None:
            return later
    return await run_db(services.deliver, claim, turn, values, source=occupant.source)


async def _await(claim: Claim, at: datetime, longest: timedelta) -> str | None:
    """Wait for an instant; where it is too far off to be waited for in memory, give the turn back until then."""
    # A clock that stands comes to the very instant of a row; one that goes is met a little before.
    most, ahead = (timedelta(0), timedelta(0)) if claim.reading.stands else (longest, AHEAD)
    if WAITS.get() and at - claim.now() > most:
        return await run_db(services.postpone, claim, at - ahead)
    await claim.until(at)
    return None


async def _values(occupant: Occupant, turn: Turn, facts: TurnFacts) -> Mapping[str, Any]:
    """A page to read, and the end of a talk in which nobody is left to answer, need no decision, only time."""
    if turn.heard and rules.only_ends(turn.heard):
        return {"then": READY}
    return await occupant.values(facts, key=turn.key) if facts.fields or turn.heard else {}


async def hear(claim: Claim) -> str:
    """Something was said in a talk, or somebody is ready: let the seats that have something to do about it act."""
    asked = await run_db(services.listen, claim.facts["match"], claim.facts["path"])
    return f"asked {asked}"


def _planned(claim: Claim, turn: Turn, facts: TurnFacts, pace: delays.Pace, values: Mapping[str, Any]) -> Plan:
    since = facts.opened_at
    if turn.heard and turn.heard.made:  # in a talk, from its last entry, or from when it was spoken to
        is_answer = not turn.heard.quota and rules.speaks(turn.heard)
        # as a person's, who reads it as soon as it is stored; a worker comes to it when it has time
        asked_at = (turn.heard.spoken_to_at if is_answer else None) or claim.run_after
        since = max(since, turn.row.delivered_at or since, asked_at)
    heard_after = own_last_seq(turn.address) if turn.heard else 0
    effort = delays.effort(facts.view, facts.fields, values, heard_after=heard_after)
    limit = (facts.deadline_at - since).total_seconds() if facts.deadline_at else pace.max_s * 2
    planned = delays.wait(pace, effort, limit_s=limit, rng=_chance(facts, f"delay/{heard_after}"))
    wait, writing = planned.seconds, timedelta(seconds=planned.writing_s)
    at = since + timedelta(seconds=wait)
    is_seen = turn.heard is not None and turn.heard.shows_typing and planned.writing_s > 0
    return services.plan(turn, Plan(at, at - writing if is_seen else None))


def _chance(facts: TurnFacts, purpose: str) -> Random:
    """The same for the same turn, whenever and wherever it is asked."""
    return Random(f"{facts.chance}/{purpose}")  # noqa: S311  seeded on purpose: a crash must not change a plan
