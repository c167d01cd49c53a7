"""The card, the pause and the ways on, in a browser and through the real views: by keyboard, on a phone, in German."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Route, expect
from playwright.sync_api import Page as Tab

from chat.models import Entry, SafetyStep, Trigger, WordsStep, WordsTrigger
from config.places import ROOT
from flow.models import Match
from participants.models import Participant
from tests.browser import look
from tests.browser.stage_set import ORIGIN, STATIC
from tests.chat.conftest import games_are_installed  # noqa: F401  a fixture is found by name
from tests.chat.rooms import Sitter, browser_of
from tests.chat.safe_rooms import ALONE, TWO, room
from tests.chat.test_between_people import send, session_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHIPPED = ("trust",)  # a word of the shipped card: "somebody you trust"
PHONE = {"width": 390, "height": 844}
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SAID = {
    "en": {
        "fine": "I had a nice day.", "offer": "I wish I was dead.", "stop": "I am going to kill myself tonight.",
        "foot": "Need support?", "title": "If you need support", "paused": "We have paused the conversation",
        "resume": "Go on with the conversation", "end": "Stop for today with full pay",
        "others": "There is a short pause.", "page": "Open this as a page of its own",
        "close": "You can close this page.",
    },
    "de": {
        "fine": "Heute war ein schöner Tag.", "offer": "Ich wünschte, ich wäre tot.",
        "stop": "Ich bringe mich heute Nacht um.", "foot": "Brauchen Sie Unterstützung?",
        "title": "Wenn Sie Unterstützung brauchen", "paused": "Wir haben das Gespräch angehalten",
        "resume": "Das Gespräch fortsetzen", "end": "Für heute aufhören, mit voller Bezahlung",
        "others": "Es gibt eine kurze Pause.", "page": "Als eigene Seite öffnen",
        "close": "Sie können diese Seite schließen.",
    },
}  # fmt: skip


def card_of(language: str) -> str:
    """The shipped card, with something in place of each placeholder."""
    text = (ROOT / "docs" / "safety" / f"card.{language}.md").read_text(encoding="utf-8")
    return re.sub(r"\[\[[^\]]*\]\]", "[0800 000000](tel:+490800000000)", text)


@dataclass
class Served:
    """A tab whose requests the real views answer, for the person in one seat."""

    tab: Tab
    client: Client
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, tab: Tab, match: Match, seat: int = 1) -> "Served":
        """Go to the person's page."""
        one = cls(tab, browser_of(match, seat), look.listen(tab))
        tab.context.route("**/*", one._serve)
        tab.route_web_socket("**/ws/session", lambda socket: socket.close())  # forms alone
        tab.goto(f"{ORIGIN}/s/")
        return one

    def say(self, words: str) -> None:
        """Write a message and press Enter."""
        self.tab.locator("textarea").fill(words)
        self.tab.locator("main .primary").click()

    def _serve(self, route: Route) -> None:
        try:
            self._answer(route)
        finally:
            connection.close()  # requests come in a context of their own, and so has each its connection

    def _answer(self, route: Route) -> None:
        asked = route.request
        url = urlsplit(asked.url)
        if url.path.startswith("/static/"):
            file = STATIC / url.path.removeprefix("/static/")
            route.fulfill(body=file.read_bytes(), content_type=TYPES.get(file.suffix, "font/woff2"))
            return
        headers = {"X-Fragment": "1"} if asked.headers.get("x-fragment") == "1" else {}
        where = f"{url.path}?{url.query}" if url.query else url.path
        if asked.method == "POST":
            kind = "application/x-www-form-urlencoded"
            answer = self.client.post(where, asked.post_data or "", content_type=kind, headers=headers)
        else:
            answer = self.client.get(where, headers=headers)
        told = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
        route.fulfill(status=answer.status_code, headers=told, body=answer.content)


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    """A phone."""
    context = chromium.new_context(viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def made(language: str, *sitters: Sitter, **said: Any) -> Match:
    """An open talk with the shipped card."""
    return room(*sitters, language=language, card=card_of(language), **said)


def tab_to(tab: Tab, text: str) -> None:
    """Reach something with the keyboard alone."""
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.innerText || ''").strip() == text:
            return
    raise AssertionError(f"the keyboard does not reach {text!r}")


@pytest.mark.parametrize("language", SAID)
def test_card_at_the_foot_is_opened_by_keyboard_and_is_a_page_of_its_own(tab: Tab, language: str) -> None:
    words, one = SAID[language], Served.open(tab, made(language, *ALONE))
    expect(tab.locator("html")).to_have_attribute("lang", language)
    card = tab.locator("#support .prose")
    expect(card).not_to_be_visible()
    look.check(tab, allowed=SHIPPED)
    tab_to(tab, words["foot"])
    tab.keyboard.press("Enter")
    expect(card).to_be_visible()
    expect(card).to_contain_text(words["title"])
    expect(card.locator("a[href^='tel:']").first).to_be_visible()
    look.check(tab, allowed=SHIPPED)
    look.picture(tab, f"card-at-the-foot-{language}")
    tab_to(tab, words["page"])
    with tab.context.expect_page() as opened:
        tab.keyboard.press("Enter")
    own = opened.value
    own.wait_for_load_state()
    expect(own.locator("h1")).to_have_text(words["title"])
    expect(own.locator("main")).to_contain_text(words["close"])
    expect(own.locator("html")).to_have_attribute("lang", language)
    look.check(own, allowed=SHIPPED)
    look.picture(own, f"card-page-{language}")
    own.close()
    tab_to(tab, words["foot"])
    tab.keyboard.press("Enter")
    expect(card).not_to_be_visible()
    assert one.complaints == []


@pytest.mark.parametrize("language", SAID)
def test_offered_card_stands_open_and_what_one_writes_goes_on(tab: Tab, language: str) -> None:
    words, one = SAID[language], Served.open(tab, made(language, *ALONE))
    one.say(words["fine"])
    expect(tab.locator(".talk .mine")).to_have_count(1)
    expect(tab.locator(".support.offered")).to_have_count(0)
    one.say(words["offer"])
    expect(tab.locator(".support.offered .prose")).to_be_visible()
    expect(tab.locator(".support.offered")).to_contain_text(words["title"])
    expect(tab.locator(".talk .mine .said").last).to_have_text(words["offer"])
    expect(tab.locator("textarea")).to_have_value("")
    look.check(tab, allowed=SHIPPED)
    look.picture(tab, f"card-offered-{language}")
    one.say(words["fine"])
    expect(tab.locator(".talk .mine")).to_have_count(3)
    tab.locator(".support.offered summary").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".support.offered .prose")).not_to_be_visible()
    assert SafetyStep.objects.filter(what="card").count() == 1, "kept once that it was on a page"
    assert one.complaints == []


