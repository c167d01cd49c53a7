"""Every type of question that there is: drawn by its template, answered as a browser would, and described."""

from math import acos, pi, sqrt
from random import Random
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.module_loading import import_string

from chat.forms import MORE, READY
from flow.drawing import draw
from flow.page import Page
from flow.visible import words_on
from paradigm import Circles, Option, Rating
from paradigm.circles import GAPS
from simulation.pages import CHOSEN, read
from tests.machinery.shown import words_in
from tests.pages import gallery

NEEDED: dict[str, dict[str, Any]] = {
    "choice": {"options": (Option("yes", "Yes"), Option("no", "No"))},
    "finish": {"options": (Option(MORE, "Go on"), Option(READY, "Finish"))},
    "circles": {"other": "your chat partner"},
}
UNRECORDED = {
    "zone",
    "finish",
}  # hundreds of places, the same for everybody; a button of talks, which are kept otherwise
LABELLED = Rating("asked", "How often?", high=5, labels=((1, "never"), (3, "sometimes"), (5, "always")))
LONG = Rating("asked", "How often?", high=9, labels=((1, "never"), (5, "sometimes"), (9, "always")))
CLASSES = {kind: import_string(path) for kind, path in settings.KINDS["field"].items()}
FIELDS = [*(made("asked", "A question?", **NEEDED.get(kind, {})) for kind, made in CLASSES.items()), LABELLED, LONG]


def page_of(field: Any) -> Page:
    return Page("text", "A few questions", fields=[field], button="Continue")


def html_of(field: Any) -> str:
    return draw(gallery.request(), page_of(field), gallery.FRAME, is_fragment=True)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.kind)
def test_field_is_drawn_answered_and_described(field: Any) -> None:
    assert isinstance(field, import_string(settings.KINDS["field"][field.kind]))
    html = html_of(field)
    assert 'name="asked"' in html
    asked = read(html).asked.get("asked")  # a button, and a list to pick from, are read otherwise
    raw = asked.values[0] if asked and asked.kind in CHOSEN else str(field.simulate(Random(1)))
    assert field.clean(raw) is not None
    assert field.clean(str(field.simulate(Random(2))) if field.kind != "tick" else "yes") is not None
    assert field.schema()["type"] in {"string", "integer", "boolean"}
    assert {"type", "unit", "allowed_values"} <= set(field.describe())


@pytest.mark.parametrize("field", [one for one in FIELDS if one.kind not in UNRECORDED], ids=lambda field: field.kind)
def test_words_that_are_recorded_are_those_that_are_drawn(field: Any) -> None:
    assert words_on(page_of(field)) == words_in(html_of(field))


def test_circles_are_seven_radio_buttons_with_words_and_pictures() -> None:
    html = html_of(Circles("asked", "How close?", other="your chat partner"))
    asked = read(html).asked["asked"]
    assert (asked.kind, asked.values) == ("radio", [str(point) for point in range(1, 8)])
    assert html.count("<svg") == html.count('aria-hidden="true" focusable="false"') == 7
    assert html.count('<span class="unseen">The circles') == 7
    assert "The dashed circle on the right is your chat partner." in html
    assert "checked" not in html
    assert "style=" not in html


def test_circles_are_drawn_and_spoken_alike_in_german() -> None:
    with translation.override("de"):
        html = html_of(Circles("asked", "Wie nah?", other="Ihr Gegenüber"))
    assert 'cx="26.00"' in html, "no comma in a drawing"
    assert "Die Kreise sind fast einer." in html


def test_circles_overlap_in_equal_steps() -> None:
    shares = [2 / pi * (acos(gap) - gap * sqrt(1 - gap * gap)) for gap in GAPS]
    assert shares == pytest.approx([0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9], abs=0.001)
