"""Whether people noticed what was done, and what they suspected: manipulation checks, and the funnel."""

from collections.abc import Sequence

from paradigm import Choice, FieldError, Option
from studies.checks.bonus import asks_type
from studies.checks.context import Context, meant, needs
from studies.checks.games import found_experiment, found_parameters
from studies.checks.questions import resolved_items
from studies.checks.stages import needs_nobody
from studies.checks.texts import known_names
from studies.items import Item
from studies.schema import Factor
from studies.schema_allocation import Allocation
from studies.schema_checks import FactorCheck
from studies.schema_stages import BriefingCheck, BriefingStage, DebriefStage, GameStage, SurveyStage
from studies.schema_when import ConditionalStage
from studies.variables import given_after
from studies.yaml_file import Path

WITHIN = ("round", "pair", "item")
"""Units that have several levels while one person is there, so that no later answer is about one of them."""


@needs("factors", "conditions", "allocation", "waves", "exits", "payments", "groups")
def factors_are_checked(context: Context) -> None:
    """E202, E434, E435, E436, W434: each factor has an item by which one sees that its level was noticed."""
    for name, factor in context.study.factors.items():
        path: Path = ("factors", name)
        rules = rules_of(context, name)
        if factor.check is not None:
            _check(context, (*path, "check"), factor, factor.check, rules)
        elif rules and not any(_is_within(rule) for rule in rules) and not needs_nobody(context):
            what = "has no check: nobody will know whether people noticed it."
            remedy = "Ask for it: check: {item: …, expected: {LEVEL: answer, …}}."
            context.say("W434", path, what, remedy)


def rules_of(context: Context, factor: str) -> list[Allocation]:
    """The entries that give a factor."""
    study = context.study
    return [rule for rule in study.allocations if factor in (rule.factors or study.conditions.cross)]


def _is_within(rule: Allocation) -> bool:
    """Whether a level begins or changes while somebody is there."""
    return rule.unit in WITHIN or rule.round > 1 or rule.session > 1


def _check(context: Context, path: Path, factor: Factor, check: FactorCheck, rules: Sequence[Allocation]) -> None:
    _levels(context, (*path, "expected"), factor, check)
    if known_names(context) is None:
        return  # no item can be read, and why is told
    asked = asked_items(context)
    places = [at for at, items in asked.items() if check.item in {item.id for item in items}]
    if len(places) != 1:
        what = f'no survey and no condition page asks "{check.item}".'
        remedy = meant(check.item, {item.id for items in asked.values() for item in items})
        if places:
            what, remedy = f'"{check.item}" is asked in {len(places)} stages.', "Give one of them another id."
        context.say("E434", (*path, "item"), what, remedy)
        return
    at = places[0]
    _answers(context, (*path, "expected"), check, next(item for item in asked[at] if item.id == check.item))
    if any(_is_within(rule) for rule in rules):
        what = "has several levels while somebody is there; one later answer is about none of them."
        context.say("E436", path, f"the factor {what}", "Remove check, and ask in the game itself.")
    elif _is_for_some(context, at):
        what = f'"{check.item}" is asked of some people only (when).'
        context.say("E436", (*path, "item"), what, "Ask everybody.")
    elif late := [rule for rule in rules if given_after(context.study, rule) >= at]:
        what = f'"{check.item}" is asked before the level is given (at: {late[0].at}).'
        context.say("E436", (*path, "item"), what, "Ask it after that.")


def _is_for_some(context: Context, at: int) -> bool:
    stage = list(context.stages())[at][1]
    return isinstance(stage, ConditionalStage) and stage.when is not None


def asked_items(context: Context) -> dict[int, Sequence[Item]]:
    """The items by which a check may be made, by the place of the stage that asks them."""
    found: dict[int, Sequence[Item]] = {}
    for at, (path, stage) in enumerate(context.stages()):
        if isinstance(stage, SurveyStage):
            found[at] = resolved_items(context, stage, path)
        elif isinstance(stage, BriefingStage):
            found[at] = [_as_item(check) for check in stage.check]
    return found


