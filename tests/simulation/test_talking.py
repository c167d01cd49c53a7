"""Simulated people in a talk: messages through the socket or by the form, lines by frames, and that somebody types."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from simulation import browser, door, realtime
from simulation.ledger import body_sha256
from simulation.mind import Mind, Move
from simulation.pages import Line, Shown, read
from simulation.person import Person, spoken
from simulation.profile import Profile
from tests.simulation.clumsy import PAGE, STORED, Clumsy, served

pytestmark = pytest.mark.asyncio
TALKING = replace(
    PAGE, kind="match", is_live=True, talk="t1", last_seq=2, said=1, text="B\nHello\nYou\nHi", identity="i1"
)
SAYS = Move(0, "answer", {"message": "Good day", "then": "more"})
NEXT = """<div id="page" data-drawn="2" data-kind="match" data-live="yes" data-rev="r1.2" data-identity="i1"><main>
<div class="log" data-log data-talk="t1"><ol class="talk">
<li class="theirs" data-seq="1"><span class="who">B</span><p class="said">Hello</p></li>
<li class="mine" data-seq="2"><span class="who">You</span><p class="said">Hi</p></li>
</ol></div><p class="typing" data-typing></p></main></div>"""


def answered(what: str, seq: int = 0) -> Callable[[str], list[str]]:
    """A socket's answer to a message: "stored" with its number, or "form"."""
    facts: dict[str, Any] = {"stream": "talk", "talk": "t1"} | ({"seq": seq} if seq else {})
    return lambda said: [json.dumps(facts | {what: json.loads(said)["key"]})]


def lines(*told: tuple[int, str], talk: str = "t1") -> str:
    """A frame with lines of B."""
    return json.dumps({"stream": "talk", "talk": talk, "lines": [{"seq": n, "who": "B", "text": w} for n, w in told]})


@asynccontextmanager
async def talking(frames: list[Any], *plan: Any) -> AsyncIterator[tuple[Clumsy, Person, list[int]]]:
    """Somebody in a talk whose socket is open; the last is grown by each hint that something changed."""
    async with served([*frames, "listen"], *plan) as (clumsy, front):
        person = Person(front, Mind(4, seed="s", profile=Profile.flawless(), answers={}))
        person.last = TALKING
        hints: list[int] = []

        async def listen() -> None:
            async for _ in front.pointers():
                hints.append(len(hints))

        ear = asyncio.create_task(listen())
        while not front.has_socket:
            await asyncio.sleep(0.01)
        try:
            yield clumsy, person, hints
        finally:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)


