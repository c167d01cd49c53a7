"""What tells a condition while conditions are masked: that somebody is in, or left at, a stage that only some have."""

from studies.checks.context import Context, needs
from studies.checks.references import REQUIRED_EXITS, exits_used
from studies.masking.stages import is_for_some, seen_in


@needs("waves", "allocation")
def nobody_is_seen_apart(context: Context) -> None:
    """W456: a stage for some only has a neighbour with which it can share a name."""
    seen = seen_in(context.study)
    for path, stage in context.stages():
        if stage.id in seen:
            what = f'while data come in it is seen who is in "{stage.id}", and so which letter stands for its levels.'
            remedy = "Put a page to read, a survey or a quiz for everybody behind it, or before it."
            context.say("W456", (*path, "when"), what, remedy)


@needs("waves", "exits")
def exits_are_shared(context: Context) -> None:
    """W457: nobody leaves by an exit to which only stages for some lead."""
    some = {path for path, stage in context.stages() if is_for_some(stage)}
    used = list(exits_used(context))
    shared = {*REQUIRED_EXITS, *(name for path, name in used if path[:-2] not in some)}
    for path, name in used:
        if name not in shared:
            what = f'only a stage for some leads to "{name}": while data come in it tells which letter they have.'
            context.say("W457", path, what, "Name an exit to which a stage for everybody leads, too.")


CHECKS = [nobody_is_seen_apart, exits_are_shared]
