"""Stages that are for some only: the factor and its levels exist, and a level is given before the stage asks for it."""

from studies.allocation_plan import Entry
from studies.checks.allocation import entries
from studies.checks.context import Context, meant, needs
from studies.schema_when import ConditionalStage, When
from studies.yaml_file import Path


@needs("waves", "factors")
def levels_exist(context: Context) -> None:
    """E201, E202: `when` names a factor and levels of it."""
    for path, _stage, rule in _rules(context):
        if rule.by not in context.study.factors:
            what = f'factor "{rule.by}" does not exist.'
            context.say("E201", (*path, "by"), what, meant(rule.by, context.study.factors))
            continue
        known = context.study.factors[rule.by].levels
        for at, level in enumerate(rule.levels):
            if level not in known:
                context.say("E202", (*path, "levels", at), f'there is no level "{level}".', meant(level, known))
            elif level in rule.levels[:at]:
                context.say("E202", (*path, "levels", at), f'"{level}" stands twice.', "Keep one.")
        if set(known) <= set(rule.levels):
            context.say("E202", (*path, "levels"), "names every level, so the stage is for everybody.", "Remove when.")


@needs("waves", "factors", "conditions", "allocation")
def levels_are_given_before(context: Context) -> None:
    """E204: whoever comes to the stage has a level, for good."""
    for path, stage, rule in _rules(context):
        for _, entry in entries(context):
            if rule.by in entry.factors and (what := _too_late(context, entry, stage, path)):
                remedy = "Move the stage behind it, or allocate earlier."
                context.say("E204", (*path, "by"), f'"{rule.by}" {what}', remedy)


def _too_late(context: Context, entry: Entry, stage: ConditionalStage, path: Path) -> str:
    """Why a level cannot decide about a stage; empty where it can."""
    unit, before = entry.rule.unit, [(one.id, one.kind) for place, one in context.stages() if place < path[:-1]]
    if unit in ("round", "pair", "item") or (entry.has_moment and entry.since != "session 1"):
        return f"is given by {unit} {entry.since}".rstrip() + ", which is no level of a whole visit."
    if unit == "group" and not any(kind == "waiting_room" for _, kind in before):
        return f'is given when the group is formed, and "{stage.id}" comes before that.'
    is_at_a_stage = unit == "participant" and isinstance(entry.rule.at, str) and entry.rule.at != "entry"
    if is_at_a_stage and not any(name == entry.rule.at for name, _ in before):
        return f'is given after "{entry.rule.at}", and "{stage.id}" does not come later.'
    return ""


def _rules(context: Context) -> list[tuple[Path, ConditionalStage, When]]:
    return [
        ((*path, "when"), stage, stage.when)
        for path, stage in context.stages()
        if isinstance(stage, ConditionalStage) and stage.when
    ]


CHECKS = [levels_exist, levels_are_given_before]
