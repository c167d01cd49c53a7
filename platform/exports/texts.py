"""The words of a version's pages, in one file: with the rows of `exposures` and `pages` it makes every screen again.

Words are plain, as somebody reads them, and their slots are left as they are: `{{ expression }}`. A row's `slots` has
the value of each.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bots.forecast import prompt_files
from exports.declared import Declared
from flow.circles import who_is_who
from flow.kinds import VOID_PATH
from flow.step_page import at_zero
from paradigm import Choice, Circles, Decision, Field, Parameters, Points, Rating, Text
from paradigm.program import leaves
from studies import definition, grammar
from studies.asked import asked_at
from studies.items import Item, briefing_items
from studies.markdown import fill, plain, slot_expressions, unfilled
from studies.models import Version, condition_of
from studies.problems import StudyError
from studies.scales import scale_of
from studies.schema_partners import AutomatedPartner
from studies.schema_stages import BriefingStage, ConsentStage, GameStage, QuizStage, StageConfig, SurveyStage
from studies.slots import CALCULATOR, slots

FORMAT = "rapport-texts/1"


def texts_of(version: Version) -> dict[str, Any]:
    """All words of a version's pages, in its language, and its scales as they were frozen."""
    said = definition.definition(version)
    with translation.override(said.language):
        return {
            "format": FORMAT,
            "version": version.number,
            "language": said.language,
            "interface": _interface(),
            "files": dict(_files(version)),
            "stages": {stage.id: {"kind": stage.kind, **_stage(version, stage)} for stage in said.stages},
            "scales": {name: scale_of(version, name).model_dump(mode="json", by_alias=True) for name in said.scales},
        }


def slots_shown(version: Version, path: str, names: Mapping[str, object]) -> dict[str, str]:
    """What a text's slots were filled with: expression → words. Nothing where the version has no such text."""
    filled = {expression: plain(node.value(names)) for expression, node in _expressions(version.pk, path)}
    return {expression: "" if words == CALCULATOR else words for expression, words in filled.items()}


@lru_cache(maxsize=1024)
def _expressions(version_id: int, path: str) -> list[tuple[str, grammar.Expression]]:
    try:
        text = definition.text(definition.version_of(version_id), path)
    except StudyError:
        return []
    return [(one.strip(), grammar.parse(one)) for _line, one in slot_expressions(text)]


def _files(version: Version) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page in Markdown; not the prompts of models, which no person is shown."""
    said = definition.definition(version)
    automated = [one for one in said.partners.values() if isinstance(one, AutomatedPartner)]
    prompts = set(prompt_files(said))
    prompts |= {writer.prompt for partner in automated for writer in partner.note_takers}
    for path in sorted(version.definition[definition.FROZEN]["files"]):
        if path.endswith(".md") and path not in prompts:
            text = unfilled(definition.text(version, path))
            yield path, {"title": text.title, "words": str(text.html)}


def _interface() -> dict[str, str]:
    """The platform's own words on these pages. Names in single braces are numbers of a question."""
    return {
        "you": _("You"),
        "own_card": _("(you)"),
        "optional": _("(you may leave this empty)"),
        "range": _("%(low)s to %(high)s") % {"low": "{low}", "high": "{high}"},
        "at_most_one": ngettext("At most %(max)s character", "At most %(max)s characters", 1) % {"max": "{max}"},
        "at_most": ngettext("At most %(max)s character", "At most %(max)s characters", 2) % {"max": "{max}"},
        "from_to": _("At least %(min)s and at most %(max)s characters") % {"min": "{min}", "max": "{max}"},
        "circles": who_is_who(Circles("", other="{other}")),
        "goes_on": _("This page goes on by itself."),
        "acted_title": _("Waiting for the other players"),
        "acted_words": _("You cannot change your answer any more. The others are still busy."),
    }


def _stage(version: Version, stage: StageConfig) -> dict[str, Any]:
    names = slots(version, stage.id)
    if isinstance(stage, ConsentStage):
        ticks = {one.id: {"label": fill(one.label, names), "required": one.required} for one in stage.ticks}
        return {"items": {name: {"type": "tick", **tick} for name, tick in ticks.items()}}
    if isinstance(stage, QuizStage | SurveyStage):
        asked = asked_at(version, stage)
        return {"items": {one.field.name: _field(one.field) | _worded(one) for one in asked}}
    if isinstance(stage, BriefingStage):
        return {"items": {one.id: _field(one.field) for one in briefing_items(stage, {}, slots(version))}}
    if isinstance(stage, GameStage):
        found = definition.parameters_by_level(definition.definition(version), stage)
        by_level = {condition_of(dict(levels)): _steps(stage, parameters) for levels, parameters in found}
        return {"pages": stage.pages, "steps": by_level}
    return {}


def _worded(item: Item) -> dict[str, Any]:
    """By level how it is worded; of a scale's item its name in the data, which pages do not have."""
    return {"wordings": dict(item.wordings)} | ({"item": item.id} if item.scale else {})


def _steps(stage: GameStage, parameters: Parameters) -> dict[str, Any]:
    """By step: the button, what is said about the end of the time, and by role the fields."""
    declared = Declared(definition.experiment(stage.experiment), parameters)
    found: dict[str, Any] = {}
    for step in leaves(declared.experiment.steps):
        is_decision = isinstance(step, Decision)
        hint = at_zero(step) or _("When the time is up, this page goes on by itself.")
        button = _("Send") if is_decision else _("Continue")
        found[step.name] = {"button": button, "hint": hint, "acted": is_decision, "fields": {}}
    for name, role, field, _is_each in declared.every_field():
        found[name]["fields"].setdefault(role, {})[field.name] = _field(field)
    void = {"button": _("Continue"), "hint": _("When the time is up, this page goes on by itself.")}
    return found | {VOID_PATH: void | {"acted": False, "fields": {}}}


def _field(field: Field) -> dict[str, Any]:
    """What a question shows; `{about}` in a label is the partner it is about."""
    found: dict[str, Any] = {
        "type": field.kind,
        "label": _(field.label) if field.label else "",
        "required": field.required,
    }
    if isinstance(field, Points):
        found |= {"low": int(field.low), "high": int(field.high)}
    if isinstance(field, Rating):
        found |= {"low_label": field.low_label, "high_label": field.high_label}
        found |= {"labels": [list(one) for one in field.labels]} if field.labels else {}
    if isinstance(field, Circles):
        found["other"] = field.other
    if isinstance(field, Choice) and not callable(field.options):
        found["options"] = [[option.value, option.label] for option in field.offered]
    if isinstance(field, Text):
        found["max_chars"] = int(field.max_chars)
        found |= {"min_chars": int(field.min_chars)} if field.min_chars else {}
    return found
