"""A person and a scripted partner over two visits, on a phone, in a real installation whose clock can be moved.

Whatever the partner remembers, the second visit looks the same, and its whole prompt is what the rule allows.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from config.places import ROOT
from tests.browser import look, people
from tests.machinery.running import Running
from tests.machinery.study_files import read_study, write_study

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
STUDIES = ROOT / "experiments" / "longitudinal_chat" / "studies"
SLUG = "two-visits"
PHONE = {"width": 390, "height": 844}
A_DAY = 24 * 3600 + 60
DOG, SISTER, AGAIN = "I have a dog. It is old.", "My sister lives in Rome!", "Do you remember me?"
RULES: dict[str, dict[str, Any]] = {
    "nothing": {"kind": "none"},
    "visit": {"kind": "session"},
    "newest": {"kind": "window", "messages": 4},
    "sums": {"kind": "summary"},
    "facts": {"kind": "facts"},
    "all": {"kind": "full"},
}
PAGE = "# You and Sam\n\nTopic: {topic}.\n\n{letter}"
ASKED = (
    'You are asked for:\n- "message": Your message [at most 1000 characters; may be left empty]\n'
    '- "then": And then [one of "more" (I may say more), "ready" (I am ready to go on); may be left empty]'
)
NOTED = "What you noted of earlier conversations with the same person:\n"
SAID = "What was said in earlier conversations with the same person, oldest first:\n"
TOLD = """
import json
from bots.models import BotTurn
from chat.models import Conversation
from llm.models import Call
from participants.models import Participant
found = []
for person in Participant.objects.filter(study__slug="two-visits").order_by("pk"):
    talks = Conversation.objects.filter(match__placings__seat__participant=person).order_by("pk")
    turn = BotTurn.objects.filter(match=talks.last().match, path="talk").get()
    said = [[[e.seat.occupant, e.text] for e in t.entries.select_related("seat").order_by("seq")] for t in talks]
    seen = list(person.seats.values_list("group__topic", flat=True).order_by("group__pk"))
    entries = [[e.first_key_ms, e.sent_ms, e.answers] for e in talks.last().entries.filter(seat__occupant="person")]
    call = Call.objects.filter(scope__endswith=f"/turn:{turn.pk}:1").latest("pk")
    found.append({"level": person.seats.first().group.condition.partition("=")[2], "prompt": call.prompt,
                  "said": said, "topics": seen, "entries": entries,
                  "letter": talks.last().match.placings.get(seat__participant=person).position})
print("told", json.dumps(found))
"""


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An installation whose clock the test may move."""
    with Running() as installation:
        installation.manage("clock", "--simulate")
        people.load(installation, study_folder(tmp_path_factory.mktemp("study")))
        yield installation


def study_folder(folder: Path) -> Path:
    """The short study of conversations, with a scripted model, a day between visits, and a rule for each level."""
    shutil.copytree(STUDIES, folder / "studies")
    home = folder / "studies" / "demo"
    said = read_study(home)
    said["id"] = SLUG
    said["factors"] = {"memory": {"levels": list(RULES)}}
    said["allocation"]["block_sizes"] = [len(RULES)]
    said["partners"]["companion"] = {
        "occupant": "model", "personas": ["../prompts/companion.md"], "label": {"all": "Program"},
        "model": {"name": "scripted/any", "daily_cost_usd": "0.00", "run_by": "Our own machine"},
        "asked_if_ai": "admit", "delay": {"min_s": 1, "max_s": 1},
        "identity": {"display_name": {"draw_from": ["Sam"], "fixed_per": "participant"}},
        "memory": {"by": "memory", "values": RULES}, "told_about_memory": "nothing", "past_transcript_visible": True,
    }  # fmt: skip
    said["safety"] |= {
        "replies": {"line": "Please look at the card beside our conversation."},
        "helplines": {"by": "Nobody: a test", "on": "2026-11-27"},
    }
    said["scales"] = {}
    intake, chat, final = said["waves"]
    chat["repeat"], chat["opens"] = 2, {"anchor": "previous_ended", "offset": "1d"}
    chat["stages"] = [stage for stage in chat["stages"] if stage["id"] in ("door", "talk")]
    talk = chat["stages"][1]
    talk["topic"] = {"pool": ["your home", "your plans"], "order": "latin_square"}
    talk["parameters"] = {"shortest_seconds": 0, "least_turns": 0, "longest_seconds": 600, "closing": "none"}
    final["stages"] = [stage for stage in final["stages"] if stage["id"] == "debrief"]
    said["waves"] = [intake, chat, final]
    write_study(home, said)
    return home


