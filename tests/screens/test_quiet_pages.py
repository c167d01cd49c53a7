"""On every page that a participant can see: nothing that gives the study away, and words that are easy to read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import ROOT
from config.supervisor.screens import Source
from screens.document import sheets
from screens.reading import pieces, words
from screens.screen import EXITS, REFUSALS, Drawn
from tests.experiments.test_partner_selection_texts import GIVING_AWAY, HIGHEST_GRADE, grade

pytestmark = pytest.mark.django_db  # what is drawn for the session needs the database to be there

SPOKEN = [ROOT / "platform" / app for app in ("flow", "measures", "recruitment", "participants", "chat", "paradigm")]
ALSO = [ROOT / "platform" / "config" / "errors.py"]
TEMPLATES = [ROOT / "templates" / folder for folder in ("participant", "fields", "errors")]
SHOWN_IN_A_DEMO_ONLY = {"recorded.html", "turned.html"}
TRANSLATED = frozenset({"_", "ngettext", "gettext_noop", "later", "gettext"})
IN_TEMPLATE = re.compile(
    r"""\{%\s*translate\s+(?P<quote>["'])(?P<said>.*?)(?P=quote)|"""
    r"""\{%\s*blocktranslate.*?%\}(?P<block>.*?)\{%\s*endblocktranslate""",
    re.DOTALL,
)


def everything(drawn: Drawn) -> Iterator[tuple[str, str]]:
    """Each page by name, with all that can be read on it, its fields' names and values included."""
    for sheet in sheets(drawn):
        read = [str(piece) for piece in pieces(sheet.screen.html) if piece.kind not in ("element", "meta")]
        yield str(sheet.key), "\n".join(read)


def test_no_page_gives_anything_away(drawn_main: Drawn) -> None:
    found = {name: GIVING_AWAY.findall(text) for name, text in everything(drawn_main) if GIVING_AWAY.search(text)}
    assert found == {}


def test_no_page_has_the_internal_title_or_the_name_of_a_factor_a_level_or_the_study(
    main: Source, drawn_main: Drawn
) -> None:
    study = main.study
    internal = {study.title, study.id, "partner selection", "partner_selection", *study.factors}
    internal |= {level for factor in study.factors.values() for level in factor.levels}
    secret = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, sorted(internal))) + r")(?![\w-])", re.IGNORECASE)
    assert {name: secret.findall(text) for name, text in everything(drawn_main) if secret.search(text)} == {}


def test_every_tab_has_the_public_title_and_nothing_else(main: Source, drawn_main: Drawn) -> None:
    for sheet in sheets(drawn_main):
        title = [str(p) for p in pieces(sheet.screen.html) if p.kind == "words" and p.is_in("title")]
        is_ours = "data-rev" in sheet.screen.html
        assert title == [main.study.public_title] or (not is_ours and len(title) == 1), sheet.key


def test_addresses_on_pages_name_nothing(drawn_main: Drawn) -> None:
    links = {str(p) for s in drawn_main.screens for p in pieces(s.html) if str(p).startswith("[attribute] href=")}
    assert {link for link in links if "mailto:" not in link and "=#" not in link and "=data:" not in link} <= {
        "[attribute] href=/s/",
        "[attribute] href=/s/data",
        "[attribute] href=/s/leave",
    }


def test_every_page_is_easy_to_read(drawn_main: Drawn) -> None:
    grades = {}
    for sheet in sheets(drawn_main):
        own = [p.text.replace("*", "") for p in pieces(sheet.screen.html) if p.kind == "words" and p.is_in("main")]
        shown = [text for text in own if len(text.split()) > 3]
        if shown:
            grades[str(sheet.key)] = grade("".join(f"<p>{text}</p>" for text in shown))
    assert {name: round(each, 1) for name, each in grades.items() if each > HIGHEST_GRADE} == {}
    assert len(grades) > 60


def strings_of(file: Path) -> Iterator[str]:
    """What a Python file says to people: the arguments of gettext's functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATED:
            yield from (
                each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


def said_in(file: Path) -> list[str]:
    """What a file of the platform says to participants, slots as one short word."""
    if file.suffix == ".py":
        found = list(strings_of(file))
    else:
        text = re.sub(r"\{%\s*plural\s*%\}", ". ", file.read_text())
        found = [match["said"] or match["block"] for match in IN_TEMPLATE.finditer(text)]
    return [re.sub(r"%\(\w+\)[sd]|\{\{.*?\}\}|\{\w+\}|<[^>]+>", "12", said) for said in found]


FILES = sorted(
    file
    for file in [
        *(file for folder in SPOKEN for file in folder.rglob("*.py")),
        *ALSO,
        *(file for folder in TEMPLATES for file in folder.glob("*.html")),
    ]
    if file.name not in SHOWN_IN_A_DEMO_ONLY and said_in(file)
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_what_the_platform_says_is_easy_to_read_and_gives_nothing_away(file: Path) -> None:
    said = said_in(file)
    assert [text for text in said if GIVING_AWAY.search(text)] == []
    whole = [text for text in said if len(text.split()) > 3]
    if whole:
        assert grade("".join(f"<p>{text}</p>" for text in whole)) <= HIGHEST_GRADE


def test_reading_sees_the_words_that_a_browser_would_show(drawn_main: Drawn) -> None:
    for screen in drawn_main.screens:
        if screen.key.stage not in (EXITS, REFUSALS):
            assert any(len(text) > 10 for text in words(screen.html)), screen.key