def _as_item(check: BriefingCheck) -> Item:
    """A check of a condition page with its words as they are written: who looks for problems needs no numbers."""
    options = tuple(Option(one.value, one.label) for one in check.options)
    return Item(field=Choice(name=check.id, label=check.label, options=options))


def _levels(context: Context, path: Path, factor: Factor, check: FactorCheck) -> None:
    for level in factor.levels:
        if level not in check.expected:
            context.say("E202", path, f'no entry for level "{level}".', "Say what is expected there.")
    for level in check.expected:
        if level not in factor.levels:
            context.say("E202", path, f'there is no level "{level}".', meant(level, factor.levels))


def _answers(context: Context, path: Path, check: FactorCheck, item: Item) -> None:
    for level in check.expected:
        for answer in check.answers(level):
            try:
                item.field.clean(answer)
            except FieldError as error:
                what = f'"{answer}" cannot be answered to {check.item}.'
                context.say("E435", (*path, level), what, str(error))


@needs("deception", "factors", "waves")
def funnel_stands_in_its_place(context: Context) -> None:
    """E437, E438, E439, W435, W436: what people suspected is asked after the last game, before anything tells it."""
    stages = list(context.stages())
    last_game = max((at for at, (_, stage) in enumerate(stages) if isinstance(stage, GameStage)), default=-1)
    first_told = min((at for at, (_, stage) in enumerate(stages) if isinstance(stage, DebriefStage)), default=None)
    funnels = [at for at, (_, stage) in enumerate(stages) if isinstance(stage, SurveyStage) and _is_funnel(stage)]
    for at in funnels:
        path, stage = stages[at]
        assert isinstance(stage, SurveyStage)
        if at < last_game:
            what = f'asks what people suspect before the game "{stages[last_game][1].id}".'
            context.say("E437", path, what, "Move it after the last game.")
        if first_told is not None and at > first_told:
            what = f'comes after the debrief "{stages[first_told][1].id}", which tells the truth.'
            context.say("E438", path, what, "Move it before the debrief.")
        if stage.shuffle:
            what = "is on, but a funnel goes from open to specific in the order of its file."
            context.say("E439", (*path, "shuffle"), what, "Remove shuffle.")
    if context.study.deception and not funnels and not needs_nobody(context):
        what = "is declared, but no funnel asks what people suspected."
        remedy = "Add a survey with purpose: funnel after the last game and before the debrief."
        context.say("W435", ("deception",), what, remedy)
    if funnels:
        _nothing_is_told_before(context, funnels[0])


def _is_funnel(stage: SurveyStage) -> bool:
    return stage.purpose == "funnel"


def _nothing_is_told_before(context: Context, funnel: int) -> None:
    """W436: what asks about the manipulation, or who is an AI, names it, and whoever has read it suspects it.

    Not so the check of a condition page, which asks for what the page above it has just said.
    """
    stages = list(context.stages())
    before = f'before the funnel "{stages[funnel][1].id}"'
    named = {factor.check.item for factor in context.study.factors.values() if factor.check}
    for path, stage in stages[:funnel]:
        if isinstance(stage, SurveyStage):
            items = resolved_items(context, stage, path)
            told = sorted(item.id for item in items if item.id in named or _is_type(item))
            if told:
                what = f"asks {', '.join(told)} {before}, and tells what is studied."
                context.say("W436", path, what, "Move it after the funnel.")
        elif isinstance(stage, GameStage):
            experiment = found_experiment(stage)
            if experiment and any(asks_type(experiment, values) for values in found_parameters(context.study, stage)):
                what = f"asks who is an AI {before}: those who were asked, and only those, then suspect more."
                remedy = "Ask it in a survey after the funnel (beliefs_about: return_only), or say so in exploratory."
                context.say("W436", (*path, "parameters"), what, remedy)


def _is_type(item: Item) -> bool:
    return item.field.belief is not None and item.field.belief.what == "type"


CHECKS = [factors_are_checked, funnel_stands_in_its_place]
