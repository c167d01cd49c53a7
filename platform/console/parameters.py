"""The form of an experiment's parameters, made from their declaration, and what other numbers would change."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from django import forms
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from exports.codebook import bounds_of, game_rows
from exports.columns import Row
from paradigm import Parameters
from studies import definition
from studies.items import Item, items
from studies.markdown import plain, render_page
from studies.models import Version
from studies.schema_stages import GameStage, InstructionsStage, QuizStage
from studies.slots import parameter_slots, slots

REASON = "reason"


@dataclass(frozen=True)
class Changed:
    """One number before and after."""

    name: str
    label: str
    unit: str
    old: str
    new: str


@dataclass(frozen=True)
class Sheet:
    """One page of the instructions as it reads with some numbers, and whether that differs from now."""

    path: str
    title: str
    html: str
    is_changed: bool


@dataclass(frozen=True)
class Consequences:
    """What follows from other numbers: derived numbers, pages, quiz answers, rows of the codebook."""

    changes: Sequence[Changed]
    pages: Sequence[Sheet]
    quiz: Sequence[Item]
    codebook: Sequence[Row]


class ParameterForm(forms.Form):
    """One field for each parameter, and why it is changed. `cleaned_data["parameters"]` is the validated whole.

    Args:
        now: The parameters as they are; at the first of its levels, where a factor decides one.
        decided: Names of those that a factor decides: they are changed in the study file alone.
    """

    def __init__(
        self, now: Parameters, data: Mapping[str, Any] | None = None, *, decided: Collection[str] = ()
    ) -> None:
        super().__init__(data)
        self.now = now
        self.own = {name: one for name, one in type(now).model_fields.items() if name not in decided}
        for name, declared in self.own.items():
            self.fields[name] = _field(name, declared, getattr(now, name))
        self.fields[REASON] = forms.CharField(
            label="Why this is changed", max_length=300, required=False, widget=forms.TextInput(attrs={"size": 60})
        )

    def clean(self) -> dict[str, Any]:
        """Let the experiment's own declaration have the last word on every number."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        values = self.now.model_dump() | {name: cleaned[name] for name in self.own}
        try:
            cleaned["parameters"] = type(self.now).model_validate(values)
        except ValidationError as error:
            for one in error.errors():
                name = str(one["loc"][0]) if one["loc"] else None
                self.add_error(name if name in self.fields else None, one["msg"])
        return cleaned

    def rows(self) -> list[dict[str, Any]]:
        """The parameters' fields with what a reader must know of each."""
        found = []
        for name, declared in self.own.items():
            extra: Any = declared.json_schema_extra or {}
            found.append(
                {
                    "field": self[name],
                    "name": name,
                    "unit": extra.get("unit", ""),
                    "source": extra.get("source", ""),
                    "allowed": bounds_of(declared.metadata),
                    "default": plain(declared.default),
                }
            )
        return found


def _field(name: str, declared: FieldInfo, now: Any) -> forms.Field:
    shared: dict[str, Any] = {"label": declared.title or name, "initial": now}
    kind = declared.annotation
    if get_origin(kind) is Literal:
        known = {str(one): one for one in get_args(kind)}
        return forms.TypedChoiceField(choices=[(one, one) for one in known], coerce=known.__getitem__, **shared)
    if kind is bool:
        return forms.BooleanField(required=False, **shared)
    limits = _limits(declared)
    if kind is int:
        return forms.IntegerField(**limits, **shared)
    if kind is float:
        return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any"}), **limits, **shared)
    return forms.CharField(max_length=500, **shared)


def _limits(declared: FieldInfo) -> dict[str, Any]:
    found = {}
    for bound in declared.metadata:
        if hasattr(bound, "ge"):
            found["min_value"] = bound.ge
        if hasattr(bound, "le"):
            found["max_value"] = bound.le
    return found


def games(version: Version) -> list[GameStage]:
    """The stages whose parameters can be set."""
    return [stage for stage in definition.definition(version).stages if isinstance(stage, GameStage)]


def consequences(version: Version, stage: GameStage, new: Parameters) -> Consequences:
    """What would be shown, asked and written with other parameters."""
    old = definition.first_parameters(definition.definition(version), stage)
    before = slots(version, stage.id)
    after = before | parameter_slots(new.slots())
    return Consequences(
        changes=_changes(old, new),
        pages=_pages(version, before, after),
        quiz=_quiz(version, after),
        codebook=_codebook(version, stage, old, new),
    )


def _changes(old: Parameters, new: Parameters) -> list[Changed]:
    before, after, found = old.slots(), new.slots(), []
    for name, value in after.items():
        if before[name] == value:
            continue
        declared = type(new).model_fields.get(name)
        extra: Any = (declared.json_schema_extra if declared else None) or {}
        label = (declared.title if declared else "") or f"{name} (follows from the others)"
        found.append(Changed(name, label, extra.get("unit", ""), plain(before[name]), plain(value)))
    return found


def _pages(version: Version, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Sheet]:
    stages = [one for one in definition.definition(version).stages if isinstance(one, InstructionsStage)]
    found = []
    for path in (path for stage in stages for path in stage.pages):
        text = definition.text(version, path)
        old, new = (render_page(text, {**each, "calculator": ""}) for each in (before, after))
        found.append(Sheet(path, new.title, new.html, old != new))
    changed = [sheet for sheet in found if sheet.is_changed]
    return changed or found[:1]


def _quiz(version: Version, after: Mapping[str, Any]) -> list[Item]:
    stages = [one for one in definition.definition(version).stages if isinstance(one, QuizStage)]
    return [item for stage in stages for item in items(version, stage.items, after)]


def _codebook(version: Version, stage: GameStage, old: Parameters, new: Parameters) -> list[Row]:
    before = list(game_rows(version, stage, old))
    return [row for row in game_rows(version, stage, new) if row not in before]
