"""Files of items: shape, slots, and right answers that can be given."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from paradigm import FieldError
from studies import items, yaml_file
from studies.checks.context import Context, meant, needs
from studies.checks.schema import shape_problems
from studies.checks.texts import known_names
from studies.problems import Problem, StudyError
from studies.schema_items import AnyItem, ChoiceItem, ItemFile
from studies.schema_stages import QuizStage, SurveyStage
from studies.yaml_file import Document, Path


@needs("waves", "exits", "payments", "groups")
def items_are_sound(context: Context) -> None:
    """E4xx and E603 in the items of quizzes and surveys."""
    for path, stage in context.stages("quiz", "survey"):
        assert isinstance(stage, QuizStage | SurveyStage)
        text = context.read(stage.items, (*path, "items"))
        if text is None:
            continue
        document, found = _parsed(context, stage.items, text)
        for at, item in enumerate(found):
            _item(context, _Place(stage.items, document, at), item, is_quiz=stage.kind == "quiz")
            if (names := known_names(context)) is not None:
                _resolved(context, _Place(stage.items, document, at), item, names)
        _ids_once(context, stage.items, document, found)


@needs("waves", "allocation")
def strata_asked_before(context: Context) -> None:
    """E205: a stratum is a choice item that has been answered when allocation happens."""
    allocation = context.study.allocation
    asked = {item: at for at, item in _choices_before(context, allocation.at)}
    for at, name in enumerate(allocation.strata):
        path: Path = ("allocation", "strata", at)
        if allocation.unit == "group":
            context.say(
                "E205", path, f'"{name}" is an answer of one person; groups have none.', "Use unit: participant."
            )
        elif name not in asked:
            what = f'no choice item "{name}" is asked before allocation happens (at: {allocation.at}).'
            context.say("E205", path, what, "Move its stage earlier, or set at: to the stage that asks it.")


def resolved_items(context: Context, stage: QuizStage | SurveyStage, path: Path) -> list[items.Item]:
    """The items of a stage as a page would show them; those with something wrong are left out, and told elsewhere."""
    text, names = context.read(stage.items, (*path, "items")), known_names(context)
    found: list[items.Item] = []
    for item in _parsed(context, stage.items, text)[1] if text is not None and names is not None else []:
        with suppress(StudyError):
            found.append(items.resolve(item, names or {}))
    return found


def _choices_before(context: Context, at: str) -> Iterator[tuple[int, str]]:
    """Choice items of the stages up to the one after which people are allocated."""
    stages = list(context.stages())
    last = next((number for number, (_, stage) in enumerate(stages) if stage.id == at), -1)
    for number, (path, stage) in enumerate(stages[: last + 1]):
        if isinstance(stage, QuizStage | SurveyStage) and (text := context.read(stage.items, (*path, "items"))):
            yield from (
                (number, item.id) for item in _parsed(context, stage.items, text)[1] if isinstance(item, ChoiceItem)
            )


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
