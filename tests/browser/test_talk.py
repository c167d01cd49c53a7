"""A conversation in a browser: Enter, pastes, what comes while one writes, the silent end, no network, a phone."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from chat.silence import Silence
from flow.page import Page
from paradigm import Line
from tests.browser import look
from tests.browser.stage_set import StageSet
from tests.pages import gallery

pytestmark = pytest.mark.browser
OPENING = (Line("B", "Hello!", seq=1),)
NEWS = "() => dispatchEvent(new Event('online'))"


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": 900, "height": 700})
    yield context.new_page()
    context.close()


class Talk(StageSet):
    """A conversation that grows; its revision changes behind the dot only."""

    def __init__(self, **page: object) -> None:
        self.page, self.news, self.name = page, 1, "talk"
        self.lines: tuple[Line, ...] = OPENING
        super().__init__(self._drawn())
        self.frame = replace(self.frame, rev="talk.1")
        self.answer = self._take

    def _drawn(self) -> Page:
        return gallery.talking(lines=self.lines, **self.page)["talk"]  # type: ignore[arg-type]

    def come(self, *lines: Line, **page: object) -> None:
        """Something is new."""
        self.lines, self.news = (*self.lines, *lines), self.news + 1
        self.page |= page
        self.current, self.frame = self._drawn(), replace(self.frame, rev=f"{self.name}.{self.news}")

    def follow_with(self, name: str, *lines: Line) -> None:
        """Another conversation comes at once, on a page that looks the same."""
        self.name, self.lines = name, ()
        self.come(*lines)

    def end_with_another(self, form: dict[str, str]) -> tuple[int, str]:
        """Take what is sent for the last of this conversation."""
        del form
        self.follow_with("next", Line("B", "Hello again!", seq=1))
        return 200, self.html(is_fragment=True)

    def _take(self, form: dict[str, str]) -> tuple[int, str]:
        self.come(Line("", form["message"], seq=len(self.lines) + 1))
        return 200, self.html(is_fragment=True)


def test_enter_sends_shift_enter_does_not_and_the_page_says_so(tab: Tab) -> None:
    stage = Talk()
    complaints = look.listen(tab)
    stage.open(tab)
    expect(tab.locator("main")).to_contain_text("Enter sends.")
    look.check(tab)
    tab.locator("textarea").press_sequentially("one")
    tab.keyboard.press("Shift+Enter")
    tab.locator("textarea").press_sequentially("two")
    assert stage.sent == []
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("one\ntwo")
    assert [form["message"].replace("\r", "") for form in stage.sent] == ["one\ntwo"]
    expect(tab.locator("textarea")).to_have_value("")
    expect(tab.locator("textarea")).to_be_focused()
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(150)
    assert len(stage.sent) == 1, "nothing is not sent"
    assert complaints == []


def test_what_others_write_joins_the_log_and_leaves_ones_own_words_alone(tab: Tab) -> None:
    stage = Talk()
    stage.open(tab)
    tab.locator("textarea").press_sequentially("I am")
    first = tab.locator(".talk li").first.element_handle()
    stage.come(Line("B", "Still there?", seq=2))
    tab.evaluate(NEWS)
    expect(tab.locator(".talk li")).to_have_count(2)
    assert first is not None
    assert first.evaluate("line => line.isConnected"), "a line that was there is not said again"
    assert tab.locator("[role=log]").get_attribute("aria-live") == "polite"
    tab.keyboard.type(" here")
    expect(tab.locator("textarea")).to_have_value("I am here")
    stage.come(Line("B", "?", seq=3))
    tab.reload()
    expect(tab.locator("textarea")).to_have_value("I am here")
    expect(tab.locator(".talk li")).to_have_count(3)


@pytest.mark.parametrize("is_heard", [True, False], ids=["told", "own message"])
def test_conversation_that_follows_at_once_begins_with_nothing_of_the_one_before(tab: Tab, is_heard: bool) -> None:
    stage = Talk(pastes="recorded")
    stage.lines = tuple(Line("B", f"line {n}", seq=n) for n in range(1, 8))
    stage.come()
    stage.open(tab)
    tab.locator("textarea").press_sequentially("half a thou")
    tab.keyboard.press("Backspace")
    tab.wait_for_timeout(900)
    if is_heard:
        stage.follow_with("next", Line("B", "Hello again!", seq=1))
        tab.evaluate(NEWS)
    else:
        stage.answer = stage.end_with_another
        tab.keyboard.press("Enter")
    expect(tab.locator(".talk li")).to_have_count(1)
    expect(tab.locator(".talk .said")).to_have_text("Hello again!")
    expect(tab.locator("textarea")).to_have_value("")
    stage.answer = stage._take
    tab.locator("textarea").press_sequentially("well")
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("well")
    form = stage.sent[-1]
    assert (form["answers"], form["edits"], form["blurs"]) == ("1", "0", "0")
    assert int(form["first_key_ms"]) <= int(form["sent_ms"]) < 900, "counted from the first line of this conversation"


def test_button_that_ends_it_comes_silently(tab: Tab) -> None:
    stage = Talk(may_end=False)
    stage.open(tab)
    expect(tab.locator("[data-finish]")).to_have_count(0)
    tab.locator("textarea").press_sequentially("so")
    stage.come(may_end=True)
    tab.evaluate(NEWS)
    expect(tab.locator("[data-finish]")).to_be_visible()
    expect(tab.locator("textarea")).to_be_focused()
    expect(tab.locator("#spoken")).to_have_text("")
    tab.keyboard.press("Enter")
    expect(tab.locator("textarea")).to_have_value("")
    assert "then" not in stage.sent[-1]
    tab.keyboard.type("bye")
    tab.click("[data-finish]")
    tab.wait_for_timeout(200)
    assert (stage.sent[-1]["message"], stage.sent[-1]["then"]) == ("bye", "ready")


def test_that_no_answer_comes_is_said_in_the_log_moves_nothing_and_goes_with_the_answer(tab: Tab) -> None:
    stage = Talk()
    stage.come(Line("", "Are you there?", seq=2))
    complaints = look.listen(tab)
    stage.open(tab)
    box = tab.locator("textarea")
    box.press_sequentially("I am")
    stage.come(silence=Silence(has_begun=True))
    tab.evaluate(NEWS)
    expect(tab.locator("[role=log] [data-silence]")).to_contain_text("No answer has come for a while.")
    expect(tab.locator(".talk li")).to_have_count(2)
    tab.keyboard.type(" here")
    expect(box).to_have_value("I am here")
    look.check(tab)
    stage.come(silence=Silence(has_begun=True))
    tab.evaluate(NEWS)
    tab.wait_for_timeout(200)
    expect(tab.locator("[data-silence]")).to_have_count(1)
    stage.come(Line("B", "Yes!", seq=3), silence=None)
    tab.evaluate(NEWS)
    expect(tab.locator(".talk li")).to_have_count(3)
    expect(tab.locator("[data-silence]")).to_have_count(0)
    expect(box).to_have_value("I am here")
    assert complaints == []


@pytest.mark.parametrize(("pastes", "left"), [("allowed", "pasted"), ("recorded", "pasted"), ("blocked", "")])
def test_paste_is_let_in_or_refused_with_a_sentence(tab: Tab, pastes: str, left: str) -> None:
    stage = Talk(pastes=pastes)
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage.open(tab)
    tab.locator("textarea").fill("pasted")
    tab.keyboard.press("Control+A")
    tab.keyboard.press("Control+X")
    tab.keyboard.press("Control+V")
    expect(tab.locator("textarea")).to_have_value(left)
    refusal = re.compile("in your own words" if pastes == "blocked" else "^$")
    expect(tab.locator("#note")).to_have_text(refusal)


def test_message_without_a_network_is_kept_locked_and_sent_once(tab: Tab) -> None:
    stage = Talk()
    stage.open(tab)
    usual = stage.answer
    lost: list[str] = []

    def answer(form: dict[str, str]) -> tuple[int, str] | None:
        lost.append(form["key"])
        return None if len(lost) < 3 else usual(form)  # type: ignore[misc]

    stage.answer = answer
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    expect(tab.locator("#note")).to_contain_text("your text is kept")
    tab.keyboard.type(" more")
    expect(tab.locator("textarea")).to_have_value("hello")
    tab.reload()
    expect(tab.locator("textarea")).to_have_value("hello")
    tab.locator("textarea").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".talk .mine .said")).to_have_text("hello", timeout=15000)
    assert len(set(lost)) == 1, "one message, one key, also after the reload"


def test_message_that_was_stored_before_a_reload_is_not_offered_again(tab: Tab) -> None:
    stage = Talk()
    stage.open(tab)
    usual = stage.answer

    def answer(form: dict[str, str]) -> None:
        usual(form)  # type: ignore[misc]

    stage.answer = answer
    tab.locator("textarea").press_sequentially("hello")
    tab.keyboard.press("Enter")
    expect(tab.locator("#note")).to_contain_text("your text is kept")
    tab.reload()
    expect(tab.locator(".talk .mine .said").last).to_have_text("hello")
    expect(tab.locator("textarea")).to_have_value("")


def test_that_somebody_writes_is_shown_until_they_stop_or_have_written(tab: Tab) -> None:
    stage = Talk(typing=True)
    stage.typing = []
    complaints = look.listen(tab)
    stage.open(tab)
    notice = tab.locator("[data-typing]")
    expect(notice).to_have_text("")
    height = tab.locator("main").evaluate("main => main.getBoundingClientRect().height")
    tab.locator("textarea").press_sequentially("I am")
    stage.tell(stream="typing", who="B", **{"is": True, "after": 1})
    expect(notice).to_have_text("B is writing …")
    expect(tab.locator("#spoken")).to_have_text("B is writing …")
    look.check(tab)
    assert tab.locator("main").evaluate("main => main.getBoundingClientRect().height") == height, "nothing moves"
    expect(tab.locator("textarea")).to_be_focused()
    stage.tell(stream="typing", who="C", **{"is": True, "after": 1})
    expect(notice).to_have_text("B, C are writing …")
    stage.tell(stream="typing", who="B", **{"is": False})
    expect(notice).to_have_text("C is writing …")
    stage.typing = []
    stage.come(Line("C", "Me, too", seq=2))
    stage.tell(stream="page", seq=2)
    expect(tab.locator(".talk li")).to_have_count(2)
    expect(notice).to_have_text("")
    assert complaints == []


def test_writing_that_goes_on_after_a_message_stays(tab: Tab) -> None:
    stage = Talk(typing=True)
    stage.typing = []
    stage.open(tab)
    stage.tell(stream="typing", who="B", **{"is": True, "after": 1})
    stage.typing = [["B", 2]]
    stage.come(Line("B", "And", seq=2))
    stage.tell(stream="typing", who="B", **{"is": True, "after": 2})
    stage.tell(stream="page", seq=2)
    expect(tab.locator(".talk li")).to_have_count(2)
    expect(tab.locator("[data-typing]")).to_have_text("B is writing …")
    stage.come(Line("B", "so on", seq=3))
    stage.typing = []
    stage.tell(stream="page", seq=3)
    expect(tab.locator("[data-typing]")).to_have_text("")


def test_answer_that_is_older_than_what_the_socket_said_takes_nothing_back(tab: Tab) -> None:
    stage = Talk(typing=True)
    stage.typing = []
    stage.open(tab)
    tab.wait_for_timeout(200)
    tab.evaluate("""() => {
      const usual = window.fetch;
      const late = (answer) => new Promise((wake) => setTimeout(() => wake(answer), 400));
      window.fetch = (...asked) => usual(...asked).then(window.isLate ? late : (answer) => answer);
      window.isLate = true;
    }""")
    polls = stage.polls
    tab.evaluate(NEWS)
    tab.wait_for_timeout(100)
    stage.tell(stream="typing", who="B", **{"is": True, "after": 1})
    expect(tab.locator("[data-typing]")).to_have_text("B is writing …")
    tab.wait_for_timeout(600)
    assert stage.polls == polls + 1
    expect(tab.locator("[data-typing]")).to_have_text("B is writing …")
    tab.evaluate("() => { window.isLate = false; dispatchEvent(new Event('online')); }")
    expect(tab.locator("[data-typing]")).to_have_text("")


def test_screen_reader_is_told_at_most_once_in_a_while(tab: Tab) -> None:
    stage = Talk(typing=True)
    stage.typing = []
    stage.open(tab)
    tab.evaluate("""() => {
      const place = document.getElementById('spoken');
      window.said = [];
      const looking = new MutationObserver(() => said.push(place.textContent));
      looking.observe(place, { childList: true, characterData: true, subtree: true });
    }""")
    tab.wait_for_timeout(200)
    for _ in range(6):
        stage.tell(stream="typing", who="B", **{"is": True, "after": 1})
        expect(tab.locator("[data-typing]")).to_have_text("B is writing …")
        stage.tell(stream="typing", who="B", **{"is": False})
        expect(tab.locator("[data-typing]")).to_have_text("")
    assert tab.evaluate("() => said.filter((text) => text.includes('writing')).length") == 1
    assert tab.locator("[data-typing]").get_attribute("aria-live") is None


def test_where_writing_is_not_shown_nothing_is_said_of_it(tab: Tab) -> None:
    stage = Talk()
    stage.open(tab)
    tab.locator("textarea").press_sequentially("hello")
    tab.wait_for_timeout(200)
    assert stage.heard == []
    expect(tab.locator("[data-typing]")).to_have_count(0)


def test_earlier_conversation_is_closed_until_it_is_opened_and_stays_open(tab: Tab) -> None:
    stage = Talk(past=gallery.PAST)
    complaints = look.listen(tab)
    stage.open(tab)
    first = tab.locator("details[data-past]").first
    expect(tab.locator("main")).to_contain_text("Your earlier conversations")
    expect(first.locator(".said").first).not_to_be_visible()
    look.check(tab)
    assert stage.opened == []
    tab.locator("textarea").press_sequentially("I am")
    first.locator("summary").focus()
    tab.keyboard.press("Enter")
    expect(first.locator(".said")).to_have_text(["Do you have a dog?", "Yes, an old one."])
    expect(first.locator("li").first).to_contain_text("B")
    look.check(tab)
    stage.come(Line("B", "Well?", seq=2))
    tab.evaluate(NEWS)
    expect(tab.locator("[data-log] li")).to_have_count(2)
    expect(first.locator(".said").first).to_be_visible()
    expect(tab.locator("textarea")).to_have_value("I am")
    first.locator("summary").click()
    first.locator("summary").click()
    assert stage.opened == ["/s/earlier/1"], "its words are asked for once"
    tab.locator("textarea").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("[data-log] .mine .said")).to_have_text("I am")
    assert stage.sent[-1]["answers"] == "1", "begun before the second line came; what was said of old does not count"
    assert complaints == []


def test_earlier_conversation_that_cannot_be_fetched_keeps_its_link_and_says_why(tab: Tab) -> None:
    stage = Talk(past=gallery.PAST)
    stage.open(tab)
    tab.context.set_offline(True)
    tab.route("**/s/earlier/1", lambda route: route.abort("connectionfailed"))
    first = tab.locator("details[data-past]").first
    first.locator("summary").click()
    expect(tab.locator("#note")).to_contain_text("You are offline")
    expect(first.get_by_role("link", name="Read this conversation")).to_be_visible()


def test_least_length_is_said_before_and_counted_while_one_types(tab: Tab) -> None:
    stage = Talk(min_chars=20)
    stage.open(tab)
    hint = tab.locator("#f-message-most")
    expect(hint).to_have_text("At least 20 and at most 300 characters")
    look.check(tab)
    tab.locator("textarea").press_sequentially("a 👍 ")
    expect(hint).to_have_text("3 characters, at least 20")
    tab.locator("textarea").press_sequentially("and sixteen more")
    expect(hint).to_have_text("20 of 300 characters")
    tab.locator("textarea").fill("")
    expect(hint).to_have_text("At least 20 and at most 300 characters")


def test_phone_has_room_for_the_box_and_enter_begins_a_line(chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    tab = context.new_page()
    stage = Talk()
    stage.lines = tuple(Line("B" if n % 2 else "", f"Some words, and some more: {n}", seq=n) for n in range(1, 40))
    stage.come()
    stage.open(tab)
    expect(tab.locator("main")).not_to_contain_text("Enter sends.")
    log = tab.locator("[data-log]")
    assert log.evaluate("log => log.clientHeight <= 0.6 * innerHeight + 1 && log.scrollTop > 0"), "it shows the newest"
    tab.locator("textarea").press_sequentially("a")
    tab.keyboard.press("Enter")
    tab.keyboard.type("b")
    expect(tab.locator("textarea")).to_have_value("a\nb")
    assert stage.sent == []
    tab.click(".primary")
    expect(tab.locator(".talk .mine .said").last).to_have_text("a\nb")
    context.close()