@dataclass
class Writer:
    """Somebody with a phone."""

    tab: Tab

    @classmethod
    def enter(cls, chromium: Browser, link: str) -> "Writer":
        """Open the link, press Start, agree, and read how it works: the first visit is over."""
        context = chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
        one = cls(context.new_page())
        one.tab.goto(link)
        one.tab.click(".primary")
        one.tab.wait_for_url("**/s/")
        one.tab.locator("input[type=checkbox]").first.check()
        one.press()
        one.press()
        expect(one.tab.locator("#page")).to_have_attribute("data-kind", "home")
        return one

    def press(self) -> None:
        """Press the button, and wait for the next page."""
        before = self.tab.locator("#title").inner_text()
        self.tab.click("main .primary")
        self.tab.wait_for_function("before => document.getElementById('title').innerText !== before", arg=before)

    def begin(self) -> None:
        """Begin the visit that is open now, and go on to its conversation."""
        self.tab.reload()
        expect(self.tab.locator("main .primary")).to_have_text("Begin")
        self.tab.click("main .primary")
        expect(self.tab.locator("h1")).to_have_text("Before you write", timeout=60_000)
        self.press()
        expect(self.tab.locator(".talk:not(.past) .theirs")).to_have_count(1, timeout=30_000)

    def say(self, words: str) -> None:
        """Write a message, and wait until it is stored and answered."""
        answers = self.tab.locator(".talk:not(.past) .theirs").count()
        self.tab.locator("textarea").fill(words)
        self.tab.click("main .primary")
        expect(self.tab.locator(".talk:not(.past) .mine .said").last).to_have_text(words)
        expect(self.tab.locator(".talk:not(.past) .theirs")).to_have_count(answers + 1, timeout=30_000)

    def end(self) -> None:
        """End the conversation, and with it the visit."""
        self.tab.click("[data-finish]")
        expect(self.tab.locator("#page")).not_to_have_attribute("data-kind", "match", timeout=30_000)


def in_trouble(one: Writer, words: str) -> None:
    """Say something through a lost network, a reload and a second tab; it must arrive once, and everywhere."""
    tab, box = one.tab, one.tab.locator("textarea")
    answers = tab.locator(".talk:not(.past) .theirs").count()
    box.press_sequentially(words[:5])
    tab.context.set_offline(True)
    box.press_sequentially(words[5:])
    tab.click("main .primary")
    expect(tab.locator("#note")).to_contain_text("your text is kept")
    expect(box).to_have_value(words)
    tab.context.set_offline(False)
    expect(tab.locator(".talk:not(.past) .mine .said").last).to_have_text(words, timeout=20_000)
    expect(box).to_have_value("")
    expect(tab.locator(".talk:not(.past) .theirs")).to_have_count(answers + 1, timeout=30_000)
    box.press_sequentially("not sent")
    tab.reload()
    expect(tab.locator("textarea")).to_have_value("not sent")
    other = tab.context.new_page()
    other.goto(tab.url)
    expect(other.locator(".talk:not(.past) .mine .said").last).to_have_text(words)
    expect(other.locator("textarea")).to_have_value("")
    look.check_access(other)
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it fits a phone"
    other.close()
    tab.locator("textarea").fill("")


