"""Every page a participant can meet: it is there, its slots are known, it keeps our secrets."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from paradigm.program import leaves, may_show
from studies import grammar, registry
from studies.checks import quiet_words, reminders
from studies.checks.context import Context, meant, needs
from studies.checks.games import found_experiment, found_parameters
from studies.checks.notes import note_takers
from studies.checks.placeholders import IN_TEXTS
from studies.checks.schema import holds_secret
from studies.definition import group_of
from studies.markdown import slot_expressions, stray_braces
from studies.problems import StudyError
from studies.reminders import SHIPPED, text_path
from studies.schema_partners import AutomatedPartner, ModelPartner, Partner
from studies.schema_practice import PracticeStage
from studies.schema_sampled import personas_in
from studies.schema_stages import (
    BriefingStage,
    ConsentStage,
    DebriefStage,
    GameStage,
    InstructionsStage,
    QuizStage,
    StageConfig,
    SurveyStage,
    WaitingRoomStage,
)
from studies.slots import GIVEN, parameter_slots, study_slots
from studies.yaml_file import Path

BY_PLATFORM = ("void", "sit_out")  # pages that every game may need, whatever its steps
_FOREIGN_PICTURE = re.compile(r"!\[[^\]]*\]\((?!\s*/static/)")


@needs("waves", "exits", "payments", "groups", "factors")
def pages_are_sound(context: Context) -> None:
    """E103, E603, E606, W701: pages of stages and exits, and texts of reminders."""
    names = known_names(context)
    for path, stage in context.stages():
        for where, file in pages_of(stage):
            _page(context, (*path, *where), file, kind=stage.kind, known=_known(names, stage.kind))
        if isinstance(stage, GameStage):
            _game_pages(context, path, stage)
        for where, label in quiet_words.labels_of(stage):
            for _, what, remedy in slot_problems(label, _known(names, "")):
                context.say("E603", (*path, *where), what, remedy)
    for name, exit_ in context.study.exits.items():
        _page(context, ("exits", name, "page"), exit_.page, kind="exit", known=_known(names, "exit"))
    for path, _, rule in reminders.declared(context):
        if rule.text is not None or SHIPPED in context.files:
            _page(context, (*path, "text"), text_path(rule), kind="reminder", known=_known(names, "reminder"))


@needs("partners", "waves", "factors")
def personas_are_sound(context: Context) -> None:
    """E103, E603: the prompts of models name parameters only, those by which notes are taken, too."""
    games = [stage for _, stage in context.stages("game") if isinstance(stage, GameStage)]
    values = [each for stage in games for each in found_parameters(context.study, stage)]
    for name, partner in context.study.partners.items():
        personas = personas_in(partner.personas) if isinstance(partner, ModelPartner) else ()
        named: list[tuple[Path, str]] = [(("partners", name, "personas", *place), file) for place, file in personas]
        memory = partner.memory if isinstance(partner, AutomatedPartner) else None
        named += [((*path, "prompt"), writer.prompt) for path, writer in note_takers(name, memory)]
        for path, file in named:
            text = context.read(file, path)
            for each in values if text is not None else []:
                _say_slots(context, file, text or "", Known(parameter_slots(each.slots()), _named(partner)))


def no_secrets(context: Context) -> None:
    """E104: no named file holds a key."""
    for file, text in context.files.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if holds_secret(line):
                context.say_of_file("E104", file, number, "secrets must not be here.", "Remove it, and make a new key.")


def pages_of(stage: StageConfig) -> Iterator[tuple[Path, str]]:
    """Files of the pages of a stage, with where it names them; of a game its folder says."""
    if isinstance(stage, ConsentStage):
        yield ("document",), stage.document
    elif isinstance(stage, InstructionsStage):
        yield from ((("pages", at), file) for at, file in enumerate(stage.pages))
    elif isinstance(stage, BriefingStage):
        yield from ((("pages", level), file) for level, file in stage.pages.items())
    elif isinstance(stage, WaitingRoomStage | DebriefStage | QuizStage | SurveyStage | PracticeStage) and stage.page:
        yield ("page",), stage.page


def _game_pages(context: Context, path: Path, stage: GameStage) -> None:
    """One page for each step and role that can come, and each text that views or the platform may ask for."""
    experiment, by_level = found_experiment(stage), found_parameters(context.study, stage)
    if experiment is None:
        return
    steps = [f"{step.name}_{role}" for step in leaves(experiment.steps) for role in experiment.roles]
    possible = {f"{stage.pages}/{name}.md" for name in [*steps, *experiment.texts, *BY_PLATFORM]}
    shown = {name for parameters in by_level for name in may_show(experiment, parameters, experiment.roles)}
    wanted = {f"{stage.pages}/{name}.md" for name in [*shown, *BY_PLATFORM]} if by_level else possible
    there = set(context.source.listed(stage.pages, ".md"))
    for file in sorted(wanted | there):
        _page(context, (*path, "pages"), file, kind="game", known=None)
        given = (
            frozenset({"void_points"})
            if file.endswith("/sit_out.md")
            else GIVEN["game"] | words_of(experiment.name) | _named_in(context, stage)
        )
        for each in by_level:
            _say_slots(context, file, context.files.get(file, ""), Known(parameter_slots(each.slots()), given))
    for file in sorted(there - possible):
        what = f"no step and role of {experiment.name} has this name."
        context.say_of_file("W104", file, None, what, "Rename or remove it.")


def _named_in(context: Context, stage: GameStage) -> frozenset[str]:
    """As `_named`, of a game; where its partners cannot be read that is told, and nothing of pages that name them."""
    if not {"groups", "partners"} <= context.sections:
        return frozenset({"partner_name"})
    return _named(*_automated(context, stage))


def _automated(context: Context, stage: GameStage) -> list[Partner]:
    """Who may fill the automated seats of a game; nobody where it is practised, since then nobody has a name."""
    if any(isinstance(one, PracticeStage) and one.game == stage.id for _, one in context.stages("practice")):
        return []
    plan = context.study.groups.get(group_of(context.study, stage.id))
    partners = context.study.partners
    return [partners[name] for name in plan.ais if name in partners] if plan and plan.ai else []


def _named(*partners: Partner) -> frozenset[str]:
    """`partner_name`, where whoever may be there has one."""
    names = [isinstance(partner, AutomatedPartner) and bool(partner.identity) for partner in partners]
    return frozenset({"partner_name"} if names and all(names) else ())


def _page(context: Context, path: Path, file: str, *, kind: str, known: "Known | None") -> None:
    text = context.read(file, path)
    if text is None:
        return
    _say_slots(context, file, text, known)
    for number, line in enumerate(text.splitlines(), start=1):
        if _FOREIGN_PICTURE.search(line):
            remedy = "Put it under /static/ and name that."
            context.say_of_file("E606", file, number, "pictures from elsewhere are not shown.", remedy)
        for left in IN_TEXTS.findall(line):
            context.say_of_file("W411", file, number, f"{left} is a placeholder.", "Write what holds in your study.")
        if kind != "debrief" and (what := quiet_words.giving_away(context, line)):
            context.say_of_file("W701", file, number, what, quiet_words.REMEDY)


@dataclass(frozen=True)
class Known:
    """Names that a text may use: those with a value now, and those that get one when the page is shown."""

    values: Mapping[str, Any]
    given: frozenset[str] = frozenset()


def _known(names: Mapping[str, Any] | None, kind: str) -> Known | None:
    return None if names is None else Known(names, GIVEN.get(kind, frozenset()))


def known_names(context: Context) -> dict[str, Any] | None:
    """Slots of the study with their values; None where so much is wrong with it that nothing can be said."""
    read = {"contact", "estimated_minutes", "public_title", "payments", "exits", "groups", "partners", "factors"}
    read |= {"horizon"}
    if not read <= context.sections:
        return None
    for _, each in context.stages("game"):
        if isinstance(each, GameStage) and not found_parameters(context.study, each):
            return None
    return study_slots(context.study)


@cache
def words_of(experiment: str) -> frozenset[str]:
    """Every name an experiment's view can give as a fact: the words written in its code, as text or as keyword."""
    found: set[str] = set()
    for source in registry.source_of(experiment):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
    return frozenset(word for word in found if word.isidentifier())


def slot_problems(text: str, known: Known | None) -> Iterator[tuple[int, str, str]]:
    """Line, what and remedy of every slot that cannot be filled."""
    if known is None:
        return
    for line in stray_braces(text):
        yield line, "these braces make no slot.", "Write {{ name }} with two braces on each side."
    for line, said in slot_expressions(text):
        try:
            expression = grammar.parse(said)
            if unknown := expression.names - set(known.values) - known.given:
                word = min(unknown)
                yield line, f'nothing is called "{word}" here.', meant(word, known.values, known.given)
            elif not expression.names & known.given:
                expression.value(known.values)
        except StudyError as error:
            yield line, f"{error}.", "Use names, numbers, + - * / and comparisons."


def _say_slots(context: Context, file: str, text: str, known: Known | None) -> None:
    for line, what, remedy in slot_problems(text, known):
        context.say_of_file("E603", file, line, what, remedy)


CHECKS = [pages_are_sound, personas_are_sound]
LAST = [no_secrets]
