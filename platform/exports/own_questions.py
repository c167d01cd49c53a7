"""Under which words somebody was asked, and their answers in words: for a person's copy of their own data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from exports.declared import split_key
from measures.models import Answer, PageShown
from paradigm import Choice, Decision, Experiment, Field, Rating, Text
from paradigm.fields import plain
from paradigm.program import step_at
from participants.models import Participant
from studies import definition
from studies.asked import asked_at
from studies.items import Item, briefing_items
from studies.schema_practice import PracticeStage
from studies.schema_stages import BriefingStage, QuizStage, SurveyStage
from studies.slots import slots

Offered = Sequence[Sequence[Any]]
"""The options of a choice as a page showed them: value and label."""


class Questions:
    """The questions of one person's version, worded as that person read them."""

    def __init__(self, person: Participant) -> None:
        self.person, self.version = person, person.version
        self._items: dict[str, Mapping[str, Item]] = {}

    def item(self, answer: Answer) -> Field:
        """The item that an answer was given to."""
        found = self._of_stage(answer.stage).get(answer.item)
        if found is None:
            return Text(name="unknown", label="")
        level = self._worded.get((answer.session_id, answer.stage), {}).get(answer.item, "")
        return found.under({found.by: level}).field if level else found.field

    def asked(self, stage: str, path: str, role: str, key: str) -> Field | None:
        """What a role of a game was asked under a key; None where the experiment declares nothing of that name."""
        game = definition.game(self.version, stage)
        return _declared(definition.experiment(game.experiment), path, role, key)

    def practised(self, stage: str, path: str, role: str, key: str) -> Field | None:
        """The same in a practice stage."""
        config = definition.stage_named(self.version, stage)
        return self.asked(config.game, path, role, key) if isinstance(config, PracticeStage) else None

    def _of_stage(self, stage: str) -> Mapping[str, Item]:
        if stage not in self._items:
            self._items[stage] = {item.id: item for item in self._asked_at(stage)}
        return self._items[stage]

    def _asked_at(self, stage: str) -> Sequence[Item]:
        config = definition.stage_named(self.version, stage)
        if isinstance(config, QuizStage | SurveyStage):
            return asked_at(self.version, config)
        return briefing_items(config, {}, slots(self.version)) if isinstance(config, BriefingStage) else []

    @cached_property
    def _worded(self) -> Mapping[tuple[int, str], Mapping[str, str]]:
        """Visit and stage → item → the level by which it was worded."""
        found: dict[tuple[int, str], dict[str, str]] = {}
        for page in PageShown.objects.filter(session__participant=self.person).order_by("pk"):
            found.setdefault((page.session_id, page.stage), {}).update(page.facts.get("worded", {}))
        return found


def in_words(field: Field | None, value: Any, offered: Offered | None = None) -> str:
    """An answer as its page would show it.

    Args:
        offered: The options that the page had, where they were worked out for it.
    """
    if value is None or value == "":
        return _("no answer")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if offered:
        return str({str(one): label for one, label in offered}.get(str(value), value))
    if isinstance(field, Choice) and not callable(field.options):
        return str({option.value: option.label for option in field.offered}.get(value, value))
    if isinstance(field, Rating) and isinstance(value, int):
        ends = [(field.low, field.low_label), (field.high, field.high_label)]
        named: Mapping[Any, str] = dict([*ends, *field.labels])
        return f"{value} ({named[value]})" if named.get(value) else str(value)
    return str(value)


def _declared(experiment: Experiment, path: str, role: str, key: str) -> Field | None:
    try:
        step = step_at(experiment.steps, path)
    except KeyError:
        return None
    name, about = split_key(key)
    fields = [plain(one) for one in step.fields_of(role)] if isinstance(step, Decision) else []
    found = next((field for field in fields if field.name == name), None)
    return None if found is None else replace(found, label=_label(found, about))


def _label(field: Field, about: str) -> str:
    """The label in the study's language, with the letter of whom it is about."""
    label = (_(field.label) if field.label else "").replace("{about}", about)
    return f"{label} ({about})" if about and about not in label.split() and f"{about}?" not in label else label
