"""Personas and models that are not the same in every seat: by level of a factor, or drawn."""

from collections.abc import Iterator

from studies.checks.allocation import entries
from studies.checks.context import Context, meant, needs
from studies.checks.references import covered
from studies.checks.varied import is_of_the_group
from studies.schema_partners import ModelPartner
from studies.schema_sampled import DrawnModel, ModelByLevel, PersonasByLevel, place_of
from studies.yaml_file import Path

MOST_IN_URN = 10_000
"""Pairs of persona and model: more can be told by smaller weights."""


def decided(name: str, partner: ModelPartner) -> Iterator[tuple[Path, PersonasByLevel | ModelByLevel]]:
    """What a factor decides of a partner, with where it stands."""
    if isinstance(partner.personas, PersonasByLevel):
        yield ("partners", name, "personas"), partner.personas
    if isinstance(partner.model, ModelByLevel):
        yield ("partners", name, "model"), partner.model


def _partners(context: Context) -> Iterator[tuple[str, ModelPartner]]:
    for name, partner in context.study.partners.items():
        if isinstance(partner, ModelPartner):
            yield name, partner


@needs("partners", "factors")
def levels_have_all(context: Context) -> None:
    """E201, E202: where a factor decides, every level has personas or a model."""
    for name, partner in _partners(context):
        for path, said in decided(name, partner):
            covered(context, (*path, "by"), (*path, "values"), said.by, said.values)


@needs("partners", "factors", "conditions", "allocation")
def levels_are_known_in_time(context: Context) -> None:
    """E920: who sits in a seat is settled when its group is formed."""
    for name, partner in _partners(context):
        for path, said in decided(name, partner):
            for _, entry in entries(context):
                if said.by in entry.factors and not is_of_the_group(entry):
                    given = f"{entry.rule.unit} {entry.since}".rstrip()
                    what = f'"{said.by}" is given by {given}, and a group does not have it when its seats are filled.'
                    remedy = "Give it by participant (meets: alike), by group or by study, at no round or session."
                    context.say("E920", (*path, "by"), what, remedy)


@needs("partners")
def draws_fit(context: Context) -> None:
    """E921: weights are of models that are drawn, and an urn can be made."""
    for name, partner in _partners(context):
        if not isinstance(partner.model, DrawnModel):
            continue
        path, said = ("partners", name, "model"), partner.model
        for key in [key for key in said.weights if key not in said.draw]:
            context.say("E921", (*path, "weights", key), "no model of this name is drawn.", meant(key, said.draw))
        of_ways = partner.pool.weights if partner.pool is not None else {}
        ways = sum(of_ways.get(file, 1) for file in partner.persona_files)
        pairs = ways * sum(said.weights.get(key, 1) for key in said.draw)
        if pairs > MOST_IN_URN:
            what = f"an urn would hold {pairs} pairs of persona and model; {MOST_IN_URN} are allowed."
            context.say("E921", (*path, "weights"), what, "Write smaller weights: only how they compare counts.")


@needs("partners")
def one_model_has_one_limit(context: Context) -> None:
    """E922: what one model of a partner may cost is counted once, whichever seat asks it."""
    for name, partner in _partners(context):
        first: dict[str, str] = {}
        for key, model in partner.models.items():
            other = partner.models[first.setdefault(model.name, key)]
            for term in ("daily_cost_usd", "price"):
                if getattr(model, term) != getattr(other, term):
                    path = ("partners", name, "model", *place_of(partner.model, key), term)
                    what = (
                        f'differs from that of "{first[model.name]}", and both are {model.name}: one count, one limit.'
                    )
                    context.say("E922", path, what, "Write the same in both.")


@needs("partners")
def lasting_partners_stay(context: Context) -> None:
    """E923: a partner that lasts is one model and one list of personas, of which one is drawn for each person."""
    for name, partner in _partners(context):
        if not partner.is_lasting:
            continue
        found = [path for path, _ in decided(name, partner)]
        found += [("partners", name, "model")] if isinstance(partner.model, DrawnModel) else []
        for path in found:
            what = "the partner stays with its person, and is not chosen anew with each group."
            remedy = "Write an entry for each level, and let the group choose: partners: {ai: {by: …, values: {…}}}."
            context.say("E923", path, what, remedy)


@needs("partners", "factors")
def levels_differ_in_one_thing(context: Context) -> None:
    """W920, W921: two levels with the same model compare nothing; one factor for persona and model compares both."""
    for name, partner in _partners(context):
        said = {path[2]: one for path, one in decided(name, partner)}
        model, personas = said.get("model"), said.get("personas")
        if isinstance(model, ModelByLevel):
            levels = list(model.values)
            same = [level for at, level in enumerate(levels) if model.values[level] in _before(model, levels[:at])]
            for level in same:
                what = "is the same in every word as at another level."
                context.say(
                    "W920", ("partners", name, "model", "values", level), what, "Name another, or one for both."
                )
        if model is not None and personas is not None and model.by == personas.by:
            what = (
                f'"{model.by}" decides about the model and about the persona: no difference can be told to be either.'
            )
            context.say("W921", ("partners", name, "model", "by"), what, "Cross two factors, or say so in the plan.")


def _before(model: ModelByLevel, levels: list[str]) -> list[object]:
    return [model.values[level] for level in levels]


CHECKS = [
    levels_have_all, levels_are_known_in_time, draws_fit, one_model_has_one_limit, lasting_partners_stay,
    levels_differ_in_one_thing,
]  # fmt: skip
