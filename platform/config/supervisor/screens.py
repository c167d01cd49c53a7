"""Drawing every page of a study: in a scratch installation, then compared, laid out, pictured and printed here."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from config.supervisor.chromium import chromium_path, pdf_of, pictures_of
from config.supervisor.scratch import Scratch
from config.supervisor.watch import Say
from screens.asked import Asked
from screens.differing import Same, compare, pairs, summed_up
from screens.document import Picture, document, sheets, styles
from screens.plan import Plan
from screens.screen import Drawn
from studies import queries, services
from studies.check import check_folder
from studies.definition import FROZEN
from studies.schema import StudyFile

# Only the pages' own process draws, and it does all that the others would.
NOT_NEEDED = "pages,sockets,bots,jobs,sweeper"
ENVIRONMENT = {"RAPPORT_DB_POOL": "persistent", "RAPPORT_LOG_LEVEL": "ERROR", "RAPPORT_DB_STATEMENT_SECONDS": "0"}
FOLDER = "screens"  # in the installation's home
HTML, PDF = "screens.html", "screens.pdf"
DESKTOP, PHONE = 1280, 360
STYLESHEET = re.compile(r'<link rel="stylesheet" href="[^"]*css/(participant|error)[^"]*">')
NOT_PICTURED = re.compile(r'<script\b.*?</script>|<aside class="banner".*?</aside>', re.DOTALL)


@dataclass(frozen=True)
class Source:
    """What is drawn, and what it is called."""

    plan: Plan
    about: str

    @property
    def study(self) -> StudyFile:
        """The study file."""
        said = {key: value for key, value in self.plan.definition.items() if key != FROZEN}
        return StudyFile.model_validate(said)


def source_of(name: str, *, seed: str) -> Source:
    """The newest version of the study with this id, or the study in a folder.

    Raises:
        StudyError: "study_unknown", "version_unknown"; "invalid" with every problem of the folder.
    """
    folder = Path(name)
    if "/" in name or folder.is_dir():
        said = services.definition_of(folder)
        plan = Plan(number=1, definition=said, files=check_folder(folder).files, seed=seed)
        return Source(plan, f"As it stands in a folder, version {said['version']} of its author; not frozen.")
    version = queries.version_of(queries.study_named(name))
    plan = Plan(number=version.number, definition=version.definition, files=queries.texts(version), seed=seed)
    return Source(plan, f"Version {version.number}, {version.sha256[:12]}.")


def drawn_elsewhere(plan: Plan, *, say: Say) -> Drawn:
    """Draw a study in an installation of its own, so that nothing of it enters this one.

    Raises:
        SetupError: the installation did not start, or the drawing failed; with all that it printed.
    """
    return Drawn.from_json(_from_elsewhere(plan, say=say))


def asked_elsewhere(plan: Plan, *, say: Say) -> list[Asked]:
    """What models are told in a study, found in an installation of its own, where no model is asked.

    Raises:
        SetupError: as `drawn_elsewhere`.
    """
    return [Asked.model_validate(one) for one in _from_elsewhere(plan, say=say)]


def _from_elsewhere(plan: Plan, *, say: Say) -> Any:
    say("starting a scratch installation")
    with Scratch("--simulation", "--without", NOT_NEEDED, variables={"PYTHONHASHSEED": "0"}) as scratch:
        scratch.env |= ENVIRONMENT
        with tempfile.TemporaryDirectory(dir=scratch.home) as folder:
            file, out = Path(folder) / "plan.json", Path(folder) / "drawn.json"
            file.write_text(plan.model_dump_json(), encoding="utf-8")
            for line in scratch.manage("draw", str(file), str(out)).splitlines():
                say(line)
            return json.loads(out.read_text(encoding="utf-8"))


def compared(drawn: Drawn, study: StudyFile, first: str, second: str) -> list[Same]:
    """What differs between two conditions, or between two levels of a factor wherever all other levels are shared."""
    found = [each for pair in pairs(study, first, second) for each in compare(drawn, study, *pair)]
    return summed_up(found)


@dataclass(frozen=True)
class Wanted:
    """What is to be written.

    Attributes:
        pictures: Whether pictures are wanted, where a browser is found.
        pdf: Whether it is printed, too.
    """

    out: Path
    pictures: bool = True
    pdf: bool = False


def write(source: Source, drawn: Drawn, wanted: Wanted, *, differences: Sequence[Same] | None, say: Say) -> list[Path]:
    """Write the document, with pictures where a browser is found; return the files.

    Raises:
        ScreensError: "no_browser" where a PDF was asked for, "browser_failed".
    """
    has_browser = bool(chromium_path())
    if wanted.pictures and not has_browser:
        say("no Chromium was found, so there are no pictures; the pages themselves are in the document")
    pictures = _pictures(drawn, say=say) if wanted.pictures and has_browser else {}
    html = document(source.study, drawn, about=source.about, pictures=pictures, differences=differences)
    wanted.out.mkdir(parents=True, exist_ok=True)
    files = [wanted.out / HTML]
    files[0].write_text(html, encoding="utf-8")
    if wanted.pdf:
        files.append(wanted.out / PDF)
        files[1].write_bytes(pdf_of(files[0]))
    return files


def _pictures(drawn: Drawn, *, say: Say) -> Mapping[int, Sequence[Picture]]:
    found = sheets(drawn)
    say(f"taking {2 * len(found)} pictures")
    pages = [pictured(sheet.screen.html) for sheet in found]
    widths = (DESKTOP, PHONE)
    taken = pictures_of(pages, widths=widths, script=_script())
    return {n: [Picture(*one) for one in zip(widths, row, strict=True)] for n, row in enumerate(taken, start=1)}


def pictured(html: str) -> str:
    """A page as it is handed to a browser that can reach nothing: its own style inside, no banner of a trial run."""
    return STYLESHEET.sub(lambda found: f"<style>{styles(f'css/{found[1]}.css')}</style>", NOT_PICTURED.sub("", html))


def _script() -> str:
    """What a page's own script adds before anything is done: lines to touch beside number boxes, and counters."""
    module = (settings.STATICFILES_DIRS[0] / "js" / "fields.js").read_text(encoding="utf-8")
    call = 'furnish(document, document.getElementById("words")?.dataset ?? {characters: ""});'
    return f"(() => {{ {module.replace('export function', 'function')} {call} }})()"


def default_folder(study: StudyFile) -> Path:
    """Where the document goes when nobody says."""
    home: Path = settings.PLACES.home
    return home / FOLDER / study.id
