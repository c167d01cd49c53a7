"""Names that must exist elsewhere in the file: factors and levels, partners, exits, conditions."""

from collections.abc import Iterator, Mapping

from studies.checks.context import Context, meant, needs
from studies.schema_partners import GroupPlan, PartnerByLevel, PersonPartner
from studies.schema_stages import (
    BriefingStage,
    ConsentStage,
    ExitTo,
    GameStage,
    GameTimeout,
    QuizStage,
    WaitingRoomStage,
)
from studies.yaml_file import Path

REQUIRED_EXITS = {
    "completed": "reached the end",
    "left": "pressed leave",
    "withdrawn": "left and asked that the data be deleted",
}
AWAY = "away"
"""Leads out whoever is not heard of any more in the first visit. A study need not declare it: then it is `left`."""


@needs("factors", "partners", "waves")
def factors_exist(context: Context) -> None:
    """E201, E202: every `by` is a factor, and every level has its entry."""
    for name, partner in context.study.partners.items():
        path: Path = ("partners", name, "label")
        label = partner.label
        if label.by is None:
            if (label.all is None and label.draw is None) or label.values:
                what = "has neither `by` with `values` nor `all` nor `draw`."
                context.say("E202", path, what, 'Write {all: "…"}, {by: …, values: …} or {draw: {…: 1, …: 1}}.')
            elif label.all is not None and label.draw is not None:
                context.say("E202", (*path, "draw"), "stands beside `all`.", "Keep one of them.")
            continue
        for key in ("all", "draw"):
            if getattr(label, key) is not None:
                context.say("E202", (*path, key), "stands beside `by`.", "Keep one of them.")
        covered(context, (*path, "by"), (*path, "values"), label.by, label.values)
    for path, stage in context.stages("briefing"):
        assert isinstance(stage, BriefingStage)
        _briefing(context, path, stage)


def _briefing(context: Context, path: Path, stage: BriefingStage) -> None:
    covered(context, (*path, "by"), (*path, "pages"), stage.by, stage.pages)
    for at, check in enumerate(stage.check):
        here = (*path, "check", at)
        covered(context, (*path, "by"), (*here, "correct"), stage.by, check.correct)
        offered = [option.value for option in check.options]
        for level, value in check.correct.items():
            if value not in offered:
                context.say("E202", (*here, "correct", level), f'"{value}" is not offered.', meant(value, offered))


def covered(context: Context, by_path: Path, values_path: Path, by: str | None, values: Mapping[str, object]) -> None:
    """Say E201 where a factor does not exist, and E202 where some values do not name its levels, each once."""
    factors = context.study.factors
    if by is not None and by not in factors:
        names = ", ".join(factors) or "none"
        context.say("E201", by_path, f'factor "{by}" does not exist.', f"Factors: {names}.")
        return
    levels = factors[by].levels if by else ["all"]
    for level in levels:
        if level not in values:
            context.say("E202", values_path, f'no entry for level "{level}".', "Add one.")
    for level in values:
        if level not in levels:
            context.say("E202", (*values_path, level), f'there is no level "{level}".', meant(level, levels))


@needs("factors", "conditions")
def conditions_cross(context: Context) -> None:
    """E201, E206: conditions cross each factor once."""
    cross = context.study.conditions.cross
    for at, name in enumerate(cross):
        if name not in context.study.factors:
            context.say(
                "E201",
                ("conditions", "cross", at),
                f'factor "{name}" does not exist.',
                meant(name, context.study.factors),
            )
        elif name in cross[:at]:
            context.say("E206", ("conditions", "cross", at), f'factor "{name}" stands twice.', "Keep one.")
    for name, factor in context.study.factors.items():
        if name not in cross:
            context.say("E206", ("factors", name), "this factor is in no condition.", "Add it to conditions.cross.")
        if len(set(factor.levels)) < len(factor.levels):
            context.say("E206", ("factors", name, "levels"), "a level stands twice.", "Keep one.")


