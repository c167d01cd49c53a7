"""On whose account a call goes, and which limits hold for it: from the study file to the keys that `llm` counts under.

The limits are those of the newest version, whichever a group plays under: to raise one by an amendment helps at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.conf import settings

from events import clock
from flow.models import Placing
from llm.spending import Limit, Price, Spending
from matching.models import Group, Seat
from studies import definition
from studies.asked_models import MEMORY, REPLY, SAFETY, SENTINEL, asked_models
from studies.models import Version
from studies.prices import A_MILLION, price_of
from studies.schema import StudyFile
from studies.schema_budget import Budget, CallCap, Cap, soft_of
from studies.schema_budget import Price as Declared
from studies.schema_models import LanguageModel

__all__ = ["MEMORY", "REPLY", "SAFETY", "SENTINEL"]

MODEL, CALL, ALL = "model", "call", "all studies"
"""Names of limits; the others are called as the study file calls them."""


def root_of_study(study: int) -> str:
    """What everything that is asked for a study is counted under, by its key: "study:3"."""
    return f"study:{study}"


def root_of(group: Group) -> str:
    """The same of a group. Of a preview it is "study:3~demo": trying a study out must not use up what it may cost."""
    trial = f"~{group.origin}" if group.origin == Group.Origin.DEMO else ""
    return f"{root_of_study(group.version.study_id)}{trial}"


def spending_of(seat: Seat, model: Mapping[str, Any], line: str = REPLY, *, match: int | None = None) -> Spending:
    """How a call for a seat is counted.

    Args:
        model: As `studies.schema_models.LanguageModel` is dumped.
        line: What is asked: "reply", "safety" or "memory".
        match: Key of the match in which it is asked: its people are those for whom it is.
    """
    root, whose = root_of(seat.group), "" if line == SAFETY else seat.partner
    said = _said_now(seat.group.version)
    found = _spending(said, root, seat.group.version.study_id, model, line, whose=whose)
    if said.budget is None or match is None:
        return found
    return replace(found, limits=[*found.limits, *_of_people(said.budget, root, match)])


def spending_of_study(version: Version, model: LanguageModel, line: str = SENTINEL) -> Spending:
    """How a call is counted that a study makes for nobody."""
    said, root = _said_now(version), root_of_study(version.study_id)
    return _spending(said, root, version.study_id, model.model_dump(mode="json"), line, whose="")


def _spending(said: StudyFile, root: str, study: int, model: Mapping[str, Any], line: str, *, whose: str) -> Spending:
    name, day = str(model["name"]), f"{clock.now():%Y-%m-%d}"
    daily, price = _terms(said, model, line, whose)
    is_bounded = said.budget is not None and said.budget.bounds_tokens
    of_model = list(_of_model(f"{root}/{line}/{name}/{day}", daily, price, is_bounded=is_bounded))
    costs = bool(of_model) or price is None  # "0.00" is what its file says, and nobody knows
    limits = [*of_model, *_of_budget(said.budget, root, day), *(_of_installation(day) if costs else ())]
    return Spending(root, study, line, price, limits)


def _said_now(version: Version) -> StudyFile:
    """What the newest version of the same study says."""
    newest = Version.objects.filter(study=version.study_id).order_by("-number").values_list("pk", flat=True)[0]
    return definition.definition(definition.version_of(newest))


def _terms(said: StudyFile, model: Mapping[str, Any], line: str, whose: str) -> tuple[Decimal, Price | None]:
    """What a model may cost a day, and its price: as the file says now of the same model in the same place."""
    for one in asked_models(said):
        if (one.line, one.whose, one.model.name) == (line, whose, model["name"]):
            return one.model.daily_cost_usd, _per_token(one.model.name, one.model.price)
    declared = model.get("price")
    price = _per_token(str(model["name"]), Declared.model_validate(declared) if declared else None)
    return Decimal(str(model["daily_cost_usd"])), price


def _per_token(name: str, declared: Declared | None) -> Price | None:
    known = price_of(name, declared)
    if known is None:
        return None
    return Price(known.input / A_MILLION, known.output / A_MILLION, is_declared=declared is not None)


def _of_model(key: str, daily: Decimal, price: Price | None, *, is_bounded: bool) -> Iterator[Limit]:
    """What one model may cost a day. Where nobody knows its price, and tokens have no limit either, it is not asked."""
    is_free = not daily and is_bounded if price is None else not (price.input or price.output)
    if not is_free:  # else there is nothing to count, and no row that every call waits for
        yield Limit(key, MODEL, hard_usd=daily, soft_usd=soft_of(daily))


def _of_installation(day: str) -> Iterator[Limit]:
    """What all studies together may spend in a day: a study file says what its own may, and so limits nobody else."""
    daily: Decimal | None = settings.LLM_DAILY_USD
    if daily is not None:
        yield Limit(f"all/{day}", ALL, hard_usd=daily, soft_usd=soft_of(daily), is_everybodys=True)


def _of_budget(budget: Budget | None, root: str, day: str) -> Iterator[Limit]:
    if budget is None:
        return
    if budget.call is not None:
        yield _limit("", CALL, budget.call)
    if budget.day is not None:
        yield _limit(f"{root}/{day}", "day", budget.day)
    if budget.study is not None:
        yield _limit(root, "study", budget.study)


def _of_people(budget: Budget, root: str, match: int) -> Iterator[Limit]:
    """One limit for each person in a match: what is said in a room is said for everybody in it."""
    if budget.person is None and budget.session is None:
        return
    people = Placing.objects.filter(match=match, seat__participant__isnull=False)
    for person, visit in people.values_list("seat__participant_id", "seat__session_id").order_by("seat_id"):
        if budget.person is not None:
            yield _limit(f"{root}/person:{person}", "person", budget.person)
        if budget.session is not None:
            yield _limit(f"{root}/session:{visit}", "session", budget.session)


def _limit(key: str, name: str, cap: CallCap) -> Limit:
    soft = (cap.told_usd, cap.told_tokens) if isinstance(cap, Cap) else (None, None)
    return Limit(key, name, cap.hard_usd, cap.hard_tokens, *soft)
