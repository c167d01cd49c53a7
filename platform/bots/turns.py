"""An automated seat's turn: read, decide, wait as long as a person might, act. On the bots' loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from bots import bubbles, delays, failing, guard, rules, services, wishes
from bots.batches import services as batches
from bots.bursts import bursts
from bots.delivery import DROP
from bots.errors import SUPERSEDED, BotsError
from bots.failing import Instead
from bots.failures import services as failures
from bots.guard import WHOLE
from bots.held import Plan, Turn, Values, is_interrupted, is_stale, pauses_of
from bots.models import BotTurn
from bots.noting import waiting
from bots.occupant import Occupant
from bots.order import BEFORE_ACT
from bots.queries import address_of, own_last_seq
from bots.wizards import asking
from chat.forms import ENTRIES, MESSAGE, MORE, READY, THEN
from events.claim import WAITS, Claim
from events.due import MAX_ATTEMPTS, LostClaim
from events.offload import run_db
from flow.errors import FlowError
from flow.kinds import kind
from flow.models import Act
from flow.queries import TurnFacts
from matching.seating import WIZARD
from paradigm import Text

log = logging.getLogger("rapport.turn")

Outcome = BotTurn.Outcome
LONGEST_WAIT = timedelta(seconds=30)  # in memory; the loop ends a handler after 90 s, of which a model may need 45
LONGEST_FOR_NOTES = 10.0  # seconds; what is left is enough for two answers of a model and their screening
LOOK_AGAIN_AFTER = timedelta(seconds=10)
AHEAD = timedelta(seconds=3)  # to decide anew, from the log of calls where a model was asked
LOOK_EACH = timedelta(seconds=1)  # whether a person has written, where what is to be said is then given up


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
    if turn.heard and not turn.rest and not rules.speaks(turn.heard) and not rules.only_ends(turn.heard):
        if turn.row.read_to is not None:  # what was planned is not said any more: another has the floor, or it pauses
            await run_db(services.free_plan, turn)
        return "silent"
    if (instead := await _put_off(claim, turn)) is not None:
        return instead
    pace = delays.Pace(**turn.facts.seat.settings.get("delay", {}))
    if turn.waits and _is_away(turn, turn.facts, pace):
        return await run_db(services.end, claim, turn, outcome=Outcome.MISSED)
    try:
        say = _say_more if turn.rest else _act
        return await say(claim, turn, turn.facts, pace)
    except LostClaim:
        raise
    except Exception as error:
        if claim.attempts < MAX_ATTEMPTS:
            raise
        # The row fails for good: so that the turn has an outcome, too.
        return await run_db(failures.fail, claim, turn, type(error).__name__)


async def _put_off(claim: Claim, turn: Turn) -> str | None:
    """What becomes of a turn that is not to be taken yet: people still write, its model rests, or no budget is left."""
    if not turn.waits and await run_db(batches.is_held, turn):
        return await run_db(batches.hold, claim)
    if turn.begins_at is not None and WAITS.get() and turn.begins_at > claim.now():
        return await run_db(services.postpone, claim, turn.begins_at)
    rests_until = turn.rests_until
    if rests_until is None or turn.facts is None or not WAITS.get() or rests_until <= claim.now():
        return None
    if await run_db(guard.is_stopped, turn.facts):  # what is said then is the study file's, and at once
        return None
    return await run_db(services.postpone, claim, rests_until)


def _is_away(turn: Turn, facts: TurnFacts, pace: delays.Pace) -> bool:
    """Whether this act is planned not to come. Talks and pages to read are missed by nobody who is there."""
    if turn.has_missed:
        return not delays.is_back(pace, _chance(facts, "return"))
    if facts.written is not None:
        return False
    return bool(facts.fields) and not turn.heard and delays.is_missed(pace, _chance(facts, "miss"))


async def _act(claim: Claim, turn: Turn, facts: TurnFacts, pace: delays.Pace) -> str:
    if turn.gives_way and await run_db(is_stale, turn):
        return await run_db(services.interrupted, claim, turn)
    occupant: Occupant = kind("occupant", facts.seat.occupant)()
    given = await _given(claim, occupant, turn, facts)
    if isinstance(given, str):
        return given
    turn, values = given.turn, given.values
    if turn.heard:
        spoken = rules.spoken(wishes.without_words(values), turn.heard)
        if spoken is None and turn.only_ends:  # the minimum is not met yet, and nobody will say so
            return await run_db(services.postpone, claim, claim.now() + LOOK_AGAIN_AFTER)
        if spoken is None and wishes.is_silent(values) and not turn.heard.quota:
            return await run_db(services.stay_silent, claim, turn)
        if spoken is None:
            return "silent"
        values = spoken
    first, *rest = _messages(turn, facts, values)
    return await _say(claim, turn, facts, pace, messages=(first, *rest), source=occupant.source)


async def _say_more(claim: Claim, turn: Turn, facts: TurnFacts, pace: delays.Pace) -> str:
    """The next message of a reply that was begun, unless something has come that is to be looked at first."""
    assert turn.heard is not None
    watched = await run_db(guard.watch, facts)
    if turn.heard.is_paused or (watched is not None and watched.newest is not None):
        return await run_db(services.give_up_rest, claim, turn)
    if turn.gives_way and await run_db(is_interrupted, turn):
        return await run_db(services.interrupted, claim, turn)
    occupant: Occupant = kind("occupant", facts.seat.occupant)()
    return await _say(claim, turn, facts, delays.between(pace), messages=turn.rest, source=occupant.source)


async def _say(
    claim: Claim, turn: Turn, facts: TurnFacts, pace: delays.Pace, *, messages: Sequence[Values], source: str
) -> str:
    """Say the first of some messages when it is time. The others are acts of their own: the turn's row keeps them."""
    if turn.waits:
        planned = await run_db(_planned, claim, turn, facts, pace, messages[0])
        if (later := await _write(claim, turn, planned)) is not None:
            return later
    await _its_moment(turn)
    if _is_by_model(turn, messages[0], source) and await run_db(guard.is_stopped, facts):
        return await run_db(services.give_up_rest, claim, turn)
    try:
        return await run_db(services.deliver, claim, turn, messages[0], source=source, rest=messages[1:])
    except FlowError as refused:
        return await run_db(failures.fail, claim, turn, refused.code)