def after(installation: Running, seconds: int) -> None:
    """Let time pass."""
    installation.manage("clock", "--ahead", str(seconds))


def first_look(one: Writer) -> str:
    """The page of a conversation as its first words stand there, without what no two people share."""
    html = one.tab.locator("main").inner_html()
    html = re.sub(r'value="[^"]*"| data-talk="[^"]*"|<span class="who">.*?</p>', "", html)
    return re.sub(r"Topic: your \w+", "Topic", html)


def expected(one: dict[str, Any]) -> str:
    """The whole of what the partner may be told when it answers in the second visit."""
    rule, said, letter = RULES[one["level"]], one["said"], one["letter"]
    lines = [f"{'They' if who == 'person' else 'You'}: {json.dumps(text, ensure_ascii=False)}" for who, text in said[0]]
    earlier = [f"Conversation 1, {line}" for line in lines]
    now = [f"[{seq}] {letter if who == 'person' else 'You'}: {json.dumps(text, ensure_ascii=False)}"
           for seq, (who, text) in enumerate(said[1][:2], start=1)]  # fmt: skip
    blocks = {
        "none": "", "session": "",
        "window": SAID + "\n".join(earlier[-2:]),
        "summary": f'{NOTED}- "In conversation 1 they wrote 2 messages, among them: {DOG} {SISTER}"',
        "facts": f'{NOTED}- "I have a dog."\n- "{SISTER}"',
        "full": SAID + "\n".join(earlier),
    }  # fmt: skip
    shown = now[1:] if rule["kind"] == "none" else now
    page = PAGE.format(topic=one["topics"][1], letter=letter)
    parts = [page, blocks[rule["kind"]], "\n".join(shown), ASKED]
    return "\n\n".join(part for part in parts if part)


def test_two_visits_with_a_partner_under_every_rule_of_memory(chromium: Browser, weeks: Running) -> None:
    link = people.link_to(weeks, slug=SLUG)
    writers = [Writer.enter(chromium, link) for _ in RULES]
    complaints = look.listen(writers[0].tab)
    after(weeks, A_DAY)
    for number, one in enumerate(writers):
        one.begin()
        expect(one.tab.locator("main")).not_to_contain_text("Your earlier conversations")
        in_trouble(one, DOG) if number == 0 else one.say(DOG)
        one.say(SISTER)
        one.end()
    after(weeks, A_DAY)
    pages = []
    for one in writers:
        one.begin()
        pages.append(first_look(one))
        past = one.tab.locator("details[data-past]")
        expect(past).to_have_count(1)
        past.locator("summary").click()
        expect(past.locator(".mine .said")).to_have_text([DOG, SISTER])
        one.say(AGAIN)
        one.end()
    assert pages == [pages[0]] * len(RULES), "whatever is remembered, the page is the same"
    (line,) = [line for line in weeks.manage("shell", "-c", TOLD).splitlines() if line.startswith("told ")]
    found = json.loads(line.removeprefix("told "))
    assert sorted(one["level"] for one in found) == sorted(RULES)
    for one in found:
        system, user = one["prompt"]
        assert [who for who, _text in one["said"][0]].count("person") == 2, "each message is stored once"
        assert [text for who, text in one["said"][0] if who == "person"] == [DOG, SISTER]
        assert user["content"] == expected(one), one["level"]
        assert system["content"].replace(one["topics"][1], "…") == found[0]["prompt"][0]["content"].replace(
            found[0]["topics"][1], "…"
        )
        assert sorted(one["topics"]) == ["your home", "your plans"]
        ((first_key, sent, answers),) = one["entries"]
        assert answers == 1
        assert 0 <= first_key <= sent < 60_000, "counted from this conversation, not from the one a day before"
    assert len({tuple(one["topics"]) for one in found}) == 2
    assert [said for said in complaints if "ERR_INTERNET_DISCONNECTED" not in said] == []
    for one in writers:
        one.tab.context.close()
