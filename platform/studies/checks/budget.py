"""What models may cost: limits that can be kept, and that let anybody be asked at all."""

from collections.abc import Iterator
from decimal import Decimal

from paradigm import Parameters, Talk
from paradigm.program import leaves, may_come
from studies.asked_models import EXAMPLE, Asked, limits_without_price, models_in
from studies.checks.context import Context, needs
from studies.checks.failing import games_of
from studies.checks.games import found_experiment, found_parameters
from studies.prices import A_MILLION, is_real, price_of
from studies.schema_budget import Budget, Cap
from studies.schema_models import LanguageModel
from studies.schema_partners import ModelPartner

AT = ("budget",)


def _models(context: Context) -> list[Asked]:
    safety = context.study.safety if "safety" in context.sections else None
    return list(models_in(context.study.partners, safety))


def _budget(context: Context) -> Budget | None:
    return context.study.budget if "budget" in context.sections else None


@needs("partners")
def prices_are_known(context: Context) -> None:
    """E850: somebody knows what a call costs, or no limit in money could be kept, and perhaps none at all."""
    for one in _models(context):
        if limits := limits_without_price(one, _budget(context)):
            what = f"{one.model.name} has no known price, so {' and '.join(limits)} cannot be kept."
            remedy = f"Write what a million tokens cost in USD: {EXAMPLE}."
            context.say("E850", (*one.path, "price"), what, remedy)


@needs("budget")
def soft_comes_first(context: Context) -> None:
    """E851: the team is told before calls stop."""
    budget = _budget(context)
    for name, cap in (budget.caps if budget else {}).items():
        if not isinstance(cap, Cap):
            continue
        for unit in ("usd", "tokens"):
            soft, hard = getattr(cap, f"soft_{unit}"), getattr(cap, f"hard_{unit}")
            if soft is not None and hard is not None and soft > hard:
                what = f"soft_{unit} {soft} is above hard_{unit} {hard}, so nobody is told before calls stop."
                context.say("E851", (*AT, name, f"soft_{unit}"), what, "Lower it, or leave it out.")


@needs("partners")
def one_call_fits(context: Context) -> None:
    """E852, E853: no limit is so low that no model is ever asked."""
    budget = _budget(context)
    for one in _models(context):
        most, price = one.model.max_tokens, price_of(one.model.name, one.model.price)
        least = price.output * most / A_MILLION if price else Decimal(0)
        if least and not one.model.daily_cost_usd and (one.model.price or is_real(one.model.name)):
            what = f'"0.00" is for a model that costs nothing, and {one.model.name} does.'
            context.say("E853", (*one.path, "daily_cost_usd"), what, "Write what it may cost a day.")
        elif least > one.model.daily_cost_usd > 0:
            what = f"a single reply of {most} tokens may cost {least:f} USD, so no call would ever be made."
            context.say("E852", (*one.path, "daily_cost_usd"), what, "Raise it, or lower max_tokens.")
        for name, unit, limit, needed in _too_low(budget, least, most):
            what = f"is {limit}, and one reply of {one.model.name} may need {needed:f}: no call would ever be made."
            context.say("E852", (*AT, name, f"hard_{unit}"), what, "Raise it, or lower max_tokens of the model.")


def _too_low(
    budget: Budget | None, least_usd: Decimal, least_tokens: int
) -> Iterator[tuple[str, str, Decimal | int, Decimal]]:
    for name, cap in (budget.caps if budget else {}).items():
        if cap.hard_usd is not None and cap.hard_usd < least_usd:
            yield name, "usd", cap.hard_usd, least_usd
        if cap.hard_tokens is not None and cap.hard_tokens <= least_tokens:
            yield name, "tokens", cap.hard_tokens, Decimal(least_tokens)


@needs("partners", "groups", "waves", "factors")
def nobody_spends_it_all(context: Context) -> None:
    """W851: one person who writes on and on cannot use up for everybody what a model may cost."""
    budget = _budget(context)
    if budget is not None and budget.bounds_people:
        return
    for name, partner in context.study.partners.items():
        models = partner.models.values() if isinstance(partner, ModelPartner) else ()
        costing = [model.name for model in models if _costs(model)]
        if costing and (where := next(_without_quota(context, name), "")):
            what = f"whoever writes on and on in {where} can use up what {costing[0]} may cost a day, for everybody."
            remedy = 'Write budget: {person: {hard_usd: "0.50"}} with what is enough for one: see `study cost`.'
            context.say("W851", ("partners", name, "model"), what, remedy)


def _costs(model: LanguageModel) -> bool:
    price = price_of(model.name, model.price)
    return price is None or bool(price.input or price.output)


def _without_quota(context: Context, partner: str) -> Iterator[str]:
    """The talks in which people write to a partner as often as they like."""
    for stage, plan in games_of(context, partner):
        experiment = found_experiment(stage) if plan.humans else None
        for parameters in found_parameters(context.study, stage) if experiment else ():
            assert experiment is not None
            talks = (step for step in leaves(experiment.steps) if isinstance(step, Talk) and may_come(step, parameters))
            yield from (f"{stage.id}/{talk.name}" for talk in talks if not _quota(talk, parameters))


def _quota(talk: Talk, parameters: Parameters) -> float:
    try:
        return parameters.number(talk.quota)
    except (KeyError, TypeError, ValueError):  # E460 says so
        return 1


@needs("budget", "partners")
def somebody_is_asked(context: Context) -> None:
    """W850: `budget` in a study that asks no model."""
    if _budget(context) is not None and not _models(context):
        context.say("W850", AT, "is there, but the study asks no language model.", "Remove it.")


CHECKS = [prices_are_known, soft_comes_first, one_call_fits, nobody_spends_it_all, somebody_is_asked]