async def _write(claim: Claim, turn: Turn, planned: Plan) -> str | None:
    """Wait until it is time to act, and let people see meanwhile when it writes and when it stops.

    Returns:
        As `_await`.
    """
    seen = bursts(planned.typing_at, planned.at, pauses_of(turn, planned)) if planned.typing_at else []
    longest = LONGEST_WAIT / (len(seen) + 1)
    for burst in seen:
        if burst is not seen[-1] and burst.until <= claim.now():  # it was seen by whoever gave the turn back
            continue
        if (later := await _await(claim, turn, burst.begin, longest)) is not None:
            return later
        await run_db(services.show_typing, turn, burst.until)
    return await _await(claim, turn, planned.at, longest)


def _is_by_model(turn: Turn, values: Values, source: str) -> bool:
    """Whether a reply begins with words that a model has made for people, or a person in its place.

    What follows in it was looked at before.
    """
    has_words = bool(values.get(MESSAGE)) and not values.get(WHOLE)
    is_made = source == Act.Source.MODEL or (turn.facts is not None and WIZARD in turn.facts.seat.settings)
    return has_words and is_made and turn.waits and not turn.rest


async def _its_moment(turn: Turn) -> None:
    """Where a recording is played, whose turn it is to speak is known; elsewhere it is whoever is first."""
    if (waits_for := BEFORE_ACT.get()) is not None:
        await waits_for(turn)


def _messages(turn: Turn, facts: TurnFacts, values: Values) -> Sequence[Values]:
    """What is given, in as many messages as it may be said in. Whoever ends the talk does so with the last."""
    heard, most = turn.heard, turn.delivery.bubbles
    if most < 2 or heard is None or not heard.is_chat or heard.quota or not turn.waits:
        return [values]
    if ENTRIES in values or values.get(WHOLE):
        return [values]
    least = next((int(one.min_chars) for one in facts.fields if one.key == MESSAGE and isinstance(one, Text)), 0)
    texts = bubbles.divided(str(values.get(MESSAGE) or ""), most, least_chars=max(1, least))
    if len(texts) < 2:
        return [values]
    *before, last = [{**values, MESSAGE: text} for text in texts]
    return [*({**one, THEN: MORE} for one in before), last]


