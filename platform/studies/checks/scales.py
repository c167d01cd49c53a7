"""Scales: surveys name those that there are, and each file can be asked, may be used, and can be scored."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from pydantic import ValidationError

from studies import items, yaml_file
from studies.checks import quiet_words
from studies.checks.context import Context, meant, needs
from studies.checks.scale_rules import WRONG, Found
from studies.checks.schema import shape_problems
from studies.checks.texts import Known, known_names, slot_problems
from studies.items import Item
from studies.markdown import slot_names
from studies.problems import Problem, StudyError
from studies.scales import RECALL, most_asked, names_in, parse, scale_items
from studies.schema_scales import ScaleFile
from studies.schema_stages import QuizStage, SurveyStage
from studies.schema_waves import Wave
from studies.sources import SourceError
from studies.yaml_file import Document, Path

MOST_PER_VISIT = 12


@needs("scales", "waves")
def scales_are_asked(context: Context) -> None:
    """E811, E812, E819, E820, W810: what surveys name is there, and what is there is asked."""
    asked: set[str] = set()
    for path, stage in context.stages("survey"):
        assert isinstance(stage, SurveyStage)
        asked |= set(stage.scales)
        _named(context, path, stage)
    for name in context.study.scales:
        if name not in asked:
            context.say("W810", ("scales", name), "no survey asks this scale.", "Name it in a survey, or remove it.")


def _named(context: Context, path: Path, stage: SurveyStage) -> None:
    if stage.items is None and not stage.scales:
        context.say("E820", path, "this survey asks nothing.", "Give it items: or scales:.")
    if stage.purpose == "funnel" and stage.scales:
        what = "a funnel goes from open to specific, one question to a page; a scale cannot stand in it."
        context.say("E819", (*path, "scales"), what, "Put the scales into another survey.")
    for at, name in enumerate(stage.scales):
        if name not in context.study.scales:
            what = f'"{name}" is not in scales.'
            context.say("E811", (*path, "scales", at), what, meant(name, context.study.scales))
        elif name in stage.scales[:at]:
            what = f'"{name}" stands twice in one survey.'
            context.say("E812", (*path, "scales", at), what, "Keep one, or ask it again in a later survey.")


@needs("scales")
def scale_files_are_sound(context: Context) -> None:
    """E103, E408, E603, E810, E813 to E818, W811: each file by itself."""
    for name, use in context.study.scales.items():
        text = context.read(use.file, ("scales", name, "file"))
        if text is None:
            continue
        document, scale = _parsed(context, use.file, text)
        if scale is None:
            continue
        place = _Place(use.file, document)
        if scale.id != name:
            place.say(context, Found("E813", ("id",), f'calls itself "{scale.id}".', f"Write id: {name}."))
        if "language" in context.sections and scale.language[:2] != context.study.language[:2]:
            what = f"is in {scale.language}, and the study in {context.study.language}."
            remedy = "Name a file in the study's language, with the citation of that wording."
            place.say(context, Found("E814", ("language",), what, remedy))
        for found in (found for each in WRONG for found in each(scale)):
            place.say(context, found)
        _slots(context, place, scale)


@needs("scales", "waves")
def scales_keep_quiet(context: Context) -> None:
    """W701: scales that are asked before a game. Afterwards one may name what it measures."""
    stages = list(context.stages())
    last = max((at for at, (_, stage) in enumerate(stages) if stage.kind == "game"), default=-1)
    early = {name for _, stage in stages[: last + 1] if isinstance(stage, SurveyStage) for name in stage.scales}
    for name, use in context.study.scales.items():
        text = context.read(use.file, ("scales", name, "file")) if name in early else None
        if text is None:
            continue
        document, scale = _parsed(context, use.file, text)
        for path, words in _texts(scale) if scale else ():
            if what := quiet_words.of_text(context, words):
                _Place(use.file, document).say(context, Found("W701", path, what, quiet_words.REMEDY))


@needs("scales", "waves")
def visits_are_short(context: Context) -> None:
    """W812: who is asked much at every visit tires, and then answers change for that reason."""
    for at, wave in enumerate(context.study.waves):
        # a long survey at some visits is what `visits` of a stage is for
        asked = median_low(_most_asked_at(context, wave, visit) for visit in range(1, wave.repeat + 1))
        if wave.repeat > 1 and asked > MOST_PER_VISIT:
            what = f"asks up to {asked} questions at each of {wave.repeat} visits; {MOST_PER_VISIT} are usual."
            remedy = "Leave blocks out (planned_missing), or ask long scales at some visits only, or in another wave."
            context.say("W812", ("waves", at), what, remedy)


def _most_asked_at(context: Context, wave: Wave, visit: int) -> int:
    """How many questions anybody is asked at a visit: surveys for different levels of a factor come to nobody both."""
    surveys = [stage for stage in wave.stages if isinstance(stage, SurveyStage)]
    for_all, by_level = 0, defaultdict[str, Counter[str]](Counter)
    for stage in surveys:
        count = 0 if stage.visits and visit not in stage.visits else _most_asked(context, stage)
        if stage.when is None:
            for_all += count
        else:
            by_level[stage.when.by] += Counter(dict.fromkeys(stage.when.levels, count))
    return for_all + sum(max(counts.values(), default=0) for counts in by_level.values())


def _most_asked(context: Context, stage: SurveyStage) -> int:
    """How many questions a survey asks at most, as far as its files can be read."""
    texts = [context.study.scales[name].file for name in stage.scales if name in context.study.scales]
    count = 0
    with suppress(SourceError, StudyError):
        count += len(items.parse(context.source.read(stage.items))) if stage.items else 0
        count += sum(most_asked(parse(context.source.read(file))) for file in texts)
    return count


def resolved_scales(context: Context, stage: QuizStage | SurveyStage, names: Mapping[str, Any]) -> list[Item]:
    """The items of a stage's scales as pages would show them; nothing of those with something wrong."""
    found: list[Item] = []
    uses = context.study.scales if "scales" in context.sections else {}
    for at, name in enumerate(stage.scales if isinstance(stage, SurveyStage) else ()):
        text = context.read(uses[name].file, ("scales", name, "file")) if name in uses else None
        scale = _parsed(context, uses[name].file, text)[1] if text is not None else None
        with suppress(StudyError):
            found += scale_items(name, scale, names, at=at, may_skip=False) if scale else []
    return found


