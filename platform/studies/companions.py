"""Which studies are companion studies: people may tell an AI, or over several visits each other, what moves them."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.module_loading import import_string

from paradigm import Decision, Experiment, Talk, Text
from paradigm.fields import plain
from paradigm.program import leaves
from studies import registry
from studies.definition import group_of
from studies.models import Study
from studies.problems import StudyError
from studies.schema import StudyFile
from studies.schema_partners import ModelPartner
from studies.schema_stages import GameStage

CHAT = "chat"


def talks_of(study: StudyFile) -> Iterator[tuple[GameStage, Talk]]:
    """Every talk of every game whose experiment can be had."""
    for stage, experiment in _games_of(study):
        yield from ((stage, step) for step in leaves(experiment.steps) if isinstance(step, Talk))


def writes_in_games(study: StudyFile) -> bool:
    """Whether somebody decides in words of their own in a game: these are screened as messages are."""
    return any(_asks_for_words(experiment) for _stage, experiment in _games_of(study))


def _games_of(study: StudyFile) -> Iterator[tuple[GameStage, Experiment]]:
    for stage in study.stages:
        if isinstance(stage, GameStage):
            try:
                yield stage, registry.experiment(stage.experiment)
            except StudyError:
                continue


def _asks_for_words(experiment: Experiment) -> bool:
    decisions = [step for step in leaves(experiment.steps) if isinstance(step, Decision)]
    asked = (plain(one) for step in decisions for role in experiment.roles for one in step.fields_of(role))
    return any(isinstance(field, Text) for field in asked)


def talks_with_model(study: StudyFile) -> bool:
    """Whether people chat with a language model."""
    return any(step.channel.kind == CHAT and _has_model(study, stage) for stage, step in talks_of(study))


def needs_safety(study: StudyFile) -> bool:
    """Whether a study may not be opened without `safety`.

    People chat with a language model in it, or they write freely to each other at several visits.
    """
    visits = sum(wave.repeat for wave in study.waves)
    return talks_with_model(study) or (visits > 1 and any(True for _ in talks_of(study)))


def screens(language: str) -> bool:
    """Whether there are rules by which messages in a language are screened."""
    has_rules: bool = import_string(settings.KINDS["screening"]["has_rules"])(language)
    return has_rules


def refuse_unsafe(study: Study, said: StudyFile) -> None:
    """Whether people may be let into a study. A demonstration and simulated people are in no danger.

    Raises:
        StudyError: "safety_missing", "helplines_unchecked".
    """
    if study.is_demo or study.is_simulated:
        return
    if said.safety is None and needs_safety(said):
        what = "people chat with a language model, or write freely at several visits, and its file has no `safety`"
        raise StudyError("safety_missing", f"{study.slug} cannot be opened: {what}; see docs/safety.md")
    if said.safety is not None and said.safety.helplines is None:
        what = "nobody has called the helplines of its card: do, and say so in `safety.helplines`"
        raise StudyError("helplines_unchecked", f"{study.slug} cannot be opened: {what}")


def _has_model(study: StudyFile, stage: GameStage) -> bool:
    plan = study.groups.get(group_of(study, stage.id))
    if plan is None or not plan.humans or not plan.ai:
        return False
    return any(isinstance(study.partners.get(name), ModelPartner) for name in plan.ais)
