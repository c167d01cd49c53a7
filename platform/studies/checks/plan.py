"""What is settled before data come: the sample, and the preregistration against the tables that there will be."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from studies.checks.context import Context, meant, needs
from studies.checks.stages import needs_nobody
from studies.grammar import Number, Pair
from studies.problems import StudyError
from studies.rules import as_word, comparisons, names_in, rule_of, unknown_in
from studies.schema_plan import Outcome, Preregistration
from studies.yaml_file import Path

Columns = Mapping[str, str]  # a table's columns → what is in them: string, text, integer, number, boolean, json
_FORMULA = re.compile(r"^[A-Za-z0-9_\s~+*/:|()^.,-]+$")
_NAME = re.compile(r"\b[A-Za-z_]\w*\b(?!\s*\()")
_FUNCTION = re.compile(r"\b[A-Za-z_]\w*(?=\s*\()")
FUNCTIONS = ("I", "exp", "factor", "log", "log1p", "log2", "offset", "poly", "scale", "sqrt")
NUMERIC = {"integer", "number", "boolean"}


@needs("sample", "exclusions", "waves", "groups")
def sample_can_be_counted(context: Context) -> None:
    """W424, W425: what is counted exists, and the way of counting says what it seems to say."""
    sample = context.study.sample
    has_room = any(True for _ in context.stages("waiting_room"))
    if sample.unit == "group" and not has_room and not needs_nobody(context):
        context.say("W424", ("sample", "unit"), "is group, but no waiting_room forms one.", "Use participant.")
    counts = [each for each in context.study.exclusions if each.registered and each.when == "pre_treatment"]
    if sample.counts == "analysable" and not counts:
        what = "is analysable, but no registered pre-treatment exclusion says who is not."
        context.say("W425", ("sample", "counts"), what, "Write completed, or declare exclusions.")


@needs("preregistration", "factors", "waves")
def preregistration_is_whole(context: Context) -> None:
    """E408, E430, E433, W453: ids once, references that lead somewhere, a model and a criterion for what is primary."""
    said = context.study.preregistration
    if said is None:
        return
    for key in ("hypotheses", "estimands", "outcomes", "models"):
        _ids_once(context, key, [each.id for each in getattr(said, key)])
    outcomes, hypotheses = [each.id for each in said.outcomes], [each.id for each in said.hypotheses]
    for place, name, known, kind in _references(said, outcomes, hypotheses):
        if name not in known:
            what = f'"{name}" is not in {kind}.'
            context.say("E430", ("preregistration", *place), what, meant(name, known))
    primary = {outcome.id for outcome in said.outcomes if outcome.role == "primary"}
    for at, hypothesis in enumerate(said.hypotheses):
        if hypothesis.outcome in primary and not hypothesis.criterion:
            what = f'"{hypothesis.id}" has a primary outcome, but which result supports it is not said.'
            context.say("W453", ("preregistration", "hypotheses", at), what, "Add criterion.")
    modelled = {model.outcome for model in said.models}
    for at, outcome in enumerate(said.outcomes):
        if outcome.role == "primary" and outcome.id not in modelled:
            what = f'"{outcome.id}" is primary, but no model says how it is analysed.'
            context.say("E433", ("preregistration", "outcomes", at), what, "Add an entry to models.")


@needs("preregistration", "factors", "waves")
def outcomes_are_exported(context: Context) -> None:
    """E431, E432: outcomes, their rows and the formulas name columns that the dataset has."""
    said = context.study.preregistration
    if said is None:
        return
    tables: Mapping[str, Columns] = import_string(settings.KINDS["tables"]["columns"])(context.study)
    for at, outcome in enumerate(said.outcomes):
        _outcome(context, ("preregistration", "outcomes", at), outcome, tables)
    by_id = {outcome.id: outcome for outcome in said.outcomes}
    for at, model in enumerate(said.models):
        decides = by_id.get(model.outcome)
        if decides is not None and decides.table in tables:
            known = [*tables[decides.table], *context.study.factors]
            for what, remedy in _formula_problems(model.formula, decides, known):
                context.say("E432", ("preregistration", "models", at, "formula"), what, remedy)


def _ids_once(context: Context, key: str, ids: Sequence[str]) -> None:
    for at, name in enumerate(ids):
        if name in ids[:at]:
            path: Path = ("preregistration", key, at, "id")
            context.say("E408", path, f'"{name}" stands twice.', "Give it another id.")


def _references(
    said: Preregistration, outcomes: list[str], hypotheses: list[str]
) -> Iterator[tuple[tuple[Any, ...], str, list[str], str]]:
    for at, hypothesis in enumerate(said.hypotheses):
        yield ("hypotheses", at, "outcome"), hypothesis.outcome, outcomes, "outcomes"
    for at, estimand in enumerate(said.estimands):
        yield ("estimands", at, "hypothesis"), estimand.hypothesis, hypotheses, "hypotheses"
    for at, model in enumerate(said.models):
        yield ("models", at, "outcome"), model.outcome, outcomes, "outcomes"


def _outcome(context: Context, path: Path, outcome: Outcome, tables: Mapping[str, Columns]) -> None:
    if outcome.table not in tables:
        context.say("E431", (*path, "table"), f'no table is called "{outcome.table}".', meant(outcome.table, tables))
        return
    columns = tables[outcome.table]
    if outcome.column not in columns:
        what = f'{outcome.table} has no column "{outcome.column}".'
        context.say("E431", (*path, "column"), what, meant(outcome.column, columns))
    for what, remedy in _where_problems(outcome, columns):
        context.say("E431", (*path, "where"), what, remedy)


def _where_problems(outcome: Outcome, columns: Columns) -> Iterator[tuple[str, str]]:
    if not outcome.where:
        return
    try:
        found = list(comparisons(rule_of(outcome.where)))
    except StudyError as error:
        yield f"{error}.", "Write comparisons of columns joined by and, or."
        return
    for pair in found:
        yield from _misread(pair, outcome.table, columns)


def _misread(pair: Pair, table: str, columns: Columns) -> Iterator[tuple[str, str]]:
    """What is wrong with one comparison: neither side a column, or a column compared with what it never holds."""
    named = as_word(pair, columns)
    if named:
        if columns[named[0]] in NUMERIC:
            yield f"{named[0]} holds numbers, never {named[1]}.", "Compare it with a number; yes and no are 1 and 0."
        return
    unknown = unknown_in(pair, columns)
    for name in unknown:
        yield f'{table} has no column "{name}".', meant(name, columns)
    if not unknown and (word := _words_as_numbers(pair, columns)):
        yield f"{word} holds words, no numbers.", "Compare it with == or != to a word."


def _words_as_numbers(pair: Pair, columns: Columns) -> str:
    """A column of words that is compared with a number."""
    names = [name for name in names_in(pair) if columns[name] not in NUMERIC]
    return names[0] if names and (isinstance(pair.left, Number) or isinstance(pair.right, Number)) else ""


def _formula_problems(formula: str, outcome: Outcome, known: Sequence[str]) -> Iterator[tuple[str, str]]:
    left, tilde, right = formula.partition("~")
    if not _FORMULA.match(formula) or not tilde or not left.strip() or not right.strip() or "~" in right:
        yield f'"{formula}" is no formula.', "Write outcome ~ terms, as in R."
        return
    for name in sorted({*_FUNCTION.findall(formula)} - {*FUNCTIONS}):
        yield f'"{name}" is no function that a formula may use.', meant(name, FUNCTIONS)
    for name in sorted({*_NAME.findall(formula)} - {*known}):
        yield f'{outcome.table} has no column "{name}", and no factor is called so.', meant(name, known)
    if outcome.column in known and outcome.column not in _NAME.findall(left):
        yield f"what stands left of ~ is not the outcome's column {outcome.column}.", "Analyse that column."


CHECKS = [sample_can_be_counted, preregistration_is_whole, outcomes_are_exported]
