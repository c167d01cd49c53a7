"""The words that are kept of a page are those that its template draws."""

from dataclasses import replace

import pytest
from django.utils import translation

from flow.drawing import draw
from flow.page import Page
from flow.visible import text_sha256, words_on
from paradigm import Card, Choice, Line, Option, Points, Rating, Table, Text, View
from tests.machinery.shown import words_in
from tests.pages import gallery

OWN = {name: page for name, page in gallery.pages().items() if page.kind in ("text", "match")}
SAYING = View(
    facts={"letter": "A"},
    cards=[Card("A", "Person", "a < b & *c*\u200b"), Card("B", "", "")],
    lines=[Line("", "mine"), Line("B", "theirs  twice")],
    tables=[Table("Rounds", ("Round", "Sum"), [(1, "-"), (2, 10)])],
)
FIELDS = [
    Text("t", "Say (or not)", False, max_chars=1),
    Text("u", "Say", False, long=False),
    Text("w", "Say more", min_chars=20),
    Points("p@", "How many?", about="B", low=0, high=10_000),
    Rating("r", "How much?", low_label="not", high_label="very"),
    Rating("s", "How likely?", low=0, high=100, low_label="never", high_label="always"),
    Rating("v", "How sure?", low=0, high=100),
    Choice("c", "Which?", options=[Option("x", "X & Y"), Option("y", "Y")]),
    Choice("n", options=[Option("A", "Pick A"), Option("B", "Pick B"), Option("keep", "Keep")]),
    Choice("m", "And now?", options=[Option("A", "A"), Option("B", "B")]),
]


def drawn(page: Page) -> str:
    return words_in(draw(gallery.request(), page, gallery.FRAME, is_fragment=True))


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("language", ["en", "de"])
def test_words_that_are_kept_are_those_that_are_drawn(name: str, language: str) -> None:
    with translation.override(language):
        page = replace(OWN[name], errors={}, values={})
        assert words_on(page) == drawn(page)


@pytest.mark.parametrize("fields", [FIELDS, FIELDS[:3], FIELDS[-1:], []])
@pytest.mark.parametrize("button", ["Go", ""])
@pytest.mark.parametrize("kind", ["match", "text"])
def test_every_kind_of_field_is_kept_as_it_is_drawn(kind: str, button: str, fields: list[Choice]) -> None:
    html = gallery.said("## Two\n\nWords *in* **a**`row`, a [link](https://example.org).\n\n* one\n* two")
    more = {"also": [{"name": "back", "value": "1", "label": "Back"}]} if button else {}
    page = Page(kind, "A < B", html, fields, button, SAYING, gallery.LATER, facts=more)
    assert words_on(page) == drawn(page)
    assert words_on(replace(page, view=None, deadline_at=None)) == drawn(replace(page, view=None, deadline_at=None))


def test_notes_and_refusals_leave_the_words_as_they_are() -> None:
    page = OWN["survey"]
    assert page.errors
    calm = replace(page, errors={}, values={}, note="")
    assert text_sha256(page) == text_sha256(calm)
    assert drawn(replace(calm, note="Saved.")) == drawn(calm)
    assert text_sha256(page) != text_sha256(replace(page, title="Another"))