async def _given(claim: Claim, occupant: Occupant, turn: Turn, facts: TurnFacts) -> Instead | str:
    """What the seat gives, or what stands for it; or what became of the turn where nothing does."""
    try:
        if asking.may_be_written(turn, facts):
            return await asking.given(claim, turn, facts, partial(_values, occupant, turn, facts))
        return Instead(turn, await _values(occupant, turn, facts))
    except BotsError as error:
        if error.code == SUPERSEDED and claim.attempts < MAX_ATTEMPTS:
            # Another holder has asked since. Either this claim is lost, or it is theirs that was, and they were slow.
            raise
        return await failing.follow(claim, turn, facts, error)


async def _await(claim: Claim, turn: Turn, at: datetime, longest: timedelta) -> str | None:
    """Wait for an instant; where it is too far off to be waited for in memory, give the turn back until then.

    Returns:
        What became of the turn where it is not to go on: it was given back, or given up for what a person has written.
    """
    # A clock that stands comes to the very instant of a row; one that goes is met a little before.
    most, ahead = (timedelta(0), timedelta(0)) if claim.reading.stands else (longest, AHEAD)
    if WAITS.get() and at - claim.now() > most:
        return await run_db(services.postpone, claim, at - ahead)
    while turn.gives_way and WAITS.get() and claim.now() < at:
        await claim.until(min(at, claim.now() + LOOK_EACH))
        if await run_db(is_interrupted, turn):
            return await run_db(services.interrupted, claim, turn)
    await claim.until(at)
    return None


async def _values(occupant: Occupant, turn: Turn, facts: TurnFacts) -> Mapping[str, Any]:
    """A page to read, what was written before, and the end of a talk without listeners need no decision, only time."""
    if turn.only_ends:
        return {"then": READY}
    if facts.written is not None:
        return facts.written
    if not facts.fields and not turn.heard:
        return {}
    if turn.waits:
        least = delays.Pace(**facts.seat.settings.get("delay", {})).min_s
        await waiting.for_notes(facts, at_most=min(least / 2, LONGEST_FOR_NOTES))  # the rest is for the model
    return await failing.values_of(occupant, turn, facts)


async def hear(claim: Claim) -> str:
    """Something was said in a talk, or somebody is ready: let the seats that have something to do about it act."""
    asked = await run_db(services.listen, claim.facts["match"], claim.facts["path"])
    return f"asked {asked}"


def _planned(claim: Claim, turn: Turn, facts: TurnFacts, pace: delays.Pace, values: Mapping[str, Any]) -> Plan:
    since = _since(claim, turn, facts)
    heard_after = own_last_seq(turn.address) if turn.heard else 0
    effort = delays.effort(facts.view, facts.fields, values, heard_after=heard_after)
    effort = replace(effort, read_chars=0) if turn.rest else effort
    limit = (facts.deadline_at - since).total_seconds() if facts.deadline_at else pace.max_s * 2
    planned = delays.wait(pace, effort, limit_s=limit, rng=_chance(facts, f"delay/{heard_after}"))
    wait, writing = planned.seconds, timedelta(seconds=planned.writing_s)
    at = since + timedelta(seconds=wait)
    if turn.row.interruptions and turn.heard and turn.heard.last_spoken_at:
        at = max(at, turn.heard.last_spoken_at + writing)  # what is said anew was not written before it was thought of
    is_seen = turn.heard is not None and turn.heard.shows_typing and planned.writing_s > 0
    return services.plan(turn, Plan(at, at - writing if is_seen else None))


def _since(claim: Claim, turn: Turn, facts: TurnFacts) -> datetime:
    """From when on the time of an act counts."""
    heard, since = turn.heard, facts.opened_at
    waited = bool(turn.delivery.debounce_s or turn.row.interruptions)
    if heard is None or not (heard.made or (waited and heard.spoken_to_at)):
        return since
    if turn.rest:
        return max(since, turn.row.delivered_at or since)
    # in a talk from its last entry, or from when it was spoken to
    is_answer = not heard.quota and rules.speaks(heard)
    counts_last = turn.delivery.debounce_s or (turn.row.interruptions and turn.delivery.if_interrupted == DROP)
    spoken_to_at = heard.last_spoken_at if counts_last else heard.spoken_to_at
    # as a person's, who reads it as soon as it is stored; a worker comes to it when it has time
    asked_at = (spoken_to_at if is_answer else None) or claim.run_after
    return max(since, turn.row.delivered_at or since, asked_at)


def _chance(facts: TurnFacts, purpose: str) -> Random:
    """The same for the same turn, whenever and wherever it is asked."""
    return Random(f"{facts.chance}/{purpose}")  # noqa: S311  seeded on purpose: a crash must not change a plan
