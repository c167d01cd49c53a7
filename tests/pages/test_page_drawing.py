"""Every kind of page and field, drawn by the real templates without a server."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.utils import translation

from flow.drawing import context_of, digest_of, draw, identity_of, plain, refresh_seconds, widgets_of, words_of
from flow.page import Page
from paradigm import Card, Choice, FieldError, Line, Option, Points, Rating, Text, View
from tests.browser.look import forbidden_words
from tests.pages import gallery

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    """Collects tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of each element of a tag."""
        return [attributes for name, attributes in self.found if name == tag]


def fragment(page: Page) -> Elements:
    """The elements of a page's fragment."""
    return Elements(draw(gallery.request(), page, gallery.FRAME, is_fragment=True))


@pytest.mark.parametrize("name", gallery.pages())
def test_page_has_one_heading_one_primary_button_and_no_inline_code(name: str) -> None:
    html = gallery.drawn(name)
    elements = Elements(html)
    assert len(elements.all("h1")) == 1
    assert len([b for b in elements.all("button") if b.get("class") == "primary"]) <= 1
    for _tag, attributes in elements.found:
        assert "style" not in attributes
        assert not [a for a in attributes if a.startswith("on")]
    assert all(script.get("src") for script in elements.all("script"))
    assert not elements.all("style")


@pytest.mark.parametrize("name", gallery.pages())
def test_page_shows_no_forbidden_word(name: str) -> None:
    shown = re.sub(r"<[^>]*>", " ", gallery.drawn(name))
    assert forbidden_words(shown) == []


@pytest.mark.parametrize("name", gallery.pages())
def test_page_ids_are_unique_and_labels_point_to_controls(name: str) -> None:
    elements = Elements(gallery.drawn(name))
    ids = [a["id"] for _tag, a in elements.found if a.get("id")]
    assert len(ids) == len(set(ids))
    for label in elements.all("label"):
        assert label.get("for") is None or label["for"] in ids
    for _tag, attributes in elements.found:
        for described in (attributes.get("aria-describedby") or "").split():
            assert described in ids


def test_form_carries_key_revision_and_token() -> None:
    inputs = {a.get("name"): a.get("value") for a in fragment(gallery.pages()["reply"]).all("input")}
    assert inputs["rev"] == "r1"
    assert re.fullmatch(r"[0-9a-f-]{36}", inputs["key"] or "")
    assert inputs["csrfmiddlewaretoken"]


def test_peoples_words_are_shown_as_text() -> None:
    view = View(cards=[Card("A", NASTY, NASTY)], lines=[Line("B", NASTY)])
    page = replace(gallery.pages()["decide"], view=view, title=NASTY, note=NASTY, values={"choice": NASTY})
    elements = fragment(page)
    assert not elements.all("script")
    assert not elements.all("img")


def test_page_strips_what_could_turn_the_line_around() -> None:
    assert plain("ab\u202ecd\x07\u2066e\nf") == "abcde\nf"


def test_page_strips_what_takes_no_room() -> None:
    tagged = "".join(chr(0xE0000 + ord(letter)) for letter in "secret")
    assert plain(f"a\u200bb\u2060c\ufeffd{tagged}\U000e0001e\U000e007f") == "abcde"


def test_page_keeps_the_joiners_that_scripts_are_written_with() -> None:
    for words in ("\u0645\u06cc\u200c\u062e", "\u0915\u094d\u200d\u0937", "\U0001f469\u200d\U0001f52c"):
        assert plain(words) == words


def test_cards_of_those_who_may_be_picked_are_the_choice() -> None:
    radios = [a for a in fragment(gallery.pages()["decide"]).all("input") if a.get("type") == "radio"]
    assert [r["value"] for r in radios] == ["A", "B", "keep"]
    assert not any("checked" in r for r in radios)
    assert context_of(gallery.pages()["decide"], gallery.FRAME)["cards"] == []


def test_cards_without_a_choice_are_only_shown() -> None:
    page = replace(gallery.pages()["decide"], fields=[Points("returned", "How many?")])
    assert [card.position for card in context_of(page, gallery.FRAME)["cards"]] == ["A", "B"]  # type: ignore[attr-defined]


def test_number_has_no_preset_value_and_its_bounds() -> None:
    (number,) = [a for a in fragment(gallery.pages()["return"]).all("input") if a.get("type") == "number"]
    assert (number["value"], number["min"], number["max"]) == ("", "0", "30")


def test_what_was_typed_comes_back_with_the_refusal() -> None:
    elements = fragment(gallery.pages()["survey"])
    (area,) = elements.all("textarea")
    assert area["aria-invalid"] == "true"
    html = draw(gallery.request(), gallery.pages()["survey"], gallery.FRAME, is_fragment=True)
    assert "This text is longer than the thirty characters." in html
    assert '<a href="#f-more">' in html
    assert [a["value"] for a in elements.all("input") if "checked" in a] == ["5"]


def test_refusal_of_the_whole_page_is_shown() -> None:
    page = replace(gallery.pages()["quiz"], errors={"": FieldError("x", "Two answers are not right yet.")})
    html = draw(gallery.request(), page, gallery.FRAME, is_fragment=True)
    assert "Two answers are not right yet." in html
    assert "Please look at this again" not in html


