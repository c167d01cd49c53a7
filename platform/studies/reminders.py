"""Reminders as a study file declares them: which text each has, and which adapter its recruiter."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from studies.schema import StudyFile
from studies.schema_waves import Reminder

SHIPPED = "shipped/reminder.md"
"""Under which name our own text is frozen, where a reminder names none. A file of the study may take its place."""
OWN_LINKS = "own_links"
LETTERS = Path(__file__).with_name("letters")


def text_path(rule: Reminder) -> str:
    """The frozen file that holds a reminder's words."""
    return rule.text or SHIPPED


def shipped_text(language: str, *, counts: bool = True) -> str | None:
    """Our own words in a language; None where we have none.

    Args:
        counts: Whether they say how many visits there are.
    """
    file = LETTERS / f"{'reminder' if counts else 'uncounted'}.{language[:2]}.md"
    return file.read_text(encoding="utf-8") if language[:2] in ("en", "de") else None


def adapter_of(study: StudyFile) -> str:
    """By which adapter the platform speaks to whoever brings people."""
    return study.recruitment.adapter if study.recruitment is not None else OWN_LINKS


def recruiter(name: str) -> Any:
    """The class of an adapter. Raises KeyError where there is none of that name."""
    return import_string(settings.KINDS["recruiter"][name])