async def until(is_true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(3):
        while not is_true():
            await asyncio.sleep(0.01)


async def test_message_goes_through_the_socket_and_is_acknowledged_by_it() -> None:
    async with talking([answered("stored", 3), answered("stored", 4)]) as (clumsy, person, _):
        await person.do(SAYS)
        await person.do(replace(SAYS, data={"message": "And you?"}))
        said = [json.loads(frame) for frame in clumsy.frames]
        assert [(one["do"], one["talk"], one["text"]) for one in said] == [
            ("say", "t1", "Good day"),
            ("say", "t1", "And you?"),
        ]
        assert clumsy.forms == []
        assert said[0]["key"] == "k1" != said[1]["key"]
        ledger = [(entry.key, entry.outcome, entry.body_sha256) for entry in person.door.ledger]
        assert ledger == [(one["key"], "said", body_sha256("t1", {"message": one["text"]})) for one in said]
        assert (person.last.last_seq, person.last.said) == (4, 3)
        assert person.last.text.endswith("Hi\nGood day\nAnd you?")


@pytest.mark.parametrize("is_before", [True, False])
async def test_own_line_that_comes_before_or_after_the_answer_stands_once(is_before: bool) -> None:
    own = json.dumps({"stream": "talk", "talk": "t1", "lines": [{"seq": 3, "who": "", "text": "Good day"}]})

    def both(said: str) -> list[str]:
        return [own, *answered("stored", 3)(said)] if is_before else [*answered("stored", 3)(said), own]

    async with talking([both, lines((4, "Yes"))]) as (_, person, hints):
        await person.do(SAYS)
        await until(lambda: person.last.last_seq == 4)
        assert person.last.text.endswith("Hi\nGood day\nB\nYes")
        assert (person.last.said, len(hints)) == (2, 1)


@pytest.mark.parametrize("frames", [[answered("form")], ["listen"], ["listen", 1012]])
async def test_what_the_socket_does_not_take_is_sent_as_a_form(
    frames: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, it says nothing, or it is lost: the same key, by the form."""
    monkeypatch.setattr(door, "SAY_SECONDS", 0.2)
    monkeypatch.setattr(browser, "SOCKET_MOST_WAIT_SECONDS", 60)
    async with talking(frames, STORED) as (clumsy, person, _):
        await person.do(SAYS)
        assert [(form["key"], form["message"]) for form in clumsy.forms] == [("k1", "Good day")]
        assert [(entry.key, entry.rev, entry.outcome) for entry in person.door.ledger] == [("k1", "r1", "stored")]


async def test_without_a_socket_a_message_is_a_form() -> None:
    async with served(STORED) as (clumsy, front):
        person = Person(front, Mind(4, seed="s", profile=Profile.flawless(), answers={}))
        person.last = TALKING
        await person.do(SAYS)
        assert len(clumsy.forms) == 1


@pytest.mark.parametrize(
    ("page", "move", "text"),
    [
        (TALKING, SAYS, "Good day"),
        (TALKING, replace(SAYS, data={"message": " Good day "}), "Good day"),
        (replace(TALKING, talk=""), SAYS, ""),
        (TALKING, replace(SAYS, data={"message": "Bye", "then": "ready"}), ""),
        (TALKING, replace(SAYS, data={"message": "", "then": "more"}), ""),
        (TALKING, replace(SAYS, data={"message": "Good day", "to": "2"}), ""),
        (TALKING, replace(SAYS, again="back"), ""),
        (TALKING, replace(SAYS, is_offline=True), ""),
    ],
)
async def test_only_ordinary_messages_are_for_the_socket(page: Shown, move: Move, text: str) -> None:
    assert spoken(page, move) == text


async def test_lines_join_the_page_and_what_does_not_follow_asks_for_it() -> None:
    frames = [lines((3, "Well"), (4, "then")), lines((4, "then")), lines((9, "x"), talk="t0"), lines((6, "late"))]
    async with talking(frames) as (_, person, hints):
        await until(lambda: len(hints) == 3)  # the opening, what is not of this talk, and the gap
        assert person.last.last_seq == 4
        assert person.last.text == "B\nHello\nYou\nHi\nB\nWell\nB\nthen"


async def test_a_page_that_was_drawn_before_a_line_does_not_take_it_away() -> None:
    async with talking([lines((3, "Well"))], (200, {})) as (_, person, _hints):
        await until(lambda: person.last.last_seq == 3)
        person._see(read(NEXT))
        assert (person.last.rev, person.last.last_seq) == ("r1.2", 3)
        assert person.last.text.endswith("Well")
        person._see(replace(read(NEXT), talk="t2", last_seq=0))
        assert person.last.last_seq == 0, "another talk begins without the lines of this one"


async def test_page_of_a_talk_is_read() -> None:
    page = read(NEXT)
    assert (page.talk, page.last_seq, page.said, page.tells_typing) == ("t1", 2, 1, True)
    assert page.joined([Line(4, "B", "too far")]) == page


async def test_typing_is_told_towards_the_end_of_the_wait_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime, "TYPING_SECONDS", 0.1)
    typing = replace(SAYS, after_seconds=0.6, typing_seconds=0.25)
    async with served(["listen"] * 9, (204, {})) as (clumsy, front):  # its page asks once when the socket opens
        person = Person(front, Mind(4, seed="s", profile=Profile.flawless(), answers={}))
        person._see(replace(TALKING, tells_typing=True))
        began = asyncio.get_running_loop().time()
        async with realtime._Ear(person) as ear:
            waiting = asyncio.create_task(realtime._goes_on(person, ear, typing))
            await until(lambda: bool(clumsy.frames))
            assert asyncio.get_running_loop().time() - began >= 0.34
            assert await waiting is False
        assert [json.loads(frame) for frame in set(clumsy.frames)] == [{"do": "typing", "key": TALKING.hidden["key"]}]
        assert 2 <= len(clumsy.frames) <= 3


async def test_typing_is_told_with_the_next_question_where_there_is_no_socket() -> None:
    async with served((204, {}), (204, {})) as (clumsy, front):
        await front.tell_typing(TALKING)
        await front.poll(TALKING)
        await front.poll(TALKING)
        assert [query.get("typing") for query in clumsy.queries] == [TALKING.hidden["key"], None]


async def test_question_for_news_says_which_lines_stand_on_the_page() -> None:
    async with served((204, {}), (204, {})) as (clumsy, front):
        await front.poll(read(NEXT).joined([Line(3, "B", "Well")]))
        await front.poll(PAGE)
        assert [(query.get("drawn"), query.get("read")) for query in clumsy.queries] == [("2", "3"), (None, None)]
