"""Which language models a study asks, and where its file names them."""

from collections.abc import Iterator
from dataclasses import dataclass

from studies.models import Study
from studies.prices import price_of
from studies.problems import StudyError
from studies.schema import StudyFile
from studies.schema_budget import Budget, CallCap, Cap
from studies.schema_memory import AnyMemory, rules_of, writer_of
from studies.schema_models import LanguageModel
from studies.schema_partners import AutomatedPartner, ModelPartner, Partner
from studies.schema_safety import Safety
from studies.schema_sampled import place_of
from studies.yaml_file import Path

REPLY, SAFETY, MEMORY, SENTINEL = "reply", "safety", "memory", "sentinel"
"""What is asked of a model: the lines under which its cost is counted. Sentinels are asked of all of them."""

EXAMPLE = 'price: {input: "0.15", output: "0.60"}, or "0" for both if it is free'


@dataclass(frozen=True)
class Asked:
    """One model in one use. `whose` is the partner's name; "" where it is the study's own."""

    path: Path
    line: str
    whose: str
    model: LanguageModel


def asked_models(study: StudyFile) -> list[Asked]:
    """Every model that a study may ask, in the order of its file."""
    return list(models_in(study.partners, study.safety))


def models_in(partners: dict[str, Partner], safety: Safety | None) -> Iterator[Asked]:
    """As `asked_models`, of the parts of a file that name models."""
    for name, partner in partners.items():
        if isinstance(partner, ModelPartner):
            for key, model in partner.models.items():
                yield Asked(("partners", name, "model", *place_of(partner.model, key)), REPLY, name, model)
            if (fallback := partner.on_failure.fallback) is not None:
                yield Asked(("partners", name, "on_failure", "fallback", "model"), REPLY, name, fallback.model)
        if isinstance(partner, AutomatedPartner) and partner.memory is not None:
            yield from _of_memory(name, partner.memory)
    replies = safety.replies if safety is not None else None
    if replies is not None and replies.classifier is not None:
        yield Asked(("safety", "replies", "classifier", "model"), SAFETY, "", replies.classifier.model)


def _of_memory(name: str, memory: AnyMemory) -> Iterator[Asked]:
    """The models that take a partner's notes, at each level where a factor decides."""
    for level, rule in rules_of(memory).items():
        if (writer := writer_of(rule)) is not None:
            where = ("values", level) if level else ()
            path: Path = ("partners", name, "memory", *where, "noted_by", "model")
            yield Asked(path, MEMORY, name, writer.model)


def unpriced(study: StudyFile) -> dict[str, list[str]]:
    """The limits in money that nobody could keep, because a model's price is not known: model → the limits."""
    return {
        one.model.name: limits for one in asked_models(study) if (limits := limits_without_price(one, study.budget))
    }


def limits_without_price(asked: Asked, budget: Budget | None) -> list[str]:
    """The limits in money that a model is under whose price nobody knows; none where somebody does.

    A `daily_cost_usd` of "0.00" is one, too, unless tokens are limited: else nothing would be.
    """
    if price_of(asked.model.name, asked.model.price) is not None:
        return []
    own = ["daily_cost_usd"] if asked.model.daily_cost_usd or not (budget and budget.bounds_tokens) else []
    in_money = [name for name, cap in (budget.caps if budget else {}).items() if _is_in_money(cap)]
    return [*own, *(f"budget.{name}" for name in in_money)]


def _is_in_money(cap: CallCap) -> bool:
    return cap.hard_usd is not None or (isinstance(cap, Cap) and cap.soft_usd is not None)


def refuse_unpriced(study: Study, said: StudyFile) -> None:
    """Whether people may be let into a study, as far as its limits can be kept by this installation.

    Raises:
        StudyError: "price_unknown".
    """
    for name, limits in unpriced(said).items():
        what = f"nobody knows what {name} costs, so {' and '.join(limits)} cannot be kept"
        remedy = f"amend its price, USD for a million tokens: {EXAMPLE}"
        raise StudyError("price_unknown", f"{study.slug} cannot be opened: {what}; {remedy}")
