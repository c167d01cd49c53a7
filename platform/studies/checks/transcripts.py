"""Earlier conversations that people may read: there are some, and they differ with memory only where that is said."""

from collections.abc import Iterator

from studies.checks.allocation import entries
from studies.checks.context import Context, needs
from studies.checks.ethics import is_hidden
from studies.checks.memory import games_with, talks_in
from studies.checks.references import covered
from studies.definition import group_of
from studies.schema_memory import MemoryByLevel, VisibleByLevel, visible_under
from studies.schema_partners import AutomatedPartner, PersonPartner
from studies.schema_stages import GameStage
from studies.yaml_file import Path


def _shown(context: Context) -> Iterator[tuple[str, AutomatedPartner, Path]]:
    """Partners with whom people may read earlier conversations, at some level, and where that stands."""
    for name, partner in context.study.partners.items():
        if isinstance(partner, AutomatedPartner) and any(visible_under(partner.past_transcript_visible).values()):
            yield name, partner, ("partners", name, "past_transcript_visible")


@needs("partners", "factors")
def levels_are_covered(context: Context) -> None:
    """E201, E202, E468: every level has its value, and it does not differ with memory unless that is said."""
    for name, partner in context.study.partners.items():
        visible = partner.past_transcript_visible
        if not isinstance(visible, VisibleByLevel):
            continue
        path: Path = ("partners", name, "past_transcript_visible")
        covered(context, (*path, "by"), (*path, "values"), visible.by, visible.values)
        memory = partner.memory if isinstance(partner, AutomatedPartner) else None
        is_together = isinstance(memory, MemoryByLevel) and memory.by == visible.by
        if is_together and isinstance(memory, MemoryByLevel) and "past_transcript_visible" not in memory.differs_too:
            what = f'differs by "{visible.by}" as memory does: its effect could not be told from that of memory.'
            remedy = "Write one value; or, if this is meant, memory.differs_too: [past_transcript_visible]."
            context.say("E468", path, what, remedy)


@needs("partners", "factors", "conditions", "allocation")
def levels_hold_in_talks(context: Context) -> None:
    """E469: the factor that decides is one whose level holds while people talk."""
    for name, partner in context.study.partners.items():
        visible, path = partner.past_transcript_visible, ("partners", name, "past_transcript_visible")
        for _, entry in entries(context) if isinstance(visible, VisibleByLevel) else ():
            if isinstance(visible, VisibleByLevel) and visible.by in entry.factors and entry.rule.unit == "item":
                what = f'"{visible.by}" is given item by item, and holds in no conversation.'
                context.say("E469", (*path, "by"), what, "Give the factor by participant, group or session.")


@needs("partners", "groups", "waves", "factors")
def there_is_something_to_read(context: Context) -> None:
    """E469: there is a second conversation with this partner, in which the first can be read."""
    for name, _partner, path in _shown(context):
        stages = list(games_with(context, name))
        if not stages:
            continue
        is_repeated = len(context.study.waves) > 1 or any(wave.repeat > 1 for wave in context.study.waves)
        talks = sum(talks_in(context, stage) for stage in stages)
        if talks == 0 or (talks == 1 and not is_repeated):
            what = "people are to read earlier conversations with this partner, and there is no second one."
            context.say("E469", path, what, "Plan a second one, or write false.")


@needs("partners", "groups", "factors", "told")
def they_tell_nobody_apart(context: Context) -> None:
    """E470: only automated partners have earlier conversations to read, so whoever sees them knows who is one."""
    if all(plan.humans < 2 for plan in context.study.groups.values()):
        return
    for name, partner, path in _shown(context):
        if is_hidden(context, name, partner):
            what = "its label hides what it is, and a person has no earlier conversations to read: they give it away."
            remedy = "Write false; or let the label say what it is, at every level and to everybody who meets it."
            context.say("E470", path, what, remedy)


@needs("partners", "groups", "waves", "factors")
def people_meet_again(context: Context) -> None:
    """E872: only two people who last have earlier conversations with each other, and they need a second one."""
    for name, partner in context.study.partners.items():
        if not isinstance(partner, PersonPartner) or not any(visible_under(partner.past_transcript_visible).values()):
            continue
        path: Path = ("partners", name, "past_transcript_visible")
        met = {group: plan for group, plan in context.study.groups.items() if plan.partners.human == name}
        passing = sorted(group for group, plan in met.items() if plan.lasts is None and plan.humans > 1)
        if passing:
            what = f'people of the group "{passing[0]}" meet others each time: there is nothing of each other to read.'
            context.say("E872", path, what, "Let the group last (lasts: …), or write false.")
        elif sum(_talks_of(context, group) for group, plan in met.items() if plan.lasts is not None) < 2:
            what = "two people are to read their earlier conversations, and no pair that lasts has two of them."
            context.say("E872", path, what, "Plan a second one in a group that lasts, or write false.")


def _talks_of(context: Context, group: str) -> int:
    """How many conversations the people of a group have at most, over all visits."""
    found = 0
    for path, stage in context.stages("game"):
        if isinstance(stage, GameStage) and group_of(context.study, stage.id) == group:
            found += talks_in(context, stage) * context.study.waves[int(path[1])].repeat
    return found


CHECKS = [
    levels_are_covered, levels_hold_in_talks, there_is_something_to_read, they_tell_nobody_apart, people_meet_again,
]  # fmt: skip