def test_every_refusal_of_the_language_is_spoken_in_german() -> None:
    with translation.override("de"):
        assert words_of(FieldError("missing", "Please answer this.")) == "Bitte beantworten Sie das."
        error = FieldError("out_of_range", "Please choose from %(low)s to %(high)s.", low=1, high=7)
        assert words_of(error) == "Bitte wählen Sie einen Wert von 1 bis 7."


@pytest.mark.parametrize(
    ("field", "tags"),
    [
        (Text("t", "Say", max_chars=9), {"textarea": 1}),
        (Text("t", "Say", long=False), {"text": 1}),
        (Points("p", "How many"), {"number": 1}),
        (Rating("r", "How much"), {"radio": 7}),
        (Rating("r", "How likely", low=0, high=100), {"number": 1}),
        (Choice("c", "Which", options=[Option("x", "X"), Option("y", "Y")]), {"radio": 2}),
    ],
)
def test_field_kinds_are_drawn(field: Text | Points | Choice, tags: dict[str, int]) -> None:
    elements = fragment(Page("text", "T", fields=[field], button="Go"))
    found = [a.get("type") for a in elements.all("input")] + ["textarea"] * len(elements.all("textarea"))
    for kind, number in tags.items():
        assert found.count(kind) == number


def test_field_about_a_partner_has_its_own_name_and_says_who() -> None:
    (first, second) = widgets_of(gallery.pages()["expect"])
    assert (first.id, second.id) == ("f-expected-A", "f-expected-B")
    assert not first.names_about
    assert replace(first, label="How many?").names_about


def test_page_without_script_asks_again_only_where_nobody_writes() -> None:
    sample = gallery.pages()
    assert refresh_seconds(sample["waiting"], gallery.NOW) == 5
    assert refresh_seconds(sample["wait"], gallery.NOW) == 5
    assert refresh_seconds(sample["reply"], gallery.NOW) == 43
    assert refresh_seconds(sample["consent"], gallery.NOW) is None
    assert "http-equiv" not in gallery.drawn("consent")


def test_time_left_is_never_negative() -> None:
    over = replace(gallery.pages()["reply"], deadline_at=gallery.NOW - timedelta(seconds=9))
    assert context_of(over, gallery.FRAME)["seconds_left"] == 0


def test_page_that_counts_people_stays_the_same_page_with_another_digest() -> None:
    before = gallery.pages()["waiting"]
    after = replace(before, html=gallery.said("**6 of 8** players are here."))
    assert identity_of(before) == identity_of(after)
    assert digest_of(before) != digest_of(after)
    other = gallery.pages()["instructions"]
    assert identity_of(other) != identity_of(replace(other, html=gallery.said("Page three.")))


def test_page_in_a_study_of_another_language_says_so() -> None:
    with translation.override("de"):
        html = gallery.drawn("reply", language="de")
    assert '<html lang="de" dir="ltr">' in html
    assert "Pause oder aufhören" in html


def test_demonstration_speaks_of_others_only_where_one_meets_some() -> None:
    def banner(*, has_others: bool) -> str:
        frame = replace(gallery.FRAME, is_demo=True, has_others=has_others)
        html = draw(gallery.request(), gallery.pages()["end"], frame, is_fragment=False)
        return html.partition('<aside class="banner"')[2].partition("</aside>")[0]

    assert "some or all of the others are played by the computer" in banner(has_others=True)
    assert "This is a demonstration. Nothing that you do here counts." in banner(has_others=False)
    assert "others" not in banner(has_others=False)


@pytest.mark.parametrize(
    ("has_data", "words"),
    [(True, "about your data or your pay, give us this number"), (False, "about your pay, give us this number")],
)
def test_last_page_shows_the_number_by_which_pay_is_found(has_data: bool, words: str) -> None:
    page = gallery.pages()["end"]
    numbered = replace(page, facts={**page.facts, "own_code": "p0123456789", "has_data": has_data})
    html = draw(gallery.request(), numbered, gallery.FRAME, is_fragment=False)
    assert words in html
    assert "p0123456789" in html
    assert "this number" not in gallery.drawn("end")


@pytest.mark.parametrize("name", gallery.pages())
def test_page_of_a_simulated_study_says_so(name: str) -> None:
    html = gallery.drawn(name, is_simulated=True)
    assert "SIMULATED: a trial run by computer programs." in html
    assert forbidden_words(re.sub(r"<[^>]*>", " ", html)) == []
    assert "SIMULATED" not in gallery.drawn(name)
    with translation.override("de"):
        assert "SIMULIERT: ein Probelauf" in gallery.drawn(name, is_simulated=True, language="de")


@pytest.mark.parametrize("name", gallery.pages())
def test_what_a_script_swaps_is_the_same_in_a_simulated_study(name: str) -> None:
    drawn = {gallery.drawn(name, is_simulated=is_simulated, is_fragment=True) for is_simulated in (True, False)}
    assert len({re.sub(r'name="(key|csrfmiddlewaretoken)" value="[^"]*"', "", html) for html in drawn}) == 1
