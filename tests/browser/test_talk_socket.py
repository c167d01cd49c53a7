"""A conversation in a browser whose messages go over the socket, and whose lines come by it without a page."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from chat.silence import Silence
from flow.forms import CANONICAL_UUID
from paradigm import Line
from tests.browser import look
from tests.browser.test_talk import NEWS, Talk

pytestmark = pytest.mark.browser
NAME = "opaque"


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": 900, "height": 700})
    yield context.new_page()
    context.close()


class Live(Talk):
    """A conversation whose server takes messages over the socket, until it is told not to."""

    def __init__(self, **page: object) -> None:
        super().__init__(name=NAME, **page)
        self.says = self.take_in

    def take_in(self, frame: dict[str, Any]) -> Sequence[Mapping[str, object]]:
        """Store it, as the server does."""
        assert frame["talk"] == NAME
        assert CANONICAL_UUID.fullmatch(frame["key"])
        seq = len(self.lines) + 1
        self.come(Line("", frame["text"], seq=seq))
        own = {"stream": "talk", "talk": NAME}
        return [{**own, "stored": frame["key"], "seq": seq}, {**own, "lines": [line(seq, "", frame["text"])]}]

    def bring(self, *come: Line) -> None:
        """Lines by others come over the socket."""
        self.come(*come)
        self.tell(stream="talk", talk=NAME, lines=[line(one.seq, one.who, one.text) for one in come])

    @property
    def said(self) -> list[dict[str, Any]]:
        """The messages that came over the socket."""
        return [frame for frame in map(json.loads, self.heard) if frame["do"] == "say"]


def line(seq: int, who: str, text: str) -> dict[str, object]:
    return {"seq": seq, "who": who, "text": text}


def opened(tab: Tab, stage: Live) -> int:
    """The page is there and follows the socket; how often it has asked for news."""
    stage.open(tab)
    tab.wait_for_timeout(300)
    return stage.polls


def test_two_people_talk_without_a_page_being_asked_for(tab: Tab) -> None:
    stage = Live()
    complaints = look.listen(tab)
    polls = opened(tab, stage)
    first = tab.locator(".talk li").first.element_handle()
    tab.locator("textarea").press_sequentially("one")
    tab.keyboard.press("Shift+Enter")
    tab.keyboard.type("two")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("one\ntwo")
    expect(tab.locator("textarea")).to_have_value("")
    expect(tab.locator("textarea")).to_be_focused()
    expect(tab.locator("textarea")).to_be_editable()
    tab.keyboard.type("half a")
    stage.bring(Line("B", "<b>Well</b>\n& good", seq=3))
    expect(tab.locator(".talk .theirs .said").last).to_have_text("<b>Well</b>\n& good")
    tab.keyboard.type(" thought")
    expect(tab.locator("textarea")).to_have_value("half a thought")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk li")).to_have_count(4)
    assert (stage.polls, stage.sent) == (polls, []), "no page, no form"
    frames = stage.said
    assert [frame["text"] for frame in frames] == ["one\ntwo", "half a thought"]
    assert len({frame["key"] for frame in frames}) == 2, "another message, another key"
    assert [frame["how"]["answers"] for frame in frames] == [1, 1], "begun before the other's came"
    assert set(frames[0]["how"]) == {"answers", "first_key_ms", "sent_ms", "edits", "pastes", "blurs"}
    assert first is not None
    assert first.evaluate("one => one.isConnected"), "a line that was there is not said again"
    look.check(tab)
    assert complaints == []


def test_lines_are_drawn_as_the_page_draws_them_and_are_there_once(tab: Tab) -> None:
    stage = Live()
    opened(tab, stage)
    stage.bring(Line("B", "two", seq=2), Line("C", "three", seq=3))
    tab.locator("textarea").press_sequentially("four")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk li")).to_have_count(4)
    told = tab.locator(".talk").evaluate("list => [...list.children].map(one => one.outerHTML)")
    stage.tell(stream="talk", talk=NAME, lines=[line(3, "C", "three"), line(4, "", "four")])
    tab.evaluate(NEWS)  # the page, whose revision is another one by now
    tab.wait_for_timeout(400)
    expect(tab.locator(".talk li")).to_have_count(4)
    tab.reload()
    expect(tab.locator(".talk li")).to_have_count(4)
    assert tab.locator(".talk").evaluate("list => [...list.children].map(one => one.outerHTML)") == told


def test_line_by_somebody_else_takes_away_that_no_answer_came(tab: Tab) -> None:
    stage = Live(silence=Silence(has_begun=True))
    polls = opened(tab, stage)
    words = tab.locator("[role=log] [data-silence]")
    expect(words).to_contain_text("No answer has come")
    tab.locator("textarea").press_sequentially("Hello?")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("Hello?")
    expect(words).to_have_count(1)  # one's own words are no answer
    stage.bring(Line("B", "Sorry!", seq=3))
    expect(tab.locator(".talk li")).to_have_count(3)
    expect(words).to_have_count(0)
    assert stage.polls == polls, "without a page"


def test_draft_and_caret_stay_while_lines_and_a_page_come(tab: Tab) -> None:
    stage = Live()
    opened(tab, stage)
    tab.locator("textarea").press_sequentially("I am")
    tab.locator("textarea").evaluate("box => box.setSelectionRange(2, 2)")
    stage.bring(Line("B", "Still there?", seq=2))
    expect(tab.locator(".talk li")).to_have_count(2)
    tab.evaluate(NEWS)
    tab.wait_for_timeout(300)
    assert tab.locator("textarea").evaluate("box => [box.value, box.selectionStart]") == ["I am", 2]
    expect(tab.locator("textarea")).to_be_focused()
    tab.reload()
    expect(tab.locator("textarea")).to_have_value("I am")
    expect(tab.locator(".talk li")).to_have_count(2)


def test_gap_and_another_talk_are_filled_by_the_page(tab: Tab) -> None:
    stage = Live()
    polls = opened(tab, stage)
    stage.come(Line("B", "two", seq=2))
    stage.bring(Line("B", "three", seq=3))
    expect(tab.locator(".talk .said")).to_have_text(["Hello!", "two", "three"])
    assert stage.polls == polls + 1
    stage.come(Line("B", "four", seq=4))
    stage.tell(stream="talk", talk="another", lines=[line(1, "B", "not here")])
    expect(tab.locator(".talk .said")).to_have_text(["Hello!", "two", "three", "four"])


def test_log_stays_at_its_end_and_leaves_whoever_reads_above_alone(tab: Tab) -> None:
    stage = Live()
    stage.lines = tuple(Line("B", f"line {n}", seq=n) for n in range(1, 40))
    stage.come()
    opened(tab, stage)
    log = tab.locator("[data-log]")
    at_end = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 2"
    stage.bring(Line("B", "newest", seq=40))
    expect(tab.locator(".talk li")).to_have_count(40)
    assert log.evaluate(at_end)
    log.evaluate("log => { log.scrollTop = 0; }")
    stage.bring(Line("B", "newer still", seq=41))
    expect(tab.locator(".talk li")).to_have_count(41)
    assert log.evaluate("log => log.scrollTop") == 0
    tab.locator("textarea").press_sequentially("mine")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk li")).to_have_count(42)
    assert log.evaluate(at_end), "one's own words are to be seen"


def form_of(stage: Live) -> dict[str, str]:
    (form,) = stage.sent
    return form


def test_what_the_socket_does_not_take_goes_as_the_form_under_the_same_key(tab: Tab) -> None:
    stage = Live()
    stage.says = lambda frame: [{"stream": "talk", "talk": NAME, "form": frame["key"]}]
    opened(tab, stage)
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("hello")
    assert (form_of(stage)["key"], form_of(stage)["message"]) == (stage.said[0]["key"], "hello")
    stage.says = stage.take_in
    tab.keyboard.type("again")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said").last).to_have_text("again")
    assert len(stage.sent) == 1
    assert stage.said[1]["key"] != stage.said[0]["key"]


@pytest.mark.parametrize("way", ["silence", "closed"])
def test_message_without_an_answer_is_sent_as_the_form_and_said_once(tab: Tab, way: str) -> None:
    stage = Live()
    stage.says = None
    opened(tab, stage)
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(150)
    tab.keyboard.type(" more")
    expect(tab.locator("textarea")).to_have_value("hello")  # it is locked while it is on its way
    if way == "closed":
        stage.sockets[-1].close(code=1012)
    expect(tab.locator(".talk .mine .said")).to_have_text("hello", timeout=1500 if way == "closed" else 6000)
    assert form_of(stage)["key"] == stage.said[0]["key"]
    expect(tab.locator("textarea")).to_have_value("")


def test_message_that_was_stored_before_a_reload_is_not_offered_again(tab: Tab) -> None:
    stage = Live()
    stage.says = lambda frame: stage.take_in(frame)[:0]
    opened(tab, stage)
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(200)
    tab.reload()
    expect(tab.locator(".talk .mine .said").last).to_have_text("hello")
    expect(tab.locator("textarea")).to_have_value("")
    assert stage.sent == []


def test_message_under_way_at_a_reload_keeps_its_key(tab: Tab) -> None:
    stage = Live()
    stage.says = None
    opened(tab, stage)
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(200)
    stage.says = stage.take_in
    tab.reload()
    expect(tab.locator("textarea")).to_have_value("hello")
    tab.wait_for_timeout(300)
    tab.locator("textarea").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("hello")
    assert len({frame["key"] for frame in stage.said}) == 1


def sent_and_loaded_again(tab: Tab, stage: Live, text: str) -> None:
    """A message is on its way, nothing has answered, and the page is loaded again."""
    stage.says = None
    tab.locator("textarea").press_sequentially(text)
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(200)
    tab.reload()
    expect(tab.locator("textarea")).to_have_value(text)
    tab.wait_for_timeout(300)
    stage.says = stage.take_in


def test_same_words_a_second_time_are_not_taken_for_stored(tab: Tab) -> None:
    stage = Live()
    opened(tab, stage)
    tab.locator("textarea").press_sequentially("ok")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("ok")
    sent_and_loaded_again(tab, stage, "ok")
    tab.locator("textarea").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text(["ok", "ok"])
    first, second, again = (frame["key"] for frame in stage.said)
    assert first != second == again


def test_message_under_way_at_a_reload_keeps_its_key_when_news_comes(tab: Tab) -> None:
    stage = Live()
    opened(tab, stage)
    sent_and_loaded_again(tab, stage, "hello")
    stage.come(Line("B", "Well?", seq=2))
    tab.evaluate(NEWS)
    expect(tab.locator(".talk li")).to_have_count(2)
    expect(tab.locator("textarea")).to_have_value("hello")
    tab.reload()
    expect(tab.locator("textarea")).to_have_value("hello")
    tab.wait_for_timeout(300)
    tab.locator("textarea").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("hello")
    first, again = (frame["key"] for frame in stage.said)
    assert first == again


@pytest.mark.parametrize("way", ["line", "page"])
def test_message_that_comes_after_a_reload_is_not_offered_again(tab: Tab, way: str) -> None:
    stage = Live()
    opened(tab, stage)
    sent_and_loaded_again(tab, stage, "hello")
    if way == "line":
        stage.bring(Line("", "hello", seq=2))
    else:
        stage.come(Line("", "hello", seq=2))
        tab.evaluate(NEWS)
    expect(tab.locator(".talk .mine .said")).to_have_text("hello")
    expect(tab.locator("textarea")).to_have_value("")
    tab.locator("textarea").press_sequentially("more")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text(["hello", "more"])
    first, next_one = (frame["key"] for frame in stage.said)
    assert first != next_one, "what was stored has used its key"
    assert stage.sent == []


def test_answer_that_was_drawn_before_a_line_came_takes_it_not_away(tab: Tab) -> None:
    stage = Live()
    stage.says = lambda frame: [{"stream": "talk", "talk": NAME, "form": frame["key"]}]
    opened(tab, stage)
    usual = stage.answer

    def answer(form: dict[str, str]) -> tuple[int, str] | None:
        drawn = usual(form) if usual else None
        stage.tell(stream="talk", talk=NAME, lines=[line(2, "", form["message"]), line(3, "B", "meanwhile")])
        tab.wait_for_timeout(200)
        return drawn

    stage.answer = answer
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    expect(tab.locator("textarea")).to_have_value("")
    expect(tab.locator(".talk .said")).to_have_text(["Hello!", "hello", "meanwhile"])


def test_offline_message_is_kept_and_sent_as_the_form(tab: Tab) -> None:
    stage = Live()
    opened(tab, stage)
    usual = stage.answer
    stage.answer = lambda form: None if len(stage.sent) < 3 else usual(form)  # type: ignore[misc]
    stage.says = None
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    tab.evaluate("() => dispatchEvent(new Event('offline'))")
    expect(tab.locator("#note")).to_contain_text("your text is kept")
    expect(tab.locator(".talk .mine .said")).to_have_text("hello", timeout=15000)
    assert {form["key"] for form in stage.sent} == {stage.said[0]["key"]}


def test_buttons_that_end_a_talk_send_the_form(tab: Tab) -> None:
    stage = Live()
    opened(tab, stage)
    tab.locator("textarea").press_sequentially("bye")
    tab.click("[data-finish]")
    tab.wait_for_timeout(300)
    assert stage.said == []
    assert (form_of(stage)["message"], form_of(stage)["then"]) == ("bye", "ready")


def test_refusal_is_shown_and_the_message_after_it_clears_it(tab: Tab) -> None:
    stage = Live(min_chars=10)
    stage.says = lambda frame: [{"stream": "talk", "talk": NAME, "form": frame["key"]}]
    opened(tab, stage)
    hint = tab.locator("#f-message-most")
    tab.locator("textarea").press_sequentially("long enough, this one")
    stage.says = stage.take_in
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("long enough, this one")
    expect(hint).to_have_text(re.compile("^At least 10"))


def test_writing_is_over_with_the_line_and_two_tabs_show_the_same(chromium: Browser) -> None:
    context = chromium.new_context()
    stages = [Live(typing=True), Live(typing=True)]
    tabs = [context.new_page() for _ in stages]
    for tab, stage in zip(tabs, stages, strict=True):
        stage.typing = []
        opened(tab, stage)
        stage.tell(stream="typing", who="B", **{"is": True, "after": 1})
        expect(tab.locator("[data-typing]")).to_have_text("B is writing …")
        stage.bring(Line("B", "Yes", seq=2))
        expect(tab.locator("[data-typing]")).to_have_text("")
    tabs[0].locator("textarea").press_sequentially("mine")
    tabs[0].keyboard.press("Enter")
    stages[1].bring(Line("", "mine", seq=3))
    for tab in tabs:
        expect(tab.locator(".talk .said")).to_have_text(["Hello!", "Yes", "mine"])
        expect(tab.locator(".talk .mine")).to_have_count(1)
    context.close()
