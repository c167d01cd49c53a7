"""Words that would tell a participant what a study is about before it is time: W701 wherever one would be read.

Names count, too: those of items, boxes, answers and fields stand in the source of the pages.
"""

import re
from collections.abc import Iterator, Sequence

from paradigm import Choice, Decision, Each, Experiment, Field, Rating
from paradigm.program import leaves
from studies import items
from studies.checks.context import Context, needs
from studies.checks.games import found_experiment
from studies.problems import StudyError
from studies.schema_items import AnyItem, ChoiceItem, CirclesItem, RatingItem
from studies.schema_partners import AutomatedPartner
from studies.schema_stages import BriefingStage, ConsentStage, GameStage, QuizStage, StageConfig, SurveyStage
from studies.yaml_file import Path

_WORDS = r"(?:dis|mis|un|en)?trust\w*|(?:chat-?|ro)?bots?|hidden|conditions?|rapport"
_GIVING_AWAY = {
    "en": re.compile(rf"\b({_WORDS})\b", re.IGNORECASE),
    "de": re.compile(rf"\b({_WORDS}|(?:miss)?trau(?:e[nt]?|st)|ver(?:borgen|steckt|trauen)\w*|bedingung\w*)\b", re.I),
}
"""By language of the pages; the English words are looked for in every language."""
REMEDY = "Use a neutral word."
Said = tuple[Path, str]


def giving_away(context: Context, text: str) -> str:
    """What is wrong with a text; empty where it keeps quiet."""
    language = context.study.language[:2] if "language" in context.sections else "en"
    found = _GIVING_AWAY.get(language, _GIVING_AWAY["en"]).search(text)
    if found is None and not (found := _internal(context, text)):
        return ""
    return f'participants would read "{found[0]}".'


@needs("public_title", "contact", "exits")
def names_keep_quiet(context: Context) -> None:
    """W701: what stands around every page, and what is shown at its end."""
    study = context.study
    _say(context, ("public_title",), study.public_title)
    for key in ("name", "email", "ethics_ref"):
        _say(context, ("contact", key), getattr(study.contact, key))
    for name, each in study.exits.items():
        _say(context, ("exits", name, "code"), each.code)


@needs("waves", "partners")
def labels_keep_quiet(context: Context) -> None:
    """W701: boxes, checks, what partners are called, and their names."""
    for path, stage in context.stages():
        for where, label in [*labels_of(stage), *_names_of(stage)]:
            _say(context, (*path, *where), label)
    for name, partner in context.study.partners.items():
        for text in partner.label.words:
            _say(context, ("partners", name, "label"), text)
        identity = partner.identity if isinstance(partner, AutomatedPartner) else None
        for text in identity.display_name.draw_from if identity else ():
            _say(context, ("partners", name, "identity"), text)


@needs("waves")
def items_keep_quiet(context: Context) -> None:
    """W701: questions that come before a game. Afterwards a scale may name what it measures."""
    stages = list(context.stages())
    last = max((at for at, (_, stage) in enumerate(stages) if stage.kind == "game"), default=-1)
    for path, stage in stages[: last + 1]:
        if isinstance(stage, QuizStage | SurveyStage):
            for item in _items(context, path, stage):
                for what in filter(None, (of_text(context, text) for text in _read_in(item))):
                    context.say_of_file("W701", f"{stage.items}: {item.id}", None, what, REMEDY)


@needs("waves")
def games_keep_quiet(context: Context) -> None:
    """W701: what an experiment calls its roles, and what its forms ask."""
    for path, stage in context.stages("game"):
        experiment = found_experiment(stage) if isinstance(stage, GameStage) else None
        for text in _declared(experiment) if experiment else ():
            if what := of_text(context, text):
                remedy = f"Use a neutral word in the experiment {experiment.name}." if experiment else REMEDY
                context.say("W701", (*path, "experiment"), what, remedy)


def labels_of(stage: StageConfig) -> Iterator[Said]:
    """Words of a stage that stand in the study file itself."""
    if isinstance(stage, ConsentStage):
        yield from ((("ticks", at, "label"), tick.label) for at, tick in enumerate(stage.ticks))
    elif isinstance(stage, BriefingStage):
        for at, check in enumerate(stage.check):
            yield ("check", at, "label"), check.label
            yield from ((("check", at, "options", n, "label"), each.label) for n, each in enumerate(check.options))


def _names_of(stage: StageConfig) -> Iterator[Said]:
    """Names of a stage's fields and answers, as the source of its page has them."""
    if isinstance(stage, ConsentStage):
        yield from ((("ticks", at, "id"), tick.id) for at, tick in enumerate(stage.ticks))
    elif isinstance(stage, BriefingStage):
        for at, check in enumerate(stage.check):
            yield ("check", at, "id"), check.id
            yield from ((("check", at, "options", n, "value"), each.value) for n, each in enumerate(check.options))


def _items(context: Context, path: Path, stage: QuizStage | SurveyStage) -> Sequence[AnyItem]:
    """None where something is wrong with them: the checks of items say so."""
    text = context.read(stage.items, (*path, "items")) if stage.items else None
    try:
        return items.parse(text) if text is not None else ()
    except StudyError:
        return ()


def _read_in(item: AnyItem) -> Iterator[str]:
    yield from (item.id, item.label, *item.wordings.values(), item.explain)
    if isinstance(item, ChoiceItem):
        yield from (text for option in item.options for text in (option.value, option.label))
    if isinstance(item, RatingItem):
        yield from (item.low_label, item.high_label)
    if isinstance(item, CirclesItem):
        yield item.other


def _declared(experiment: Experiment) -> Iterator[str]:
    """Words and names of an experiment that a page or its source has; options that a running game gives are its own."""
    yield from (role.title for role in experiment.roles.values())
    decisions = [step for step in leaves(experiment.steps) if isinstance(step, Decision)]
    for each in (each for step in decisions for role in experiment.roles for each in step.fields_of(role)):
        yield from _asked(each.field if isinstance(each, Each) else each)


def _asked(field: Field) -> Iterator[str]:
    yield from (field.name, field.label)
    if isinstance(field, Choice) and not callable(field.options):
        yield from (text for each in field.options for text in (each.value, each.label))
    if isinstance(field, Rating):
        yield from (field.low_label, field.high_label, *(words for _, words in field.labels))


def _internal(context: Context, text: str) -> re.Match[str] | None:
    """The internal title, and names that are no words of any language: of the study, its factors and levels."""
    study, known = context.study, context.sections
    names = [study.title] if {"title", "public_title"} <= known and study.title != study.public_title else []
    factors = study.factors if "factors" in known else {}
    levels = [level for factor in factors.values() for level in factor.levels]
    names += [name for name in (*([study.id] if "id" in known else []), *factors, *levels) if re.search("[-_]", name)]
    pattern = "|".join(map(re.escape, names))
    return re.search(rf"(?<![\w-])({pattern})(?![\w-])", text, re.IGNORECASE) if pattern else None


def of_text(context: Context, text: str) -> str:
    """As `giving_away`, also of a name: `in_trust` has the word, too."""
    return giving_away(context, text) or giving_away(context, text.replace("_", " "))


def _say(context: Context, path: Path, text: str) -> None:
    if what := of_text(context, text):
        context.say("W701", path, what, REMEDY)


CHECKS = [names_keep_quiet, labels_keep_quiet, items_keep_quiet, games_keep_quiet]
