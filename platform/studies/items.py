"""Survey and quiz items as fields of the language, worked out from the study's numbers."""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from paradigm import Belief, Choice, Circles, Field, Option, Points, Rating, Text
from studies import definition, grammar, yaml_file
from studies.markdown import fill
from studies.models import Version
from studies.problems import StudyError
from studies.schema_items import AnyItem, ChoiceItem, CirclesItem, ItemFile, PointsItem, RatingItem, placeholder
from studies.schema_stages import BriefingStage


@dataclasses.dataclass(frozen=True)
class Item:
    """One question. `correct` and `explain` stay on the server: pages are built from `field` alone.

    Args:
        field: What is asked; every bound is a number and every slot is filled.
        correct: The right value, None where there is none.
        explain: What to say after a wrong answer.
        by: The factor whose level decides the wording, "" for none; `wordings`: level → question.
        level: The level that has decided it; "" for the usual wording.
        scale: The scale that it belongs to, "" for none; `own_name`: its name in that scale's file. The page knows
            neither: the name of `field` tells only in which place of the stage it stands.
    """

    field: Field
    correct: int | str | None = dataclasses.field(default=None, repr=False)
    explain: str = ""
    by: str = ""
    wordings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    level: str = ""
    scale: str = ""
    own_name: str = ""

    def under(self, levels: Mapping[str, str]) -> "Item":
        """The question as it is worded at a level of `by`; unchanged where the item has none."""
        level = levels.get(self.by, "")
        if level not in self.wordings:
            return self
        field = dataclasses.replace(self.field, label=self.wordings[level])
        return dataclasses.replace(self, field=field, level=level)

    @property
    def id(self) -> str:
        """The name in the dataset, and in forms where it belongs to no scale."""
        return f"{self.scale}.{self.own_name}" if self.scale else self.field.name

    def is_correct(self, value: Any) -> bool | None:
        """Whether a cleaned value is right; None where nothing is, and of what was left unanswered."""
        return None if self.correct is None or value is None else value == self.correct


def items(version: Version, path: str, slots: Mapping[str, object]) -> list[Item]:
    """The items of a frozen file, in the file's order.

    Args:
        slots: The names and values of `studies.slots.slots`.

    Raises:
        StudyError: "file_unknown"; after a successful check, nothing else.
    """
    return [resolve(said, slots) for said in parse(definition.text(version, path))]


def briefing_items(stage: BriefingStage, levels: Mapping[str, str], slots: Mapping[str, object]) -> list[Item]:
    """The checks of a condition page, with the answer that is right at a group's level."""
    level = levels.get(stage.by, "") if stage.by else "all"
    return [
        Item(
            field=Choice(
                name=check.id,
                label=fill(check.label, slots),
                options=tuple(Option(one.value, fill(one.label, slots)) for one in check.options),
            ),
            correct=check.correct.get(level),
        )
        for check in stage.check
    ]


@lru_cache(maxsize=256)
def parse(text: str) -> Sequence[AnyItem]:
    """The items that a file declares.

    Raises:
        StudyError: "items", when the text is not a list of items; `studies.check` says what is wrong with it.
    """
    document = yaml_file.parse(text, name="items")
    if document.problems:
        raise StudyError("items", str(document.problems[0]), problems=document.problems)
    try:
        return ItemFile.model_validate(document.data).root
    except ValueError as error:
        raise StudyError("items", f"not a list of items: {error}") from error


def resolve(said: AnyItem, slots: Mapping[str, object]) -> Item:
    """One item with every slot filled.

    Raises:
        StudyError: the codes of `studies.grammar`; "slot_not_a_number" where a bound is no whole number.
    """
    return Item(
        field=_field(said, slots),
        correct=_correct(said, slots),
        explain=fill(said.explain, slots),
        by=said.by or "",
        wordings={level: fill(words, slots) for level, words in said.wordings.items()},
    )


def _field(said: AnyItem, slots: Mapping[str, object]) -> Field:
    belief = Belief(said.belief.what, said.belief.when, said.belief.incentive) if said.belief else None
    shared: dict[str, Any] = {
        "name": said.id,
        "label": fill(said.label, slots),
        "required": said.required,
        "belief": belief,
    }
    if isinstance(said, ChoiceItem):
        return Choice(**shared, options=tuple(Option(one.value, fill(one.label, slots)) for one in said.options))
    if isinstance(said, PointsItem):
        return Points(**shared, low=_number(said.low, slots), high=_number(said.high, slots), unit=said.unit)
    if isinstance(said, RatingItem):
        return Rating(
            **shared,
            low=_number(said.low, slots),
            high=_number(said.high, slots),
            low_label=fill(said.low_label, slots),
            high_label=fill(said.high_label, slots),
        )
    if isinstance(said, CirclesItem):
        return Circles(**shared, other=fill(said.other, slots))
    return Text(**shared, max_chars=said.max_chars, long=said.long)


def _correct(said: AnyItem, slots: Mapping[str, object]) -> int | str | None:
    if said.correct is None or not isinstance(said.correct, str):
        return said.correct
    if isinstance(said, ChoiceItem):
        return str(_value(said.correct, slots)) if placeholder(said.correct) else said.correct
    return _number(said.correct, slots)


def _number(raw: int | str, slots: Mapping[str, object]) -> int:
    value = raw if isinstance(raw, int) else _value(raw, slots)
    if isinstance(value, bool) or not isinstance(value, int):
        raise StudyError("slot_not_a_number", f'"{raw}" is {value!r}; a whole number is needed here')
    return value


def _value(raw: str, slots: Mapping[str, object]) -> Any:
    if not placeholder(raw):
        raise StudyError("expression", f'"{raw}" is no number; write a number or an expression in braces')
    return grammar.parse(raw.strip()[2:-2]).value(slots)
