"""A turn in whose place a person of the study team may write: a draft, a wait, and what follows. On the bots' loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bots import guard, rules, services
from bots.errors import FOREIGN_FACT, SUPERSEDED, BotsError
from bots.failing import Instead
from bots.guard import WHOLE, Watch
from bots.held import Turn, Values
from bots.models import WizardReply
from bots.scopes import scope_of
from bots.wizards import services as wizards
from bots.wizards.rules import words_of
from events.claim import Claim
from events.offload import run_db
from flow.queries import TurnFacts
from matching.seating import WIZARD

By = WizardReply.By
Draft = Callable[[], Awaitable[Mapping[str, Any]]]


def may_be_written(turn: Turn, facts: TurnFacts) -> bool:
    """Whether a person may write what a turn is to say: in conversations, while there is somebody to be answered.

    What an experiment has written for the seat is said as it stands.
    """
    heard = turn.heard
    if WIZARD not in facts.seat.settings or facts.written is not None:
        return False
    return heard is not None and heard.is_chat and not rules.only_ends(heard)


async def given(claim: Claim, turn: Turn, facts: TurnFacts, draft: Draft) -> Instead | str:
    """What the seat is to say; or what became of the turn where that is not decided, or nothing is said.

    Nobody waits in memory: a turn that waits for a person is given back, and comes again when they have decided or
    time is up.

    Raises:
        BotsError: the model's call was somebody else's, or its prompt would have told what it may not.
        LostClaim: somebody else has the turn; nothing was done.
    """
    watched = await run_db(guard.watch, facts)
    if watched is not None and watched.stops:
        await run_db(wizards.hold, turn, over=True)
        return Instead(turn, await guard.instead(watched, facts, key=turn.key))
    reply = await run_db(wizards.ask, turn, facts)
    if wizards.is_spent(reply):
        return "silent"
    if reply.outcome == WizardReply.Outcome.OPEN and reply.drafted_at is None:
        reply = await _drafted(reply, facts, draft)
        if _is_for_safety(watched, reply.draft):
            await run_db(wizards.hold, turn)
            return Instead(turn, reply.draft or {})
    if reply.outcome == WizardReply.Outcome.OPEN and claim.now() < reply.until:
        return await run_db(wizards.wait, claim, reply)
    reply = await run_db(wizards.settle, turn, reply, facts)
    if wizards.is_spent(reply):
        return await run_db(services.stay_silent, claim, turn)
    return Instead(turn, await _watched(watched, turn, facts, reply))


async def _drafted(reply: WizardReply, facts: TurnFacts, draft: Draft) -> WizardReply:
    """The row with what the model would say. One that says nothing usable leaves people to their own words."""
    values: Mapping[str, Any] | None = None
    code = ""
    if facts.seat.settings[WIZARD]["draft"]:
        try:
            values = await draft()
        except BotsError as error:
            if error.code in (SUPERSEDED, FOREIGN_FACT):
                raise
            code = error.code
    return await run_db(wizards.keep_draft, reply.pk, values, code)


def _is_for_safety(watched: Watch | None, draft: Mapping[str, Any] | None) -> bool:
    """Whether the model's reply was held, so that the study file's line is said as in every other seat."""
    is_line = watched is not None and words_of(draft) == watched.replies.line
    return is_line and bool((draft or {}).get(WHOLE))


async def _watched(watched: Watch | None, turn: Turn, facts: TurnFacts, reply: WizardReply) -> Values:
    """What was decided; a person's words are looked at for danger as a model's are."""
    values: Values = reply.values or {}
    if reply.by == By.SAFETY and watched is not None:  # a crash came between the decision and the saying
        return {**values, **_safe(watched)}
    if reply.by == By.LINE:
        return {**values, WHOLE: True}
    if watched is None or reply.by not in (By.PERSON, By.MODEL_EDITED):
        return values
    scope = await run_db(scope_of, facts.seat, f"{turn.key}/wizard")
    said = await guard.checked(watched, facts, values, key=turn.key, scope=scope)
    if said is not values:
        await run_db(wizards.hold, turn, over=True)
    return said


def _safe(watched: Watch) -> Mapping[str, Any]:
    return {guard.MESSAGE: watched.replies.line, "then": "more", WHOLE: True}
