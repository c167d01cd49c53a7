"""Writing a preregistration, and recording when a version's was written first."""

import json
from pathlib import Path

from events.models import Event
from exports.prereg import Content, content_of, of_folder, of_version
from exports.prereg_words import as_markdown
from exports.writing import Written, write_text
from studies.models import Version
from studies.services import record_once

PREREGISTERED = "study.preregistered"


def write_folder(folder: Path, out: Path) -> list[Written]:
    """The preregistration of a study that is not frozen; nothing is recorded.

    Raises:
        StudyError: "invalid", "no_preregistration".
    """
    return _write(content_of(of_folder(folder)), out)


def write_version(version: Version, out: Path) -> tuple[list[Written], Event]:
    """The preregistration of a frozen version, and the event that keeps its sha256 and when it was first written.

    Raises:
        StudyError: "no_preregistration".
    """
    content = content_of(of_version(version))
    files = _write(content, out)
    facts = {"version": version.pk, "number": version.number, "sha256": content["sha256"]}
    return files, record_once(version.study, PREREGISTERED, facts)


def _write(content: Content, out: Path) -> list[Written]:
    out.mkdir(parents=True, exist_ok=True)
    machine = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return [write_text(out / "prereg.md", as_markdown(content)), write_text(out / "prereg.json", machine)]