@pytest.mark.parametrize("language", SAID)
def test_pause_takes_the_place_of_the_conversation_and_going_on_brings_it_back(tab: Tab, language: str) -> None:
    words, one = SAID[language], Served.open(tab, made(language, *ALONE))
    one.say(words["stop"])
    expect(tab.locator("h1")).to_have_text(words["title"])
    expect(tab.locator("main")).to_contain_text(words["paused"])
    expect(tab.locator("textarea")).to_have_count(0)
    expect(tab.get_by_role("button", name=words["end"])).to_be_visible()
    look.check(tab, allowed=SHIPPED)
    look.picture(tab, f"paused-{language}")
    tab.reload()
    expect(tab.locator("h1")).to_have_text(words["title"])
    tab_to(tab, words["resume"])
    tab.keyboard.press("Enter")
    expect(tab.locator("textarea")).to_be_visible()
    expect(tab.locator(".talk .mine .said")).to_have_text([words["stop"]])
    expect(tab.locator(".support.offered .prose")).to_be_visible()
    look.check(tab, allowed=SHIPPED)
    look.picture(tab, f"gone-on-{language}")
    one.say(words["fine"])
    expect(tab.locator(".talk .mine")).to_have_count(2)
    assert list(SafetyStep.objects.values_list("what", flat=True)) == ["paused", "card", "resumed"]
    assert one.complaints == []


@pytest.mark.parametrize("language", SAID)
def test_whoever_stops_for_the_day_comes_to_the_last_page_with_full_pay(tab: Tab, language: str) -> None:
    match = made(language, *ALONE)
    words, one = SAID[language], Served.open(tab, match)
    one.say(words["stop"])
    expect(tab.locator("h1")).to_have_text(words["title"])
    tab_to(tab, words["end"])
    tab.keyboard.press("Enter")
    expect(tab.locator("#page")).to_have_attribute("data-kind", "end")
    look.check(tab, allowed=SHIPPED)
    look.picture(tab, f"stopped-{language}")
    person = Participant.objects.get(pk=session_of(match, 1).participant_id)
    assert (person.exit, person.settlement.base_minor) == ("completed", 400)
    expect(tab.locator("#support")).to_have_count(1)
    assert one.complaints == []


@pytest.mark.parametrize("language", SAID)
def test_partner_reads_of_a_short_pause_and_of_nothing_else(tab: Tab, language: str) -> None:
    match = made(language, *TWO)
    words, one = SAID[language], Served.open(tab, match, seat=2)
    one.say(words["fine"])
    send(match, 1, message=words["stop"])
    tab.evaluate("() => dispatchEvent(new Event('online'))")
    expect(tab.locator("#note")).to_contain_text(words["others"])
    expect(tab.locator(".support.offered")).to_have_count(0)
    look.check(tab, allowed=SHIPPED)
    look.picture(tab, f"partner-pauses-{language}")
    one.say(words["fine"])
    expect(tab.locator(".talk .mine")).to_have_count(2)
    assert Trigger.objects.get().seat.number == 1
    assert Entry.objects.count() == 3
    assert one.complaints == []


@pytest.mark.parametrize("language", SAID)
def test_card_stands_open_on_the_page_after_a_report_that_names_danger(tab: Tab, language: str) -> None:
    match = made(language, *ALONE)
    words, one = SAID[language], Served.open(tab, match)
    for kind in ("match", "end"):
        tab.goto(f"{ORIGIN}/s/report")
        tab.locator("input[type=radio]").first.check()
        tab.locator("textarea").fill(words["stop"])
        tab.locator("main .primary").click()
        expect(tab.locator("#page")).to_have_attribute("data-kind", kind)
        expect(tab.locator(".support.offered .prose")).to_be_visible()
        expect(tab.locator(".support.offered")).to_contain_text(words["title"])
        look.check(tab, allowed=SHIPPED)
        look.picture(tab, f"card-after-a-report-{kind}-{language}")
        if kind == "match":
            send(match, 1, message=words["stop"])
            send(match, 1, safety="stop")
            tab.goto(f"{ORIGIN}/s/")
            expect(tab.locator(".support.offered")).to_have_count(0)
    assert list(WordsTrigger.objects.values_list("tier", flat=True)) == ["stop", "stop"]
    assert WordsStep.objects.filter(what="card").count() == 2
    assert one.complaints == []
