"""What somebody reads on a page, as plain words in order: the same that its template draws, and the hash of them.

Kept with what people were shown, so that an analyst can tell that a page built again from the dataset is the page that
was. The page's own words only: not the strip above it (place, points, time left), notes, refusals, or how to reach
somebody, which change while the page stays the same.
"""

import hashlib
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from flow.drawing import FINISH, Widget, plain_card, plain_line, widgets_of
from flow.page import Page
from flow.zones import Zone
from paradigm import Card, Choice, Circles, Points, Rating, Table, Text
from studies.markdown import visible
from studies.slots import CALCULATOR


def text_sha256(page: Page) -> str:
    """The SHA-256 of a page's words."""
    return hashlib.sha256(words_on(page).encode()).hexdigest()


def words_on(page: Page) -> str:
    """A page's words, one space between any two."""
    return " ".join(" ".join(_parts(page)).split())


def buttons_of(page: Page) -> list[str]:
    """The words of its buttons, the primary one first."""
    ends = [field.offered[1].label for field in page.fields if isinstance(field, Choice) and field.kind == FINISH]
    return [word for word in (page.button, *ends, *(one["label"] for one in page.facts.get("also", ()))) if word]


def hint_of(page: Page) -> str:
    """What stands under the buttons about the end of the time."""
    if page.deadline_at is None or not (page.fields or buttons_of(page)):
        return ""
    if at_zero := page.facts.get("at_zero"):
        return str(at_zero)
    if page.fields:
        return _("When the time is up, this page goes on without your answer.")
    return _("When the time is up, this page goes on by itself.")


def _parts(page: Page) -> Iterator[str]:
    """In the order of `participant/match.html` or `participant/text.html`."""
    widgets = widgets_of(page)
    yield page.title
    yield visible(page.html.replace(CALCULATOR, " "))  # what may be tried out beside the words is no part of them
    tables = [word for table in (page.view.tables if page.view else ()) for word in _table(table)]
    if page.kind != "match":
        yield from tables
    else:
        yield from _rules(page)
        yield from _past(page)
        yield from _met(page, widgets)
        if not page.fields and not page.button:
            yield _("This page goes on by itself.")
    for widget in (one for one in widgets if one.field.kind != FINISH):
        yield from _widget(widget, page)
    yield from buttons_of(page)
    yield hint_of(page)
    if page.kind == "match":
        yield from tables


def _rules(page: Page) -> Iterator[str]:
    """The rules of a conversation."""
    if rules := page.facts.get("talk", {}).get("rules"):
        yield from (_("Rules of this conversation"), *rules, _("Report this conversation"))


def _past(page: Page) -> Iterator[str]:
    """What is said of earlier conversations; their words are pages of their own."""
    past = page.facts.get("talk", {}).get("past")
    if past and past["titles"]:
        yield from (_("Your earlier conversations"), past["told"])
        for _number, title in past["titles"]:
            yield from (title, _("Read this conversation"))


def _met(page: Page, widgets: Sequence[Widget]) -> Iterator[str]:
    """What was said, and who is there and not among the options."""
    if page.view is None:
        return
    for line in map(plain_line, page.view.lines):
        yield from (line.who or _("You"), line.text)
    picked = {offer.card.position for widget in widgets for offer in widget.offers if offer.card}
    cards = page.view.cards
    if any(card.text or card.label for card in cards):
        for card in cards:
            if card.position not in picked:
                yield from _card(plain_card(card), page)


def _card(card: Card, page: Page) -> Iterator[str]:
    yield card.position
    if page.view is not None and page.view.facts.get("letter") == card.position:
        yield _("(you)")
    yield from (card.label, card.text)


def _widget(widget: Widget, page: Page) -> Iterator[str]:
    """In the order of the templates under `fields/`."""
    field = widget.field
    if widget.names_about:
        yield field.about
    yield widget.label
    if widget.says_optional:
        yield _("(you may leave this empty)")
    for offer in widget.offers:
        if offer.card:
            yield from _card(offer.card, page)
        yield offer.option.label
    yield from _bounds(widget)


def _bounds(widget: Widget) -> Iterator[str]:
    """What may be answered, as the field's template says it."""
    field = widget.field
    if isinstance(field, Zone):
        yield _("Please pick one")
        yield from (words for _name, words in field.places)
    elif isinstance(field, Circles):
        yield widget.who
    elif isinstance(field, Rating) and widget.scale:
        ends = (field.low_label, field.high_label, *map(str, widget.scale))
        yield from [words for _, words in widget.steps] or ends
    elif widget.ends:
        yield widget.ends
    elif isinstance(field, Points):
        yield _("%(low)s to %(high)s") % {"low": field.low, "high": field.high}
    elif isinstance(field, Text):
        yield widget.length


def _table(table: Table) -> Iterator[str]:
    yield table.caption
    yield from table.columns
    yield from (str(cell) for row in table.rows for cell in row)
