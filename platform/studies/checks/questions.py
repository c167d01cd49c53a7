"""Files of items: shape, slots, and right answers that can be given."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from paradigm import FieldError
from studies import items, yaml_file
from studies.checks.context import Context, meant, needs
from studies.checks.scales import resolved_scales
from studies.checks.schema import shape_problems
from studies.checks.texts import known_names
from studies.problems import Problem, StudyError
from studies.schema_allocation import Allocation
from studies.schema_items import AnyItem, ChoiceItem, ItemFile
from studies.schema_stages import QuizStage, SurveyStage
from studies.schema_when import ConditionalStage
from studies.yaml_file import Document, Path


@needs("waves", "exits", "payments", "groups")
def items_are_sound(context: Context) -> None:
    """E4xx and E603 in the items of quizzes and surveys."""
    for path, stage in context.stages("quiz", "survey"):
        assert isinstance(stage, QuizStage | SurveyStage)
        if stage.items is not None:
            _file(context, path, stage, stage.items)


def _file(context: Context, path: Path, stage: QuizStage | SurveyStage, file: str) -> None:
    text = context.read(file, (*path, "items"))
    if text is None:
        return
    document, found = _parsed(context, file, text)
    for at, item in enumerate(found):
        _item(context, _Place(file, document, at), item, is_quiz=stage.kind == "quiz")
        _wordings(context, _Place(file, document, at), item, stage.id)
        if (names := known_names(context)) is not None:
            _resolved(context, _Place(file, document, at), item, names)
    _ids_once(context, file, document, found)


@needs("waves", "allocation")
def strata_asked_before(context: Context) -> None:
    """E205: a stratum or covariate is a choice item that has been answered when allocation happens."""
    is_list = isinstance(context.study.allocation, list)
    for number, rule in enumerate(context.study.allocations):
        path: Path = ("allocation", number) if is_list else ("allocation",)
        _asked_before(context, path, rule)


def _asked_before(context: Context, path: Path, rule: Allocation) -> None:
    when = rule.at if isinstance(rule.at, str) else "entry"
    asked = {item for _, item in _choices_before(context, when)}
    named = [("strata", at, name) for at, name in enumerate(rule.strata)]
    named += [("covariates", at, name) for at, name in enumerate(rule.covariates)]
    for key, at, name in named:
        if rule.unit != "participant":
            who = "groups have none" if rule.unit == "group" else f"unit {rule.unit} has none"
            context.say(
                "E205", (*path, key, at), f'"{name}" is an answer of one person; {who}.', "Use unit: participant."
            )
        elif name not in asked:
            what = f'no choice item "{name}" is asked before allocation happens (at: {when}).'
            context.say("E205", (*path, key, at), what, "Move its stage earlier, or set at: to the stage that asks it.")


def resolved_items(context: Context, stage: QuizStage | SurveyStage, path: Path) -> list[items.Item]:
    """The items of a stage as a page would show them; those with something wrong are left out, and told elsewhere."""
    names, found = known_names(context), list[items.Item]()
    if names is None:
        return found
    for item in _said(context, stage, path):
        with suppress(StudyError):
            found.append(items.resolve(item, names))
    return [*found, *resolved_scales(context, stage, names)]


def _said(context: Context, stage: QuizStage | SurveyStage, path: Path) -> list[AnyItem]:
    """What the stage's own file asks; nothing where there is none, or where it cannot be read."""
    text = context.read(stage.items, (*path, "items")) if stage.items else None
    return _parsed(context, stage.items, text)[1] if stage.items and text is not None else []


def _choices_before(context: Context, at: str) -> Iterator[tuple[int, str]]:
    """Choice items of the stages up to the one after which people are allocated."""
    stages = list(context.stages())
    last = next((number for number, (_, stage) in enumerate(stages) if stage.id == at), -1)
    for number, (path, stage) in enumerate(stages[: last + 1]):
        if isinstance(stage, ConditionalStage) and stage.when:
            continue  # not everybody is asked
        if isinstance(stage, QuizStage | SurveyStage):
            yield from ((number, item.id) for item in _said(context, stage, path) if isinstance(item, ChoiceItem))


class _Place:
    """Where an item stands, for messages."""

    def __init__(self, file: str, document: Document, at: int) -> None:
        self.file, self.document, self.at = file, document, at

    def say(self, context: Context, code: str, key: str, what: str, remedy: str) -> None:
        path: Path = (self.at, key) if key else (self.at,)
        line = self.document.lines.get(path) or self.document.lines.get((self.at,))
        where = f"{self.file}: {yaml_file.spell(path, self.document.data)}"
        context.say_of_file(code, where, line, what, remedy)


