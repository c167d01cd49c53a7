"""Seats that a language model fills: a prompt made from the seat's page, a structured reply, the same checks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bots import gate, guard, keeping, private, prompts
from bots.budgets import spending_of
from bots.errors import BLOCKED, NO_REPLY, SUPERSEDED, UNUSABLE, BotsError
from bots.guard import WHOLE
from bots.judging import LINE, Judged, Rules, Settled, judged, settled, unanswered
from bots.prompts import Told
from bots.recall import Acquaintance, Recall, acquaintance_of, recalled
from bots.scopes import again as again_under
from bots.scopes import scope_of
from bots.scribing import services as scribing
from bots.wishes import Wishes, is_silent, wishes_of
from events.offload import run_db
from flow.game import game_of
from flow.models import Act, Match
from flow.queries import TurnFacts
from llm.door import complete
from llm.errors import ModelFailed
from llm.exchange import Completed, Request
from llm.spending import Spending
from matching.lasting import NAMED
from paradigm import Field
from paradigm.fields import schema
from studies import definition
from studies.problems import StudyError

MOST_SECONDS = 45.0
LEAST_AGAIN_SECONDS = 10.0
"""What the second question has at least, of the time of both: with the screening of what comes, and with notes that are
waited for before, a turn stays below what the loop lets a handler take."""


@dataclass(frozen=True)
class Brief:
    """What is asked with: the instructions, the model with its parameters, the key of this one answer, and memory.

    Attributes:
        spending: On whose account it is asked.
        fields: What is asked for: the form's fields, and what the study file wishes beside them.
        keeps: Whether the log of calls keeps the messages, or only their hashes.
    """

    instructions: str
    model: str
    parameters: Mapping[str, Any]
    scope: str
    recall: Recall | None
    spending: Spending
    wishes: Wishes
    fields: Sequence[Field]
    keeps: Literal["full", "hash"] = "full"


class ModelOccupant:
    """Asks the model of the seat. A reply that cannot be said is asked for once more, with what was wrong."""

    source = Act.Source.MODEL.value

    async def values(self, facts: TurnFacts, *, key: str) -> Mapping[str, Any]:
        watched = await run_db(guard.watch, facts)
        if watched is not None and watched.stops:
            return await guard.instead(watched, facts, key=key)
        brief = await run_db(_brief, facts, key)
        rules = await run_db(keeping.rules_of, facts, brief.instructions, brief.fields)
        given = await self._given_or_line(facts, brief, rules)
        if given.by == LINE and given.values is not None:
            given = replace(given, values={**given.values, WHOLE: True})
        values = given.values
        if values is not None and watched is not None and not is_silent(values):  # else nothing of it is said
            values = await guard.checked(watched, facts, values, key=key, scope=brief.scope)
        await run_db(keeping.keep, facts, rules, given, key=key, values=values)
        if values is None:
            code = BLOCKED if given.blocked else NO_REPLY
            raise BotsError(code, f"{brief.model} gave nothing usable twice at {facts.step}: see the log of calls")
        return values

    async def _given_or_line(self, facts: TurnFacts, brief: Brief, rules: Rules) -> Settled:
        """What was given; where the model answers and will not say what it is, as its rule has it, the line."""
        try:
            return await self._given(facts, brief, rules)
        except BotsError as error:
            line = unanswered(rules) if error.code in UNUSABLE else None
            if line is None:
                raise
            return line

    async def _given(self, facts: TurnFacts, brief: Brief, rules: Rules) -> Settled:
        request = _request(facts, brief)
        await run_db(private.check, facts, request.messages)
        began = time.monotonic()
        reply = await _asked(request)
        first = judged(reply.value, rules)
        told = first.wrong or brief.wishes.unmet(first.values)
        if not told:
            return settled([first], rules)
        messages = prompts.again(request.messages, reply.text, told)
        least = min(LEAST_AGAIN_SECONDS, request.budget_seconds)
        left = max(least, request.budget_seconds - (time.monotonic() - began))
        try:
            again = replace(request, scope=again_under(request.scope), messages=messages, budget_seconds=left)
            reply = await _asked(again)
        except BotsError as error:
            given = settled([first, first] if first.wrong else [first], rules)  # as if it had said the same again
            if given.values is None or error.code == SUPERSEDED:
                raise
            return given
        return _better(first, judged(reply.value, rules), brief, rules)


def _better(first: Judged, second: Judged, brief: Brief, rules: Rules) -> Settled:
    """Of two replies the second; where the first could be said and was only not as wished, the nearer one."""
    if first.wrong:
        return settled([first, second], rules)
    is_first = bool(second.wrong) or brief.wishes.nearer(first.values, second.values) is first.values
    return settled([first] if is_first else [first, second], rules)


def _brief(facts: TurnFacts, key: str) -> Brief:
    seat = facts.seat
    game = game_of(seat.group)
    model = seat.settings["model"]
    try:
        known = acquaintance_of(Match.objects.select_related("group__version").get(pk=facts.match_id), seat)
        persona = definition.text(game.version, seat.policy)
        rule, slots = seat.settings["asked_if_ai"], game.parameters.slots()
        slots = slots | ({"partner_name": seat.settings[NAMED]} if NAMED in seat.settings else {})
        canary = gate.canary_of(game.version.seed)
        has_memory = known is not None
        instructions = prompts.system(persona, asked_if_ai=rule, slots=slots, has_memory=has_memory, canary=canary)
    except StudyError as error:
        raise BotsError("persona_unfit", str(error)) from error
    wishes = wishes_of(seat.settings, facts.fields, is_talk=facts.is_talk)
    parameters = {"max_tokens": wishes.tokens(model["max_tokens"])}
    parameters |= {name: model[name] for name in ("temperature", "seed") if model.get(name) is not None}
    recall = _recall(known, facts) if known else None
    spending = spending_of(seat, model, match=facts.match_id)
    fields, keeps = wishes.fields(facts.fields), model.get("keep_prompts", "full")
    return Brief(instructions, model["name"], parameters, scope_of(seat, key), recall, spending, wishes, fields, keeps)


def _recall(known: Acquaintance, facts: TurnFacts) -> Recall:
    """What the seat remembers, with notes of every conversation that is over: none waits for a worker."""
    scribing.take_notes(known)
    return recalled(known, facts)


def _request(facts: TurnFacts, brief: Brief) -> Request:
    view, recall = facts.view, brief.recall
    if recall is not None:
        view = replace(view, lines=recall.lines)
    told = Told(facts.text, view, brief.fields, recall.text if recall else "")
    seconds = (facts.deadline_at - facts.opened_at).total_seconds() if facts.deadline_at else MOST_SECONDS
    return Request(
        scope=brief.scope,
        model=brief.model,
        messages=prompts.messages(told, brief.instructions),
        schema=schema(brief.fields),
        parameters=brief.parameters,
        budget_seconds=min(MOST_SECONDS, seconds),
        memory_sha256=recall.sha256 if recall else "",
        keeps=brief.keeps,
        spending=brief.spending,
    )


async def _asked(request: Request) -> Completed:
    try:
        return await complete(request)
    except ModelFailed as error:
        raise BotsError(f"model_{error.code}", str(error)) from error
