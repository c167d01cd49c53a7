"""By what replies of a seat are judged, read from the frozen study; and what is kept of how they were."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bots import gate, lines
from bots.failures import services
from bots.judging import Rules, Settled, asked_in
from bots.models import ReplyCheck
from flow.game import game_of
from flow.queries import TurnFacts
from measures.identity import answered
from paradigm import Field, Text
from studies import definition
from studies.models import Version
from studies.schema_failure import OnFailure
from studies.schema_partners import ModelPartner

OWN_LINES = 3
_KEY = re.compile(r"^turn:(\d+):(\d+)")


def rules_of(facts: TurnFacts, instructions: str, fields: Sequence[Field]) -> Rules:
    """By what the replies of a turn are judged.

    Args:
        fields: What its model is asked for: those of the form, and what the study file wishes beside them.
    """
    seat = facts.seat
    version = game_of(seat.group).version
    said = definition.definition(version)
    partner = said.partners.get(seat.partner)
    own = partner.asked_if_ai_line if isinstance(partner, ModelPartner) else {}
    rule = seat.settings["asked_if_ai"]
    has_words = any(isinstance(one, Text) for one in fields)
    return Rules(
        fields,
        replace(sieve_of(version, instructions), before=said_by_itself(facts)),
        asked_kind=asked_in(facts.view.lines) if has_words else "",
        asked_if_ai=rule,
        asked_line=lines.asked(own, said.language, rule, seed=f"{facts.chance}/asked/{facts.answers}"),
        blocked_line=line_of(facts) or lines.in_language(lines.BLOCKED, said.language),
    )


def said_by_itself(facts: TurnFacts) -> str:
    """The newest of what a seat has said in a talk itself, as its page shows it."""
    own = [line.text for line in facts.view.lines if line.seq and not line.who]
    return "\n".join(own[-OWN_LINES:])


def sieve_of(version: Version, instructions: str) -> gate.Sieve:
    """What replies of a study's models are looked at for."""
    said = definition.definition(version)
    names = tuple((name, tuple(factor.levels)) for name, factor in said.factors.items())
    return gate.Sieve(instructions, gate.canary_of(version.seed), tuple(said.forbidden_words), names)


def policy_of(facts: TurnFacts) -> OnFailure:
    """What follows where a seat's model gives nothing usable; for any other seat what holds where nothing is said."""
    partner = definition.definition(game_of(facts.seat.group).version).partners.get(facts.seat.partner)
    is_model = isinstance(partner, ModelPartner) and facts.seat.occupant == "model"
    return partner.on_failure if is_model and isinstance(partner, ModelPartner) else OnFailure.model_validate({})


def line_of(facts: TurnFacts) -> str:
    """What is said in place of a model's words at a turn; "" where the study file has nothing."""
    policy, version = policy_of(facts), game_of(facts.seat.group).version
    language = definition.definition(version).language
    if line := lines.in_language(policy.line, language):
        return line
    file = lines.in_language(policy.lines, language)
    return lines.drawn(definition.text(version, file), f"{facts.chance}/line/{facts.answers}") if file else ""


def keep(facts: TurnFacts, rules: Rules, given: Settled, *, key: str, values: Mapping[str, Any] | None) -> None:
    """Keep what a turn's replies were, where one was blocked or somebody had asked what the seat is.

    Args:
        values: What is said in the end: those given, or with a line that stands for a held reply.
    """
    named = _KEY.match(key)
    if named is None or not (given.blocked or rules.asked_kind):
        return
    by, claims = given.by, given.claims
    if values is not None and values is not given.values:
        by = ReplyCheck.By.SAFETY.value
        claims = answered(rules.asked_kind, lines.words_in(facts.fields, values)) if rules.asked_kind else ""
    place = {"turn": int(named[1]), "made": int(named[2]), "heard": facts.answers}
    services.keep_checks(place, rules, given, by=by, claims=claims)