def _parsed(context: Context, file: str, text: str) -> tuple[Document, list[AnyItem]]:
    document = yaml_file.parse(text, name=file, prefix=f"{file}: ")
    _add(context, document.problems)
    if document.data is None:
        return document, []
    try:
        return document, list(ItemFile.model_validate(document.data).root)
    except ValidationError as error:
        found = shape_problems(error, at=(), document=document, model=list[AnyItem])
        told = {problem.path for problem in document.problems}
        placed = [Problem(f"{file}: {each.path}", each.code, each.what, each.remedy, each.line) for each in found]
        _add(context, [each for each in placed if each.path not in told])
        return document, []


def _add(context: Context, problems: list[Problem]) -> None:
    context.problems += [problem for problem in problems if problem not in context.problems]


def _item(context: Context, place: _Place, item: AnyItem, *, is_quiz: bool) -> None:
    if is_quiz and item.correct is None:
        place.say(context, "E414", "", "a quiz item needs a right answer.", "Add correct.")
    if not is_quiz and item.correct is not None and not item.attention:
        remedy = "Remove it, add attention: true, or use a quiz stage."
        place.say(context, "E414", "correct", "a survey item has no right answer.", remedy)
    if item.attention and (is_quiz or item.correct is None or not item.required):
        what = "an attention item stands in a survey, must be answered, and has a right answer."
        place.say(context, "E414", "attention", what, "Add correct, or remove attention.")
    if is_quiz and not item.required:
        place.say(context, "E414", "required", "a quiz item must be answered.", "Remove required: false.")
    if isinstance(item, ChoiceItem):
        values = [option.value for option in item.options]
        if len(set(values)) < len(values):
            place.say(context, "E408", "options", "a value stands twice.", "Give each its own.")


def _wordings(context: Context, place: _Place, item: AnyItem, stage: str) -> None:
    """E201, E202, E204: the wording follows a factor that is given to the items of this survey."""
    if item.by is None:
        if item.wordings:
            place.say(context, "E202", "wordings", "stand without `by`.", "Name the factor: by: ….")
        return
    if not {"factors", "allocation"} <= context.sections:
        return
    if item.by not in context.study.factors:
        remedy = meant(item.by, context.study.factors)
        place.say(context, "E201", "by", f'factor "{item.by}" does not exist.', remedy)
        return
    levels = context.study.factors[item.by].levels
    for level in [level for level in levels if level not in item.wordings]:
        place.say(context, "E202", "wordings", f'no wording for level "{level}".', "Add one.")
    for level in [level for level in item.wordings if level not in levels]:
        place.say(context, "E202", "wordings", f'there is no level "{level}".', meant(level, levels))
    here = [rule for rule in context.study.allocations if rule.unit == "item" and rule.at == stage]
    if not any(item.by in (rule.factors or context.study.conditions.cross) for rule in here):
        what = f'"{item.by}" is not given to the items of "{stage}".'
        place.say(context, "E204", "by", what, f"Allocate it: {{unit: item, at: {stage}, …}}.")


def _resolved(context: Context, place: _Place, item: AnyItem, names: Mapping[str, Any]) -> None:
    """Work the item out as a page would, and give its right answer."""
    try:
        found = items.resolve(item, names)
    except StudyError as error:
        place.say(context, "E603", "", f"{error}.", "Use names, numbers, + - * / and comparisons.")
        return
    low, high = getattr(found.field, "low", 0), getattr(found.field, "high", 1)
    if low >= high:
        place.say(context, "E415", "high", f"from {low} to {high} leaves nothing to choose.", "Mend the bounds.")
    elif found.correct is not None:
        try:
            found.field.clean(found.correct)
        except FieldError:
            values = [option.value for option in item.options] if isinstance(item, ChoiceItem) else []
            remedy = meant(str(found.correct), values) if values else f"Choose from {low} to {high}."
            place.say(context, "E415", "correct", f"{found.correct!r} cannot be answered.", remedy)


def _ids_once(context: Context, file: str, document: Document, found: list[AnyItem]) -> None:
    seen: set[str] = set()
    for at, item in enumerate(found):
        if item.id in seen:
            _Place(file, document, at).say(context, "E408", "id", f'"{item.id}" stands twice.', "Give it another id.")
        seen.add(item.id)


CHECKS = [items_are_sound, strata_asked_before]
