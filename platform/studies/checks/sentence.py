"""What people are told about the mixture of people and AI: the words are named, and they stand where they are read."""

import re
from collections.abc import Iterator

from studies.checks import quiet_words
from studies.checks.context import Context, needs
from studies.checks.stages import needs_nobody
from studies.checks.texts import Known, known_names, slot_problems
from studies.schema_stages import BriefingStage, ConsentStage, InstructionsStage
from studies.schema_when import ConditionalStage
from studies.yaml_file import Path

PATH: Path = ("told", "sentence")
_MARKS = re.compile(r"[*_`>#]+")


@needs("told", "waves", "groups")
def sentence_is_read(context: Context) -> None:
    """E416, W417, W701, E603: the sentence stands on a page that everybody reads before the game."""
    sentence, told = context.study.told.sentence, context.study.told
    if needs_nobody(context):
        return
    if not sentence:
        if told.ai_may_be_present or any(plan.may_have_ai for plan in context.study.groups.values()):
            what = "the words by which participants are told of AI are not named."
            context.say("W417", PATH, what, "Write the sentence as it stands on one of their pages.")
        return
    if not any(_words(sentence) in page for page in _read_by_all(context)):
        what = "stands on no page of consent or instructions, nor on every page of a briefing."
        context.say("E416", PATH, what, "Write it there, word for word, or mend it here.")
    if said := quiet_words.giving_away(context, sentence):
        context.say("W701", PATH, said, quiet_words.REMEDY)
    names = known_names(context)
    for _, what, remedy in slot_problems(sentence, None if names is None else Known(names)):
        context.say("E603", PATH, what, remedy)


def _read_by_all(context: Context) -> Iterator[str]:
    """Pages that everybody reads; of a briefing what all its pages share is only found where each of them has it."""
    for path, stage in context.stages():
        if isinstance(stage, ConditionalStage) and stage.when:
            continue  # not everybody comes to it
        if isinstance(stage, ConsentStage):
            yield _words(context.read(stage.document, (*path, "document")) or "")
        elif isinstance(stage, InstructionsStage):
            for at, file in enumerate(stage.pages):
                yield _words(context.read(file, (*path, "pages", at)) or "")
        elif isinstance(stage, BriefingStage):
            yield from _shared(context, path, stage)


def _shared(context: Context, path: Path, stage: BriefingStage) -> Iterator[str]:
    """The first page of a briefing, if each of the others has the sentence too."""
    sentence = _words(context.study.told.sentence)
    pages = [_words(context.read(file, (*path, "pages", level)) or "") for level, file in stage.pages.items()]
    if pages and all(sentence in page for page in pages):
        yield pages[0]


def _words(text: str) -> str:
    """A text without marks of emphasis and ends of lines, as it is read."""
    return " ".join(_MARKS.sub("", text).split())


CHECKS = [sentence_is_read]
