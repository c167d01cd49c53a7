"""What the page's scripts promise: nothing sent twice, nothing typed lost, nothing moved under one's hands."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from paradigm import FieldError
from tests.browser import look
from tests.browser.stage_set import StageSet
from tests.pages import gallery

pytestmark = pytest.mark.browser
TYPED = "I will send back half."


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": 900, "height": 700})
    yield context.new_page()
    context.close()


def then(stage: StageSet, name: str, rev: str = "r2") -> None:
    """The page that follows."""
    stage.current, stage.frame = gallery.pages()[name], replace(stage.frame, rev=rev)


def test_double_click_sends_once_and_focus_goes_to_the_new_heading(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["reply"])

    def answer(_form: dict[str, str]) -> tuple[int, str]:
        then(stage, "wait")
        return 200, stage.html(is_fragment=True)

    stage.answer = answer
    stage.open(tab)
    tab.fill("textarea", TYPED)
    tab.evaluate("() => { const b = document.querySelector('.primary'); b.click(); b.click(); b.click(); }")
    expect(tab.locator("h1")).to_have_text("The Chooser is writing")
    assert [form["message"] for form in stage.sent] == [TYPED]
    assert tab.evaluate("document.activeElement.id") == "title"
    assert tab.url.endswith("/s/")


def test_lost_connection_is_tried_again_with_the_same_key_and_text(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["reply"])

    def answer(_form: dict[str, str]) -> tuple[int, str] | None:
        if len(stage.sent) == 1:
            return None
        if len(stage.sent) == 2:
            return 503, "busy"
        then(stage, "wait")
        return 200, stage.html(is_fragment=True)

    stage.answer = answer
    stage.open(tab)
    tab.fill("textarea", TYPED)
    tab.click(".primary")
    expect(tab.locator("#note")).to_contain_text("your text is kept")
    expect(tab.locator("h1")).to_have_text("The Chooser is writing", timeout=15000)
    assert len(stage.sent) == 3
    assert len({form["key"] for form in stage.sent}) == 1
    assert {form["message"] for form in stage.sent} == {TYPED}


def test_refresh_keeps_what_was_typed_and_the_next_page_does_not_get_it(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["reply"])
    stage.open(tab)
    tab.fill("textarea", TYPED)
    tab.reload()
    expect(tab.locator("textarea")).to_have_value(TYPED)
    then(stage, "reply", rev="r9")
    tab.reload()
    expect(tab.locator("textarea")).to_have_value("")


def test_refused_form_keeps_the_answers_and_leads_to_the_field(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["decide"])

    def answer(form: dict[str, str]) -> tuple[int, str]:
        errors = {"choice": FieldError("missing", "Please answer this.")}
        stage.current = replace(stage.current, errors=errors, values=form)
        return 422, stage.html(is_fragment=True)

    stage.answer = answer
    stage.open(tab)
    tab.click(".primary")
    expect(tab.locator("#problems")).to_be_focused()
    tab.click("#problems a")
    expect(tab.locator("#f-choice")).to_be_focused()
    look.check(tab)


@pytest.mark.parametrize(("outcome", "left"), [("stale", TYPED), ("stored", "")])
def test_words_that_were_not_stored_stay_in_the_form(tab: Tab, outcome: str, left: str) -> None:
    stage = StageSet(gallery.pages()["reply"], outcome=outcome)
    stage.open(tab)
    tab.fill("textarea", TYPED)
    stage.frame = replace(stage.frame, rev="r2")  # in an exchange the others write meanwhile
    tab.click(".primary")
    expect(tab.locator("#page")).to_have_attribute("data-rev", "r2")
    expect(tab.locator("textarea")).to_have_value(left)


def test_news_about_the_same_page_does_not_touch_what_one_types(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["reply"])
    stage.open(tab)
    tab.locator("textarea").press_sequentially("I will")
    box = tab.locator("textarea").element_handle()
    stage.current = replace(stage.current, points=99)
    stage.frame = replace(stage.frame, rev="r2")
    tab.evaluate("() => dispatchEvent(new Event('online'))")
    expect(tab.locator(".points strong")).to_have_text("99")
    tab.keyboard.type(" share")
    expect(tab.locator("textarea")).to_have_value("I will share")
    assert box is not None
    assert box.evaluate("box => box.isConnected && box === document.activeElement")
    tab.click(".primary")
    tab.wait_for_timeout(200)
    assert stage.sent[-1]["rev"] == "r2"


def test_number_that_grows_on_a_waiting_page_moves_nobodys_focus(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["waiting"])
    stage.open(tab)
    tab.click("[data-sound]")
    expect(tab.locator("[data-sound]")).to_have_text("Sound is on")
    for number in (6, 7):
        heading = tab.locator("h1").element_handle()
        stage.current = replace(
            stage.current, html=gallery.said(f"**{number} of 8** players are here."), note=f"{number}"
        )
        stage.frame = replace(stage.frame, rev=f"r{number}")
        tab.evaluate("() => dispatchEvent(new Event('online'))")
        expect(tab.locator(".prose")).to_contain_text(f"{number} of 8")
        expect(tab.locator("#note")).to_have_text(str(number))
        expect(tab.locator("[data-sound]")).to_be_focused()
        assert heading is not None
        assert heading.evaluate("heading => heading.isConnected")
    tab.click("[data-sound]")
    expect(tab.locator("[data-sound]")).to_have_text("Play a sound when it goes on")
    tab.click(".buttons .quiet")
    tab.wait_for_timeout(200)
    assert stage.sent[-1]["rev"] == "r7"
    assert stage.sent[-1]["leave"] == "1"


def test_news_that_comes_while_a_form_is_on_its_way_is_fetched_after_it(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["reply"])

    def answer(_form: dict[str, str]) -> tuple[int, str]:
        then(stage, "wait")
        html = stage.html(is_fragment=True)
        tab.evaluate("() => dispatchEvent(new Event('online'))")  # the hint overtakes the answer
        then(stage, "feedback", rev="r3")
        return 200, html

    stage.answer = answer
    stage.open(tab)
    tab.fill("textarea", TYPED)
    tab.click(".primary")
    expect(tab.locator("h1")).to_have_text("The result of this round")


def test_page_changes_when_the_step_is_over(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["reply"])
    stage.open(tab)
    tab.fill("textarea", TYPED)
    then(stage, "feedback")
    tab.evaluate("() => dispatchEvent(new Event('online'))")
    expect(tab.locator("h1")).to_have_text("The result of this round")


def test_slider_shows_no_value_before_it_is_touched(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["return"])
    stage.open(tab)
    slider, box = tab.locator("input[type=range]"), tab.locator("input[type=number]")
    expect(slider).to_have_class("untouched")
    expect(box).to_have_value("")
    tab.click(".primary")
    tab.wait_for_timeout(200)
    assert stage.sent[-1]["returned"] == ""
    slider.click()  # exactly in the middle, where an untouched line stands by itself
    expect(box).to_have_value("15")
    expect(slider).not_to_have_class("untouched")
    box.fill("7")
    assert slider.input_value() == "7"
    box.fill("")
    expect(slider).to_have_class("untouched")


def test_countdown_speaks_at_thirty_and_ten_and_asks_for_the_next_page_at_zero(tab: Tab) -> None:
    tab.clock.install()
    stage = StageSet(gallery.pages()["reply"])
    stage.open(tab)
    expect(tab.locator("[data-clock]")).to_have_text("0:42")
    tab.clock.run_for(12_500)
    expect(tab.locator("#spoken")).to_have_text(re.compile("^30|^29"))
    tab.clock.run_for(20_000)
    expect(tab.locator("#spoken")).to_have_text(re.compile("^10|^9"))
    then(stage, "void")
    tab.clock.run_for(11_000)
    expect(tab.locator("h1")).to_have_text("This round does not count")


def test_waiting_page_flashes_the_title_when_it_goes_on_unseen(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["waiting"])
    stage.open(tab)
    tab.evaluate("() => Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    then(stage, "ready")
    tab.evaluate("() => dispatchEvent(new Event('online'))")
    tab.wait_for_function("() => document.title === 'Are you ready?'", polling=50, timeout=10_000)  # it alternates
    tab.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { value: false, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )
    expect(tab).to_have_title(gallery.FRAME.title)


def test_page_can_be_played_by_keyboard_alone(tab: Tab) -> None:
    stage = StageSet(gallery.pages()["decide"])

    def answer(_form: dict[str, str]) -> tuple[int, str]:
        then(stage, "return")
        return 200, stage.html(is_fragment=True)

    stage.answer = answer
    stage.open(tab)
    for _ in range(20):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.name") == "choice":
            break
    tab.keyboard.press("Space")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(tab.locator("h1")).to_have_text("How many points?")
    assert stage.sent[-1]["choice"] == "B"
    tab.keyboard.press("Tab")
    tab.keyboard.type("12")
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(200)
    assert stage.sent[-1]["returned"] == "12"
