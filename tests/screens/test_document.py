"""The document: one file that needs nothing else, in which every page stands once and can be found."""

import re
from collections import Counter

import pytest

from config.supervisor.screens import Source, compared, pictured
from screens.document import Picture, document, sheets
from screens.reading import words
from screens.screen import Drawn
from screens.still import still

pytestmark = pytest.mark.django_db  # what is drawn for the session needs the database to be there

ID = re.compile(r'\sid="([^"]*)"')
POINTER = re.compile(r'\s(?:for|aria-describedby|aria-labelledby)="([^"]*)"|href="#([^"]*)"')


@pytest.fixture(scope="module")
def html(main: Source, drawn_main: Drawn) -> str:
    differences = compared(drawn_main, main.study, "hidden", "disclosed")
    pictures = {1: [Picture(1280, "data:image/webp;base64,AAAA")]}
    return document(main.study, drawn_main, about="As it stands.", pictures=pictures, differences=differences)


def test_document_needs_nothing_else(html: str) -> None:
    assert "<script" not in html
    assert "<link" not in html
    assert "<form action" not in html
    assert not re.search(r'(?:src|href)="(?!#|data:|mailto:)', html)
    assert "default-src &#x27;none&#x27;" in html or "default-src 'none'" in html


def test_ids_are_unique_and_every_pointer_points_to_one(html: str) -> None:
    ids = Counter(ID.findall(html))
    assert [name for name, count in ids.items() if count > 1] == []
    pointed = {one for match in POINTER.finditer(html) for one in (match[1] or match[2]).split()}
    assert pointed - set(ids) == set()


def test_every_sheet_is_in_the_contents_and_shows_its_words(html: str, drawn_main: Drawn) -> None:
    said = set(words(html))
    for number, sheet in enumerate(sheets(drawn_main), start=1):
        assert f'href="#screen-{number}"' in html
        assert f'id="screen-{number}"' in html
        assert set(words(still(sheet.screen.html, mark=f"p{number}"))) <= said


def test_same_page_of_two_conditions_stands_once(drawn_main: Drawn) -> None:
    found = sheets(drawn_main)
    consent = [sheet for sheet in found if (sheet.key.stage, sheet.key.state) == ("consent", "first")]
    assert [sheet.conditions for sheet in consent] == [("label=hidden", "label=disclosed")]
    briefing = [sheet for sheet in found if (sheet.key.stage, sheet.key.state) == ("briefing", "first")]
    assert [sheet.conditions for sheet in briefing] == [("label=hidden",), ("label=disclosed",)]
    assert len(found) < len(drawn_main.screens)


def test_picture_has_words_for_those_who_do_not_see_it(html: str) -> None:
    assert 'alt="Screen 1 in a window 1280 pixels wide; its words stand above."' in html


def test_still_page_sends_nothing_and_has_headings_below_its_caption() -> None:
    page = (
        '<body><div id="page"><main id="main"><h1 id="title" tabindex="-1">Hello &amp; <b>you</b></h1>'
        '<form method="post" action="/s/"><input type="hidden" name="key" value="k"><label for="f-a">A</label>'
        '<input id="f-a" name="a" required><button class="primary" type="submit">Go</button></form></main></div>'
        '<p id="spoken" aria-live="polite"></p></body>'
    )
    assert still(page, mark="p1") == (
        '<div id="p1-page"><div id="p1-main"><div id="p1-title" class="h1" role="heading" aria-level="4">Hello &amp; '
        '<b>you</b></div><form><label for="p1-f-a">A</label><input id="p1-f-a" name="a">'
        '<button class="primary" type="button">Go</button></form></div></div>'
    )


def test_pictured_page_has_its_own_style_and_no_script(drawn_main: Drawn) -> None:
    page = pictured(next(s.html for s in drawn_main.screens if s.key.stage == "consent"))
    assert "<script" not in page
    assert '<link rel="stylesheet"' not in page
    assert "--accent:" in page
    assert "SIMULATED" not in page