@dataclass(frozen=True)
class _Place:
    """A scale's file, for messages."""

    file: str
    document: Document

    def say(self, context: Context, found: Found) -> None:
        line = next((self.document.lines[path] for path in _upwards(found.path) if path in self.document.lines), None)
        where = f"{self.file}: {yaml_file.spell(found.path, self.document.data)}"
        context.say_of_file(found.code, where, line, found.what, found.remedy)


def _upwards(path: Path) -> Iterator[Path]:
    yield from (path[:length] for length in range(len(path), -1, -1))


def _parsed(context: Context, file: str, text: str) -> tuple[Document, ScaleFile | None]:
    document = yaml_file.parse(text, name=file, prefix=f"{file}: ")
    found = list(document.problems)
    try:
        scale = ScaleFile.model_validate(document.data) if document.data is not None else None
    except ValidationError as error:
        scale = None
        shape = shape_problems(error, at=(), document=document, model=ScaleFile)
        found += [Problem(f"{file}: {each.path}", each.code, each.what, each.remedy, each.line) for each in shape]
    told: set[str] = {problem.path for problem in context.problems if problem.path.startswith(f"{file}: ")}
    for problem in found:
        if problem.path not in told and problem not in context.problems:  # one thing is told once, in whatever ways
            context.problems.append(problem)
            told.add(problem.path)
    return document, None if document.problems else scale


def _slots(context: Context, place: _Place, scale: ScaleFile) -> None:
    names = known_names(context)
    known = Known(names_in(scale, names)) if names is not None else None
    used: set[str] = set()
    for path, words in _texts(scale):
        used |= slot_names(words)
        for _, what, remedy in slot_problems(words, known):
            place.say(context, Found("E603", path, what, remedy))
    if RECALL in used and not scale.recall:
        place.say(context, Found("E603", ("recall",), f"texts name {RECALL}, which is empty.", "Say recall: …."))
    elif scale.recall and RECALL not in used:
        what = "no text says what the questions are about."
        place.say(context, Found("W811", ("recall",), what, "Write {{ recall }} in the instruction or in items."))


def _texts(scale: ScaleFile) -> Iterator[tuple[Path, str]]:
    """Everything of a scale that people read."""
    yield ("instruction",), scale.instruction
    yield ("recall",), scale.recall
    yield from ((("anchors", "labels", point), words) for point, words in scale.anchors.labels.items())
    for at, item in enumerate(scale.items):
        yield ("items", at, "text"), item.text
        yield ("items", at, "other"), item.other or ""
        yield from ((("items", at, "labels", point), words) for point, words in (item.labels or {}).items())


CHECKS = [scales_are_asked, scale_files_are_sound, scales_keep_quiet, visits_are_short]
