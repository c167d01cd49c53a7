"""How many of the others are people: pages tell it only where the study file says that it is told."""

from studies.checks.context import Context, needs
from studies.grammar import parse
from studies.markdown import slot_expressions
from studies.problems import StudyError
from studies.schema_stages import DebriefStage

TELLING = {"needed", "group_people", "group_ai"}


@needs("told", "groups", "waves")
def share_is_told_as_declared(context: Context) -> None:
    """W452: no page but the debrief names a number of people or programs unless `told.share` is exact."""
    share = context.study.told.share
    if share == "exact" or not any(plan.automated for plan in context.study.groups.values()):
        return
    explaining = {stage.page for _, stage in context.stages("debrief") if isinstance(stage, DebriefStage)}
    for file, text in context.files.items():
        if file in explaining:
            continue
        for line, said in slot_expressions(text):
            for name in sorted(_names(said) & TELLING):
                what = f"{{{{ {name} }}}} tells how many in a group are people, but told.share is {share}."
                context.say_of_file("W452", file, line, what, "Take it out, or write share: exact.")


def _names(said: str) -> frozenset[str]:
    try:
        return parse(said).names
    except StudyError:  # said by the check of texts
        return frozenset()


LAST = [share_is_told_as_declared]
