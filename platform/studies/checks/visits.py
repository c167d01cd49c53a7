"""What is the same at each visit and what is not: stages at some visits only, partners by level, groups formed anew."""

from collections.abc import Iterator

from studies.checks.allocation import entries
from studies.checks.context import Context, needs
from studies.checks.references import covered
from studies.checks.sampled import decided
from studies.checks.varied import is_of_the_group
from studies.definition import group_of
from studies.schema_memory import MemoryByLevel
from studies.schema_partners import AutomatedPartner, ModelPartner, PartnerByLevel
from studies.schema_stages import GameStage, WaitingRoomStage
from studies.schema_when import ConditionalStage
from studies.varied import is_varied
from studies.yaml_file import Path


@needs("waves", "groups")
def nobody_is_seated_unasked(context: Context) -> None:
    """E530: only who needs nobody else is seated without having said to be there."""
    for path, stage in context.stages("waiting_room"):
        assert isinstance(stage, WaitingRoomStage)
        plan = context.study.groups.get(stage.forms)
        if plan is not None and plan.humans > 1 and not stage.asks_ready:
            what = f'is false, but a group "{stage.forms}" needs {plan.humans} people, and some may be away.'
            context.say("E530", (*path, "asks_ready"), what, "Take it out, or give the group one human seat.")


@needs("waves")
def visits_come(context: Context) -> None:
    """E531: a stage names visits that its wave has, each once, and not all of them."""
    for path, stage in context.stages():
        if not isinstance(stage, ConditionalStage) or not stage.visits:
            continue
        wave, here = context.study.waves[int(path[1])], (*path, "visits")
        for at, visit in enumerate(stage.visits):
            if visit > wave.repeat:
                what = f'visit {visit} never comes: "{wave.id}" has {wave.repeat}.'
                context.say("E531", (*here, at), what, "Name an earlier one, or raise repeat.")
            elif visit in stage.visits[:at]:
                context.say("E531", (*here, at), f"{visit} stands twice.", "Keep one.")
        if set(range(1, wave.repeat + 1)) <= set(stage.visits):
            context.say("E531", here, "names every visit of the wave.", "Take it out.")


@needs("groups", "factors")
def levels_have_partners(context: Context) -> None:
    """E201, E202: where a factor decides who fills automated seats, every level has an entry."""
    for path, said in _by_level(context):
        covered(context, (*path, "by"), (*path, "values"), said.by, said.values)


@needs("groups", "factors", "conditions", "allocation")
def partners_are_known_in_time(context: Context) -> None:
    """E532: who fills a seat is settled when the group is formed."""
    for path, said in _by_level(context):
        for _, entry in entries(context):
            if said.by in entry.factors and not is_of_the_group(entry):
                given = f"{entry.rule.unit} {entry.since}".rstrip()
                what = f'"{said.by}" is given by {given}, and a group does not have it when its seats are filled.'
                remedy = "Give it by participant (meets: alike), by group or by study, at no round or session."
                context.say("E532", (*path, "by"), what, remedy)


def _by_level(context: Context) -> Iterator[tuple[Path, PartnerByLevel]]:
    for name, plan in context.study.groups.items():
        if isinstance(plan.partners.ai, PartnerByLevel):
            yield ("groups", name, "partners", "ai"), plan.partners.ai


@needs("waves", "groups", "partners", "factors", "conditions", "allocation")
def levels_come_before_groups(context: Context) -> None:
    """E533: whoever is given a level after a stage has it before the waiting room of the game that it decides about."""
    stages = [stage.id for _, stage in context.stages()]
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        room = max((at for at in range(stages.index(stage.id)) if _is_room(context, at)), default=0)
        for where, factor in _deciding(context, path, stage):
            for _, entry in entries(context):
                at = entry.rule.at
                if entry.rule.unit == "participant" and factor in entry.factors and at in stages[room:]:
                    what = f'"{factor}" is given after "{at}", and the group of "{stage.id}" is formed before that.'
                    context.say("E533", where, what, f'Move "{at}" before the waiting room, or allocate earlier.')


def _is_room(context: Context, at: int) -> bool:
    return list(context.stages())[at][1].kind == "waiting_room"


def _deciding(context: Context, path: Path, stage: GameStage) -> Iterator[tuple[Path, str]]:
    """The factors that decide about a game: of parameters, of who sits in it, what they are and what they remember."""
    for name, said in stage.parameters.items():
        if is_varied(said):
            yield (*path, "parameters", name, "by"), str(said["by"])
    group = group_of(context.study, stage.id)
    plan = context.study.groups.get(group)
    for name in plan.ais if plan else ():
        partner = context.study.partners.get(name)
        if isinstance(partner, AutomatedPartner) and isinstance(partner.memory, MemoryByLevel):
            yield ("partners", name, "memory", "by"), partner.memory.by
        for where, one in decided(name, partner) if isinstance(partner, ModelPartner) else ():
            yield (*where, "by"), one.by
    if plan and isinstance(plan.partners.ai, PartnerByLevel):
        yield ("groups", group, "partners", "ai", "by"), plan.partners.ai.by


@needs("waves", "factors", "conditions", "allocation")
def groups_last_one_visit(context: Context) -> None:
    """W530: what is given to groups is drawn anew at each visit that forms one."""
    rooms = [context.study.waves[int(path[1])] for path, _ in context.stages("waiting_room")]
    if len({wave.id for wave in rooms}) < 2 and all(wave.repeat == 1 for wave in rooms):
        return
    for path, entry in entries(context):
        if entry.rule.unit == "group" and entry.factors:
            what = "is group, and each visit forms a new one: people have another level from visit to visit."
            context.say("W530", (*path, "unit"), what, "Write participant, where a level is to stay.")


CHECKS = [
    nobody_is_seated_unasked, visits_come, levels_have_partners, partners_are_known_in_time, levels_come_before_groups,
    groups_last_one_visit,
]  # fmt: skip
