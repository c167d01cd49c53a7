"""Every type of question that there is: drawn by its template, answered as a browser would, and described."""

from dataclasses import replace
from math import acos, pi, sqrt
from random import Random
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import strategies as st

from chat.forms import MORE, READY
from flow.drawing import draw
from flow.page import Page
from flow.visible import words_on
from paradigm import Circles, Option, Rating, Text
from paradigm.circles import GAPS
from paradigm.fields import clean
from simulation.answering import Hand
from simulation.pages import CHOSEN, read
from simulation.profile import Profile
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


@given(least=st.integers(0, 60), more=st.integers(0, 60), seed=st.integers(0, 10**6))
def test_words_within_any_bounds_are_made_up_and_taken(least: int, more: int, seed: int) -> None:
    field = Text("asked", min_chars=least, max_chars=max(1, least + more))
    said = field.simulate(Random(seed))
    assert field.clean(said) == said
    assert least <= len(said) <= least + max(more, 1)
    hand = Hand(Random(seed), profile=Profile.flawless(), answers={}, choose=None, zone="Europe/Berlin")
    assert least <= len(hand.fill_in(read(html_of(field)))["asked"]) <= max(1, least + more)


@given(text=st.text(max_size=30), least=st.integers(1, 30))
def test_text_is_refused_for_its_length_where_its_stripped_characters_are_fewer(text: str, least: int) -> None:
    field = Text("asked", required=False, min_chars=least, max_chars=30)
    taken, errors = clean([field], {"asked": text})
    is_short = 0 < len(text.strip().replace("\r\n", "\n")) < least
    if errors:
        assert errors["asked"].code == "characters" or (errors["asked"].code == "too_short" and is_short)
    else:
        assert taken["asked"] == "" or len(taken["asked"]) >= least


def test_length_that_is_needed_is_said_before_and_shorter_words_keep_their_place() -> None:
    field = Text("asked", "Say more", min_chars=20, max_chars=300)
    html = html_of(field)
    assert 'data-min="20"' in html
    assert "At least 20 and at most 300 characters" in html
    refused = replace(page_of(field), errors=clean([field], {"asked": "short"})[1], values={"asked": "short"})
    html = draw(gallery.request(), refused, gallery.FRAME, is_fragment=True)
    assert "Please use at least 20 characters." in html
    assert ">short</textarea>" in html
    with translation.override("de"):
        assert "Mindestens 20 und höchstens 300 Zeichen" in html_of(field)
        assert "Bitte verwenden Sie mindestens 20 Zeichen." in draw(
            gallery.request(), refused, gallery.FRAME, is_fragment=True
        )
    assert "data-min" not in html_of(Text("asked", "Say"))


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
