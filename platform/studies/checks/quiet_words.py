"""Words that would tell a participant what a study is about before it is time: W701 wherever one would be read."""

import re
from collections.abc import Iterator, Sequence

from studies import items
from studies.checks.context import Context, needs
from studies.problems import StudyError
from studies.schema_items import AnyItem, ChoiceItem, RatingItem
from studies.schema_partners import Label
from studies.schema_stages import BriefingStage, ConsentStage, QuizStage, StageConfig, SurveyStage
from studies.yaml_file import Path

_GIVING_AWAY = re.compile(r"\b(trust\w*|bots?|hidden|conditions?|rapport)\b", re.IGNORECASE)
REMEDY = "Use a neutral word."


def giving_away(text: str) -> str:
    """What is wrong with a text; empty where it keeps quiet."""
    found = _GIVING_AWAY.search(text)
    return f'participants would read "{found[0]}".' if found else ""


@needs("public_title")
def title_keeps_quiet(context: Context) -> None:
    """W701: the public title gives nothing away."""
    _say(context, ("public_title",), context.study.public_title)


@needs("waves", "partners")
def labels_keep_quiet(context: Context) -> None:
    """W701: boxes, checks and what partners are called."""
    for path, stage in context.stages():
        for where, label in labels_of(stage):
            _say(context, (*path, *where), label)
    for name, partner in context.study.partners.items():
        for text in _shown(partner.label):
            _say(context, ("partners", name, "label"), text)


@needs("waves")
def items_keep_quiet(context: Context) -> None:
    """W701: questions that come before a game. Afterwards a scale may name what it measures."""
    stages = list(context.stages())
    last = max((at for at, (_, stage) in enumerate(stages) if stage.kind == "game"), default=-1)
    for path, stage in stages[: last + 1]:
        if isinstance(stage, QuizStage | SurveyStage):
            for item in _items(context, path, stage):
                for what in filter(None, map(giving_away, _read_in(item))):
                    context.say_of_file("W701", f"{stage.items}: {item.id}", None, what, REMEDY)


def labels_of(stage: StageConfig) -> Iterator[tuple[Path, str]]:
    """Words of a stage that stand in the study file itself."""
    if isinstance(stage, ConsentStage):
        yield from ((("ticks", at, "label"), tick.label) for at, tick in enumerate(stage.ticks))
    elif isinstance(stage, BriefingStage):
        for at, check in enumerate(stage.check):
            yield ("check", at, "label"), check.label
            yield from ((("check", at, "options", n, "label"), each.label) for n, each in enumerate(check.options))


def _items(context: Context, path: Path, stage: QuizStage | SurveyStage) -> Sequence[AnyItem]:
    """None where something is wrong with them: the checks of items say so."""
    text = context.read(stage.items, (*path, "items"))
    try:
        return items.parse(text) if text is not None else ()
    except StudyError:
        return ()


def _shown(label: Label) -> list[str]:
    return [*label.values.values(), *([label.all] if label.all else [])]


def _read_in(item: AnyItem) -> Iterator[str]:
    yield item.label
    yield from item.wordings.values()
    yield item.explain
    if isinstance(item, ChoiceItem):
        yield from (option.label for option in item.options)
    if isinstance(item, RatingItem):
        yield from (item.low_label, item.high_label)


def _say(context: Context, path: Path, text: str) -> None:
    if what := giving_away(text):
        context.say("W701", path, what, REMEDY)


CHECKS = [title_keeps_quiet, labels_keep_quiet, items_keep_quiet]
