"""From a `Page` to what its template needs: controls with ids, errors in words, times a script can count down from."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_bidi, gettext_noop, ngettext
from django.utils.translation import gettext as _

from flow.calculator import FACT, Calculator
from flow.circles import Pair, pairs, who_is_who
from flow.page import Page
from paradigm import Card, Choice, Circles, Field, FieldError, Line, Option, Rating, Table, Text

MOST_RADIOS = 7
LIVE_KINDS = frozenset({"waiting", "match"})
FINISH = "finish"  # `chat.forms.Finish`: drawn as a button; it may come to a page without making it another one
# Looked at beside the session; news must not replace them.
STILL_KINDS = frozenset(
    {"leave", "recorded", "calculator", "report", "zone", "consent", "reminders", "earlier", "data"}
)
# A page without anything to press and without a script asks for news itself, but never faster than this.
LEAST_REFRESH_SECONDS = 5

# What `plain` takes out of people's words, besides control characters.
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSEEN = "\u200b\u2060\ufeff"  # not the joiners U+200C and U+200D: Persian, Hindi and emoji are written with them

# What the language's own fields may refuse with. They are pure Python without gettext, so the words are collected here.
REFUSALS = (
    gettext_noop("Please answer this."),
    gettext_noop("Please write words here."),
    gettext_noop("This has characters that cannot be stored."),
    gettext_noop("Please use at most %(max)s characters."),
    gettext_noop("Please use at least %(min)s characters."),
    gettext_noop("Please write a whole number."),
    gettext_noop("Please choose from %(low)s to %(high)s."),
    gettext_noop("Please pick one of the options."),
)


@dataclass(frozen=True)
class Frame:
    """What stands around a page. Holds only what a participant may see.

    Attributes:
        title: The study's public title; the tab says nothing else.
        rev: The revision of the page, sent back with the form and with every poll.
        now: The platform's clock, so that a wrong clock in the browser does not matter.
        language: Of the study, e.g. "en".
        worth: What the points so far are worth, e.g. "£0.48"; empty where they are worth nothing.
        contact: name, email and ethics_ref of those who answer questions.
        is_demo: Whether the page says that this is a demonstration.
        has_others: Whether one meets anybody in this study.
        is_simulated: Whether the page says that the study is played by simulated people.
        is_over: Whether the participant has reached an exit: then there is nothing to leave.
        shows_recorded: Whether one may look at one's own rows.
        support: The card with resources, where the study has one: title, html, hours, address.
    """

    title: str
    rev: str
    now: datetime
    language: str = "en"
    worth: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    is_demo: bool = False
    has_others: bool = False
    is_simulated: bool = False
    is_over: bool = False
    shows_recorded: bool = False
    support: Any = None


@dataclass(frozen=True)
class Offer:
    """One option of a choice; `card` is who it is about, where the page shows that person."""

    option: Option
    card: Card | None = None


@dataclass(frozen=True)
class Widget:
    """One field as its template meets it."""

    field: Field
    id: str
    label: str
    value: str = ""
    error: str = ""
    offers: Sequence[Offer] = ()

    @property
    def template(self) -> str:
        """The template that draws it."""
        return "fields/cards.html" if self.has_cards else f"fields/{self.field.kind}.html"

    @property
    def names_about(self) -> bool:
        """Whether the letter of the partner must stand beside the label, because the label does not say it."""
        return bool(self.field.about) and self.field.about not in re.findall(r"\w+", self.label)

    @property
    def says_optional(self) -> bool:
        """Whether to add that it may stay empty; a label that ends in a bracket says so itself."""
        return not self.field.required and not self.label.endswith(")")

    @property
    def has_cards(self) -> bool:
        """Whether the options are people on cards."""
        return any(offer.card for offer in self.offers)

    @property
    def scale(self) -> Sequence[int]:
        """The points of a short rating, each a radio button; empty where a slider is better."""
        if not isinstance(self.field, Rating) or int(self.field.high) - int(self.field.low) >= MOST_RADIOS:
            return ()
        return range(int(self.field.low), int(self.field.high) + 1)

    @property
    def steps(self) -> Sequence[tuple[int, str]]:
        """The points of a short rating with what stands at each, where other points than the ends have labels."""
        points = self.field.points if isinstance(self.field, Rating) and self.scale else []
        return list(zip(self.scale, points, strict=True)) if points else ()

    @property
    def length(self) -> str:
        """How many characters a text may have."""
        if not isinstance(self.field, Text):
            return ""
        least, most = int(self.field.min_chars), int(self.field.max_chars)
        if least:
            return _("At least %(min)s and at most %(max)s characters") % {"min": least, "max": most}
        return ngettext("At most %(max)s character", "At most %(max)s characters", most) % {"max": most}

    @property
    def ends(self) -> str:
        """What the points of a long rating mean; empty where nothing says so."""
        field = self.field
        if not isinstance(field, Rating):
            return ""
        ends = ((field.low, field.low_label), (field.high, field.high_label)) if field.low_label else ()
        return " · ".join(f"{point} = {words}" for point, words in field.labels or ends)

    @property
    def pairs(self) -> Sequence[Pair]:
        """The pictures of circles, where one of them is picked."""
        return pairs() if isinstance(self.field, Circles) else ()

    @property
    def who(self) -> str:
        """Which of the circles is whose."""
        return who_is_who(self.field) if isinstance(self.field, Circles) else ""


def draw(request: HttpRequest, page: Page, frame: Frame, *, is_fragment: bool) -> str:
    """The HTML of a page: the whole document, or only the part that a script swaps."""
    template = "participant/fragment.html" if is_fragment else "participant/frame.html"
    return render_to_string(template, context_of(page, frame), request=request)


def _labelled(table: Table) -> dict[str, object]:
    """A table whose cells know their column: on a phone each row becomes a list of names and values."""
    rows = [list(zip(table.columns, row, strict=True)) for row in table.rows]
    return {"caption": table.caption, "columns": table.columns, "labelled": rows}


def context_of(page: Page, frame: Frame) -> dict[str, object]:
    """Everything the templates use."""
    widgets = widgets_of(page)
    picked = {offer.card.position for widget in widgets for offer in widget.offers if offer.card}
    view = page.view
    return {
        "page": page,
        "frame": frame,
        "body": f"participant/{page.kind}.html",
        "widgets": widgets,
        "problems": [widget for widget in widgets if widget.error],
        "problem": words_of(page.errors.get("")),
        "cards": [plain_card(card) for card in (view.cards if view else ()) if card.position not in picked],
        "has_words": any(card.text for card in view.cards) if view else False,
        "has_labels": any(card.label for card in view.cards) if view else False,
        "lines": [plain_line(line) for line in (view.lines if view else ())],
        "tables": [_labelled(table) for table in (view.tables if view else ())],
        "calculator": _calculator(page.facts.get(FACT)),
        "foot": foot_of(frame),
        "key": uuid4(),
        "identity": identity_of(page),
        "digest": digest_of(page) if page.kind == "waiting" or page.facts.get("awaits") else "",
        "is_live": page.kind in LIVE_KINDS,
        "is_still": page.kind in STILL_KINDS,
        "direction": "rtl" if get_language_bidi() else "ltr",
        "refresh_seconds": refresh_seconds(page, frame.now),
        "seconds_left": seconds_left(page, frame.now),
        "exact_seconds_left": f"{_left(page, frame.now) or 0:.1f}",
    }


def foot_of(frame: Frame) -> str:
    """What stands below every page. Where nothing in it changes it is the same for all, and drawn once."""
    if frame.support:
        return render_to_string("participant/footer.html", {"frame": frame})
    return _foot(get_language(), tuple(frame.contact.items()), frame.is_over)


@lru_cache(maxsize=256)
def _foot(_language: str | None, contact: tuple[tuple[str, str], ...], is_over: bool) -> str:
    frame = {"contact": dict(contact), "is_over": is_over}
    return render_to_string("participant/footer.html", {"frame": frame})


def _calculator(shown: Calculator | None) -> dict[str, object] | None:
    """The worked example: by place its fields, and what everybody would earn."""
    if shown is None:
        return None
    worked = shown.worked
    fields = [one.field for one in worked.tried]
    widgets = widgets_of(Page("", "", fields=fields, errors=worked.errors, values=worked.values))
    owned = list(zip([one.place.position for one in worked.tried], widgets, strict=True))
    places = [
        {"title": shown.title(place), "widgets": [widget for at, widget in owned if at == place.position]}
        for place in shown.places
    ]
    points = [(shown.title(place), earned) for place, earned in worked.points or ()]
    return {"places": places, "points": points}


def widgets_of(page: Page) -> list[Widget]:
    """The page's fields with ids, labels, what was typed and what was wrong with it."""
    found: list[Widget] = []
    cards = {card.position: plain_card(card) for card in (page.view.cards if page.view else ())}
    for one in page.fields:
        offers = offers_of(one, cards)
        if any(offer.card for offer in offers):
            cards = {}  # people are shown once; a later question about them is a plain list
        found.append(
            Widget(
                field=one,
                id=html_id(one.key),
                label=_(one.label) if one.label else "",
                value=plain(str(page.values.get(one.key, "") or "")),
                error=words_of(page.errors.get(one.key)),
                offers=offers,
            )
        )
    return found


