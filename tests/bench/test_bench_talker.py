"""Our talker says a message through the socket, or as a form where the socket does not take it, under one key."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from bench import rapport_talker
from bench.browser import Answer
from bench.rapport_talker import RapportTalker
from bench.rapport_visit import read
from bench.talk import TEXT, Company

pytestmark = pytest.mark.asyncio
PAGE = """
<div id="page" data-rev="r1" data-live="yes" data-drawn="0">
<div class="log" data-log data-talk="t1" role="log"><ol class="talk">
<li class="theirs" data-seq="1"><span class="who">B</span><p class="said">{said}</p></li>
</ol></div><form><input type="hidden" name="key" value="k1"><textarea name="message" data-said></textarea></form></div>
""".format(said=TEXT.format("aa"))
WORDS = ("aa", "ab", "ac")


class Wire:
    """A socket that keeps what is said, and answers as it is told; "" answers nothing."""

    is_open = True

    def __init__(self, talker: RapportTalker, answers: list[str]) -> None:
        self.talker, self.answers = talker, answers
        self.said: list[dict[str, Any]] = []

    def say(self, text: str) -> None:
        self.said.append(json.loads(text))
        if what := self.answers.pop(0):
            answer = {"stream": "talk", "talk": "t1", what: self.said[-1]["key"]}
            asyncio.get_running_loop().call_soon(self.talker._heard, json.dumps(answer))


def talker_with(*answers: str) -> tuple[RapportTalker, Wire, list[Mapping[str, str]]]:
    """Somebody at the page above, whose forms are all stored and kept."""
    company, forms = Company(), list[Mapping[str, str]]()
    talker = RapportTalker("http://localhost:1/j/x", company)
    company.tape.due = dict.fromkeys(WORDS, 0.0)
    talker.page = read(PAGE)
    wire = Wire(talker, list(answers))
    talker.socket = wire  # type: ignore[assignment]  # as much of one as is asked here

    async def post(path: str, data: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        forms.append(data)
        return Answer(200, path, PAGE, {"x-outcome": "stored"})

    talker.browser.post = post  # type: ignore[assignment, method-assign]
    return talker, wire, forms


async def test_messages_go_through_the_socket_each_under_a_key_of_its_own() -> None:
    talker, wire, forms = talker_with("stored", "stored")
    await talker.say("one")
    await talker.say("two")
    assert forms == []
    assert [(one["do"], one["talk"], one["text"]) for one in wire.said] == [("say", "t1", "one"), ("say", "t1", "two")]
    assert wire.said[0]["key"] == "k1" != wire.said[1]["key"]


async def test_what_the_socket_does_not_take_goes_as_a_form_under_the_same_key() -> None:
    talker, wire, forms = talker_with("form")
    await talker.say("one")
    assert [(form["key"], form["message"]) for form in forms] == [(wire.said[0]["key"], "one")]
    assert talker.company.tape.by_form == 1


async def test_without_an_answer_or_without_the_socket_it_goes_as_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rapport_talker, "ANSWER_SECONDS", 0.05)
    talker, wire, forms = talker_with("", "")
    await talker.say("one")
    saying = asyncio.create_task(talker.say("two"))
    await asyncio.sleep(0)
    talker._lost()
    await saying
    wire.is_open = False
    await talker.say("three")
    assert [form["message"] for form in forms] == ["one", "two", "three"]
    assert len(wire.said) == 2
    assert talker.company.tape.errors == ["the socket was lost"]


@pytest.mark.parametrize(("talk", "seq"), [("t1", 4), ("another", 3)])
async def test_lines_are_shown_once_in_their_order_and_others_ask_for_the_page(talk: str, seq: int) -> None:
    talker, _, _ = talker_with()
    talker._see(Answer(200, "/s/", PAGE, {}))

    def hear(talk: str, *lines: tuple[int, str]) -> None:
        said = [{"seq": seq, "who": "B", "text": TEXT.format(word)} for seq, word in lines]
        talker._heard(json.dumps({"stream": "talk", "talk": talk, "lines": said}))

    hear("t1", (2, "ab"))
    hear("t1", (2, "ab"))
    assert talker.company.tape.order[talker] == ["aa", "ab"]
    assert (talker.company.tape.repeated, talker.wake.is_set()) == (0, False)
    hear(talk, (seq, "ac"))
    assert talker.company.tape.order[talker] == ["aa", "ab"]
    assert talker.wake.is_set()


async def test_question_for_news_says_which_lines_stand_on_the_page() -> None:
    talker, _, _ = talker_with()
    talker._see(Answer(200, "/s/", PAGE, {}))
    asked: list[str] = []

    async def get(path: str, headers: Mapping[str, str]) -> Answer:
        asked.append(path)
        return Answer(204, path, "", headers)

    talker._asking.get = get  # type: ignore[assignment, method-assign]
    await talker._ask()
    assert asked == ["/s/poll?rev=r1&drawn=0&read=1"]


@pytest.mark.parametrize(
    ("frame", "asks"),
    [
        ({"stream": "page", "seq": 3}, True),
        ({"stream": "typing", "who": "B", "is": True, "after": 1}, False),
        ({"do": "pong"}, False),
    ],
)
async def test_only_news_of_the_page_ask_for_it(frame: dict[str, Any], asks: bool) -> None:
    talker, _, _ = talker_with()
    talker._heard(json.dumps(frame))
    assert talker.wake.is_set() is asks
