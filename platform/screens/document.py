"""Every screen of a study in one file: contents, captions, the pages themselves, pictures where they were taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from screens.differing import Same
from screens.reading import Piece, pieces
from screens.screen import BETWEEN, DOOR, EXITS, REFUSALS, Drawn, Key, Screen
from screens.still import still
from studies.allocation_plan import conditions_of
from studies.schema import StudyFile

STYLES = ("css/participant.css", "researcher/screens.css")
TITLES = {
    DOOR: "Before coming in",
    BETWEEN: "Between two visits",
    EXITS: "The last page",
    REFUSALS: "What cannot be taken in",
}


@dataclass(frozen=True)
class Picture:
    """A page as a browser draws it; `data` is a data: address of an image."""

    width: int
    data: str


@dataclass(frozen=True)
class Sheet:
    """A screen, and for whom it is the same to the letter.

    Attributes:
        roles: By their names; empty where the screen belongs to no role.
        conditions: Under which it is like this.
        visits: In which; empty where it belongs to none, or the study has one.
    """

    screen: Screen
    roles: tuple[str, ...]
    conditions: tuple[str, ...]
    visits: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Of the first of them."""
        return self.screen.key


@dataclass(frozen=True)
class Part:
    """The sheets of one stage, numbered from `first`."""

    title: str
    sheets: Sequence[tuple[int, Sheet]] = field(default_factory=list)


def sheets(drawn: Drawn) -> list[Sheet]:
    """Screens that are the same for several roles, conditions or visits once, in the order in which they are met."""
    alike: dict[tuple[str, str, str, tuple[Piece, ...]], list[Screen]] = {}
    for screen in drawn.screens:
        key = screen.key
        alike.setdefault((key.stage, key.step, key.state, tuple(pieces(screen.html))), []).append(screen)
    return [
        Sheet(
            same[0],
            roles=tuple(dict.fromkeys(screen.key.role for screen in same if screen.key.role)),
            conditions=tuple(dict.fromkeys(screen.condition for screen in same if screen.condition)),
            visits=tuple(dict.fromkeys(screen.key.visit for screen in same if screen.key.visit)),
        )
        for same in _in_order(alike, drawn)
    ]


def _in_order(
    alike: Mapping[tuple[str, str, str, tuple[Piece, ...]], list[Screen]], drawn: Drawn
) -> Sequence[list[Screen]]:
    """By stage, step and state as they were first met; the conditions of one screen beside each other."""
    places: dict[tuple[str, str, str], int] = {}
    stages: dict[str, int] = {}
    for screen in drawn.screens:
        key = screen.key
        stages.setdefault(key.stage, len(stages))
        places.setdefault((key.stage, key.step, key.state), len(places))
    rows = sorted(alike.items(), key=lambda row: (stages[row[0][0]], places[row[0][:3]]))
    return [same for _what, same in rows]


def parts(found: Sequence[Sheet]) -> list[Part]:
    """Sheets by stage, numbered through."""
    by_stage: dict[str, list[tuple[int, Sheet]]] = {}
    for number, sheet in enumerate(found, start=1):
        by_stage.setdefault(sheet.key.stage, []).append((number, sheet))
    return [Part(TITLES.get(stage, stage), rows) for stage, rows in by_stage.items()]


def document(
    study: StudyFile,
    drawn: Drawn,
    *,
    about: str,
    pictures: Mapping[int, Sequence[Picture]],
    differences: Sequence[Same] | None = None,
) -> str:
    """The whole file as HTML that needs nothing else.

    Args:
        about: Which version this is, in words.
        pictures: By the number of a sheet, from 1.
        differences: Between two conditions, where they were compared.
    """
    facts = {
        "study": study,
        "about": about,
        "style": styles(*STYLES),
        "conditions": [condition for condition in conditions_of(study) if condition],
        "parts": [_shown(part, pictures, study) for part in parts(sheets(drawn))],
        "not_reached": drawn.not_reached,
        "differences": differences,
    }
    return render_to_string("screens/document.html", facts)


def styles(*names: str) -> SafeString:
    """Our own stylesheets as they stand, for a `style` element."""
    folder = settings.STATICFILES_DIRS[0]
    return mark_safe("\n".join((folder / name).read_text(encoding="utf-8") for name in names))  # noqa: S308  our own


def _shown(part: Part, pictures: Mapping[int, Sequence[Picture]], study: StudyFile) -> dict[str, object]:
    rows = [
        {
            "number": number,
            "caption": caption(sheet),
            "conditions": _conditions(sheet, study),
            "html": mark_safe(still(sheet.screen.html, mark=f"p{number}")),  # noqa: S308  escaped piece by piece
            "pictures": pictures.get(number, ()),
        }
        for number, sheet in part.sheets
    ]
    return {"title": part.title, "sheets": rows}


def caption(sheet: Sheet) -> str:
    """Stage, step, role, which page it is and in which visits: "game, decide, Chooser: acts (chat 1 to 3)"."""
    where = ", ".join([sheet.key.place.replace("/", ", "), *sheet.roles])
    visits = f" ({said_visits(sheet.visits)})" if sheet.visits else ""
    return f"{where}: {sheet.key.state}{visits}"


def said_visits(names: Sequence[str]) -> str:
    """Names of visits in few words: "intake, chat 1 to 3, chat 5"."""
    runs: list[list[str]] = []
    for name in names:
        wave, _, repeat = name.rpartition(" ")
        if runs and repeat.isdigit() and runs[-1][-1] == f"{wave} {int(repeat) - 1}":
            runs[-1].append(name)
        else:
            runs.append([name])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1].rpartition(' ')[2]}" for run in runs)


def _conditions(sheet: Sheet, study: StudyFile) -> str:
    known = [condition for condition in conditions_of(study) if condition]
    if set(sheet.conditions) == set(known):
        return "in every condition" if known else ""
    return f"only under {', '.join(sheet.conditions)}"
