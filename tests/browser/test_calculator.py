"""The worked example in a browser: by keyboard, on a phone, with and without scripts, never in the way of the page."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from tests.browser import look
from tests.browser.stage_set import StageSet
from tests.pages import gallery

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Tab]:
    context = chromium.new_context(viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def fill(tab: Tab, *, a: str = "12", b: str = "20") -> None:
    tab.locator(".worked summary").click()
    tab.fill('[name="A.decide.returned"]', a)
    tab.fill('[name="B.decide.returned"]', b)
    tab.check('[name="Chooser.decide.choice"][value="A"]')


def test_it_follows_what_is_tried_on_a_phone(phone: Tab) -> None:
    complaints = look.listen(phone)
    stage = StageSet(gallery.pages()["example"])
    stage.open(phone)
    expect(phone.locator('[name="A.decide.returned"]')).to_be_hidden()  # closed until somebody wants it
    fill(phone)
    earned = phone.locator("[data-worked] li")
    expect(earned).to_have_text(["Responder A: 18 points", "Responder B: 0 points", "Chooser: 12 points"])
    phone.fill('[name="A.decide.returned"]', "30")
    expect(earned.first).to_have_text("Responder A: 0 points")
    look.check(phone)
    assert complaints == []
    assert stage.sent == []
    assert stage.examples[-1]["A.decide.returned"] == "30"


def test_it_works_by_keyboard_alone(phone: Tab) -> None:
    StageSet(gallery.pages()["example"]).open(phone)
    phone.locator(".worked summary").focus()
    phone.keyboard.press("Enter")
    for key in ("Tab", "1", "2", "Tab", "2", "0", "Tab", "Space", "Tab", "Enter"):
        phone.keyboard.press(key)
    expect(phone.locator("[data-worked] li")).to_have_count(3)


def test_what_is_refused_is_said_beside_its_field(phone: Tab) -> None:
    StageSet(gallery.pages()["example"]).open(phone)
    fill(phone, a="31")
    expect(phone.locator(".worked .error")).to_have_text("Please choose from 0 to 30.")
    phone.fill('[name="A.decide.returned"]', "3")
    expect(phone.locator(".worked .error")).to_have_count(0)


def test_it_leaves_the_pages_own_field_alone_and_news_leave_it_alone(phone: Tab) -> None:
    stage = StageSet(gallery.pages()["example_in_game"])
    stage.open(phone)
    phone.fill('[name="returned"]', "7")
    fill(phone)
    expect(phone.locator("[data-worked] li")).to_have_count(3)
    expect(phone.locator('[name="returned"]')).to_have_value("7")
    stage.frame = replace(stage.frame, rev="r1.later")
    phone.evaluate("() => dispatchEvent(new Event('online'))")  # asks for news
    expect(phone.locator("#page")).to_have_attribute("data-rev", "r1.later")
    expect(phone.locator('[name="A.decide.returned"]')).to_have_value("12")
    phone.locator(".primary").click()
    phone.wait_for_timeout(300)
    assert [form["returned"] for form in stage.sent] == ["7"]
    assert not any(name.startswith("A.") for name in stage.sent[0])


def test_without_scripts_it_opens_in_another_tab(chromium: Browser) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    tab = context.new_page()
    stage = StageSet(gallery.pages()["example_in_game"])
    stage.open(tab)
    tab.fill('[name="returned"]', "7")
    fill(tab)
    context.route("**/*", stage._serve)
    with context.expect_page() as opened:
        tab.locator(".worked button").click()
    expect(opened.value.locator("[data-worked] li")).to_have_count(3)
    assert tab.locator('[name="returned"]').input_value() == "7"
    assert stage.sent == []
    context.close()