def offers_of(one: Field, cards: Mapping[str, Card]) -> Sequence[Offer]:
    """A choice's options, joined with the cards of those they name."""
    if not isinstance(one, Choice):
        return ()
    named = {option.value for option in one.offered}
    shown = cards if cards and set(cards) <= named else {}
    return [Offer(option, shown.get(option.value)) for option in one.offered]


def words_of(error: FieldError | None) -> str:
    """A refusal in the participant's language."""
    if error is None:
        return ""
    words = _(error.text)
    return words % error.slots if error.slots else words


def html_id(key: str) -> str:
    """A valid id for a field's key: "expected@A" gives "f-expected-A"."""
    return "f-" + re.sub(r"[^A-Za-z0-9_-]", "-", key)


def identity_of(page: Page) -> str:
    """The same for two revisions of one page, so that a number which grows does not move anybody's focus."""
    told = page.view.page if page.view else ""
    words = "" if page.kind in LIVE_KINDS else page.html
    fields = "/".join(one.key for one in page.fields if one.kind != FINISH)
    parts = "|".join([page.kind, page.title, page.where, told, words, fields, page.button])
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def digest_of(page: Page) -> str:
    """Changes with every word of a page that waits, such as the number of those who are here."""
    parts = [page.title, str(page.html), page.note, page.where, page.button, str(page.facts)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def plain(text: str) -> str:
    """People's words without invisible characters that could turn the line around or hide something."""
    return "".join(
        c for c in text if c in "\n\t" or (unicodedata.category(c) not in {"Cc", "Cs", "Co"} and not _deceives(c))
    )


def _deceives(character: str) -> bool:
    """Whether it turns the line around, or takes no room: the latter could carry words past those who read along."""
    return character in TURNING or character in UNSEEN or "\U000e0000" <= character <= "\U000e01ef"


def plain_card(card: Card) -> Card:
    """The card with its words made safe to show."""
    return Card(position=card.position, label=card.label, text=plain(card.text))


def plain_line(line: Line) -> Line:
    """The line with its words made safe to show."""
    return Line(who=line.who, text=plain(line.text), kind=line.kind, seq=line.seq)


def seconds_left(page: Page, now: datetime) -> int | None:
    """Whole seconds until the limit, never negative; None without a limit."""
    left = _left(page, now)
    return None if left is None else round(left)


def _left(page: Page, now: datetime) -> float | None:
    return None if page.deadline_at is None else max(0.0, (page.deadline_at - now).total_seconds())


def refresh_seconds(page: Page, now: datetime) -> int | None:
    """When a browser without scripts loads the page again; None where somebody may be writing with all the time."""
    left = seconds_left(page, now)
    if page.kind in LIVE_KINDS and not page.fields:
        wait = max(LEAST_REFRESH_SECONDS, page.poll_seconds)
        return wait if left is None else min(wait, left + 1)
    return None if left is None else left + 1