@needs("groups", "partners")
def partners_fill(context: Context) -> None:
    """E501: each kind of seat is filled by a partner of that kind."""
    for name, plan in context.study.groups.items():
        path: Path = ("groups", name)
        for where, count, partner in _fillings(plan):
            _filled(context, (*path, "partners", *where), kind=str(where[0]), count=count, partner=partner)
        if plan.fill and plan.fill.label_as not in context.study.partners:
            what = f'"{plan.fill.label_as}" is not in partners.'
            context.say("E501", (*path, "fill", "label_as"), what, meant(plan.fill.label_as, context.study.partners))
        if plan.humans + plan.ai == 0:
            context.say("E501", (*path, "roles"), "this group has no seats.", "Give a role humans or ai.")


def _fillings(plan: GroupPlan) -> Iterator[tuple[Path, int, str | None]]:
    yield ("human",), plan.humans, plan.partners.human
    said = plan.partners.ai
    if isinstance(said, PartnerByLevel):
        yield from ((("ai", "values", level), plan.ai, name) for level, name in said.values.items())
    else:
        yield ("ai",), plan.ai, said


def _filled(context: Context, path: Path, *, kind: str, count: int, partner: str | None) -> None:
    partners = context.study.partners
    if partner is None:
        if count:
            context.say(
                "E501", path, f"{count} seats are of kind {kind}, but no partner fills them.", meant("", partners)
            )
    elif partner not in partners:
        context.say("E501", path, f'"{partner}" is not in partners.', meant(partner, partners))
    elif isinstance(partners[partner], PersonPartner) != (kind == "human"):
        what = f"{partner} is filled by {partners[partner].occupant}, which is not {kind}."
        context.say("E501", path, what, "A human seat needs occupant person; an ai seat policy or model.")


@needs("exits", "waves")
def exits_exist(context: Context) -> None:
    """E402, W402: every exit that is used is declared, and the other way round."""
    used = {*REQUIRED_EXITS, AWAY}
    for path, name in exits_used(context):
        used.add(name)
        if name not in context.study.exits:
            context.say("E402", path, f'"{name}" is not in exits.', meant(name, context.study.exits))
    for name, meaning in REQUIRED_EXITS.items():
        if name not in context.study.exits:
            context.say(
                "E402", ("exits",), f'"{name}" is missing: for whoever {meaning}.', f"Add {name}: {{pay: …, page: …}}."
            )
    for name in context.study.exits:
        if name not in used:
            context.say("W402", ("exits", name), "nothing leads to this exit.", "Remove it, or name it in a stage.")


def exits_used(context: Context) -> Iterator[tuple[Path, str]]:
    """Each exit that a stage, too many missed visits or the end of a pair lead to, with the path where it is named."""
    if "attendance" in context.sections and context.study.attendance is not None:
        yield ("attendance", "on_exceed", "exit"), context.study.attendance.on_exceed.exit
    for name, plan in context.study.groups.items() if "groups" in context.sections else ():
        if plan.lasts is not None and plan.lasts.on_drop_out.exit is not None:
            yield ("groups", name, "lasts", "on_drop_out", "exit"), plan.lasts.on_drop_out.exit
    for path, stage in context.stages():
        for way, exit_ in _exits_of(stage).items():
            if exit_ is not None:
                yield (*path, way, "exit"), exit_.exit


def _exits_of(stage: object) -> Mapping[str, ExitTo | GameTimeout | None]:
    """The ways out of a stage, by the field that names them."""
    match stage:
        case ConsentStage():
            return {"on_decline": stage.on_decline, "on_decline_later": stage.on_decline_later}
        case QuizStage():
            return {"on_fail": stage.on_fail}
        case WaitingRoomStage():
            return {"on_timeout": stage.on_timeout, "on_leave": stage.on_leave}
        case GameStage():
            return {"on_timeout": stage.on_timeout, "on_too_few": stage.on_too_few}
    return {}


CHECKS = [factors_exist, conditions_cross, partners_fill, exits_exist]
