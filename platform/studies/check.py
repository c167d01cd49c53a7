"""Checks a study: shape and meaning, everything at once, each with path, reason and remedy."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studies import yaml_file
from studies.checks import (
    allocation,
    bonus,
    budget,
    calculator,
    consent_words,
    delivery,
    differs,
    ethics,
    exclusions,
    failing,
    games,
    horizon,
    keeping,
    knowledge,
    labels,
    masking,
    memory,
    models,
    money,
    notes,
    pairing,
    pairs,
    paying,
    placeholders,
    plan,
    practice,
    probes,
    promises,
    questions,
    quiet_words,
    references,
    reminders,
    safety,
    sampled,
    scales,
    sentence,
    sentinels,
    shares,
    showing,
    stages,
    strategies,
    talks,
    texts,
    topics,
    transcripts,
    varied,
    visits,
    waves,
    wizards,
)
from studies.checks.context import Check, Context
from studies.checks.schema import sections_of
from studies.problems import Problem, errors
from studies.schema import StudyFile
from studies.sources import STUDY_FILE, FolderSource, Source, SourceError

CHECKS: list[Check] = [
    *references.CHECKS,
    *stages.CHECKS,
    *waves.CHECKS,
    *reminders.CHECKS,
    *visits.CHECKS,
    *differs.CHECKS,
    *allocation.CHECKS,
    *showing.CHECKS,
    *ethics.CHECKS,
    *labels.CHECKS,
    *placeholders.CHECKS,
    *varied.CHECKS,
    *masking.CHECKS,
    *games.CHECKS,
    *strategies.CHECKS,
    *sampled.CHECKS,
    *knowledge.CHECKS,
    *talks.CHECKS,
    *delivery.CHECKS,
    *wizards.CHECKS,
    *topics.CHECKS,
    *safety.CHECKS,
    *failing.CHECKS,
    *budget.CHECKS,
    *pairing.CHECKS,
    *pairs.CHECKS,
    *money.CHECKS,
    *bonus.CHECKS,
    *promises.CHECKS,
    *paying.CHECKS,
    *practice.CHECKS,
    *calculator.CHECKS,
    *texts.CHECKS,
    *quiet_words.CHECKS,
    *questions.CHECKS,
    *scales.CHECKS,
    *sentence.CHECKS,
    *consent_words.CHECKS,
    *keeping.CHECKS,
    *memory.CHECKS,
    *notes.CHECKS,
    *sentinels.CHECKS,
    *transcripts.CHECKS,
    *models.CHECKS,
    *exclusions.CHECKS,
    *probes.CHECKS,
    *plan.CHECKS,
    *horizon.CHECKS,
    *horizon.LAST,
    *shares.LAST,
    *texts.LAST,
]


@dataclass(frozen=True)
class Checked:
    """What a check found: the study where nothing blocks it, the texts it names, and every problem."""

    study: StudyFile | None
    files: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def check(folder: Path | str) -> list[Problem]:
    """Every problem of the study in a folder, in the order of its file; empty when it may be frozen."""
    return check_folder(Path(folder)).problems


def check_folder(folder: Path) -> Checked:
    """Check the study in a folder (or the folder of a study.yaml)."""
    folder = folder.parent if folder.name == STUDY_FILE else folder
    source = FolderSource(folder)
    try:
        text = source.read(STUDY_FILE)
    except SourceError as error:
        return Checked(None, problems=[Problem(STUDY_FILE, error.code, error.what, error.remedy)])
    return check_document(yaml_file.parse(text, name=STUDY_FILE), source)


def check_data(data: dict[str, Any], source: Source) -> Checked:
    """Check a study that is already plain data: a frozen one with changes."""
    return check_document(yaml_file.Document(data), source)


def check_document(document: yaml_file.Document, source: Source) -> Checked:
    """Check what a YAML text says."""
    if document.data is None:
        return Checked(None, problems=document.problems)
    sections, problems = sections_of(document)
    context = Context(
        study=StudyFile.model_construct(**sections),
        sections=frozenset(sections),
        data=document.data,
        lines=document.lines,
        source=source,
        problems=[*document.problems, *problems],
    )
    for each in CHECKS:
        each(context)
    found = sorted(context.problems, key=lambda problem: (problem.line or 0) if problem.severity == "error" else 10**6)
    study = None if errors(found) else StudyFile.model_validate(document.data)
    return Checked(study, context.files, found)
