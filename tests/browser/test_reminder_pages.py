"""The page that asks for an address: what was typed there stays in no browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from flow.address_form import AGREED
from flow.forms import ADDRESS
from tests.browser.stage_set import StageSet
from tests.pages import gallery

pytestmark = pytest.mark.browser
TYPED = "quirin.zwiebel@example.org"


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    yield context.new_page()
    context.close()


def test_refresh_forgets_the_address_and_keeps_the_tick(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["address"])
    stage.open(tab)
    tab.fill(f"[name={ADDRESS}]", TYPED)
    tab.check(f"[name={AGREED}]")
    assert TYPED not in str(tab.evaluate("Object.entries({...sessionStorage, ...localStorage})"))
    tab.reload()
    expect(tab.locator(f"[name={ADDRESS}]")).to_have_value("")
    expect(tab.locator(f"[name={AGREED}]")).to_be_checked()


def test_address_is_sent_with_the_form_and_with_nothing_else(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["address"])

    def answer(_form: dict[str, str]) -> tuple[int, str]:
        stage.current = gallery.pages()["home"]
        return 200, stage.html(is_fragment=True)

    stage.answer = answer
    stage.open(tab)
    asked = tab.locator(f"[name={ADDRESS}]")
    assert (asked.get_attribute("type"), asked.get_attribute("autocomplete")) == ("email", "email")
    asked.fill(TYPED)
    tab.check(f"[name={AGREED}]")
    tab.click(".primary")
    expect(tab.locator("h1")).to_have_text("Your next visit is open")
    assert [(form[ADDRESS], form[AGREED]) for form in stage.sent] == [(TYPED, "yes")]
    assert TYPED not in tab.url
    assert TYPED not in str(tab.evaluate("Object.entries({...sessionStorage, ...localStorage})"))
