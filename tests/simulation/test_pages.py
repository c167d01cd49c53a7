"""A simulated person's reading of every page that a participant can meet, as the real templates draw it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow.drawing import draw
from simulation.pages import Asked, Shown, read
from tests.pages.gallery import FRAME, NOW, drawn, pages, request, talking

EMPTY_PAGE = "<html><body><p>Not one of ours"


# The page about reminders stands beside the visits and has forms of its own, which no simulated person reads.
@pytest.mark.parametrize("name", [name for name in pages() if name != "reminders"])
@pytest.mark.parametrize("is_fragment", [False, True])
def test_every_page_says_what_it_asks(name: str, is_fragment: bool) -> None:
    page, shown = pages()[name], read(drawn(name, is_fragment=is_fragment))
    assert (shown.kind, shown.title, shown.rev) == (page.kind, page.title, FRAME.rev)
    assert list(shown.asked) == [one.key for one in page.fields]
    assert shown.button is bool(page.button)
    assert shown.buttons == [(one["name"], one["value"]) for one in page.facts.get("also", [])]
    left = round((page.deadline_at - NOW).total_seconds()) if page.deadline_at else None
    assert shown.seconds_left == left
    assert shown.poll_seconds == page.poll_seconds
    assert shown.is_live is (page.kind in {"waiting", "match"})
    assert shown.is_over is (name == "end")
    assert shown.code == page.facts.get("code", "")
    has_form = bool(page.fields or page.button or page.facts.get("also"))
    assert set(shown.hidden) == ({"csrfmiddlewaretoken", "key", "rev"} if has_form else set())


@pytest.mark.parametrize("name", pages())
def test_a_fragment_reads_as_the_whole_page_but_for_its_frame(name: str) -> None:
    whole, part = read(drawn(name, is_demo=True)), read(drawn(name, is_fragment=True))
    assert (whole.socket, part.socket) == ("ws://localhost:8001/ws/session", "")
    assert whole.text == part.text
    assert "This is a demonstration" not in whole.text
    assert whole.identity == part.identity != ""
    assert whole.asked == part.asked


def test_page_of_a_talk_says_what_its_script_reads() -> None:
    def shown(**more: Any) -> Shown:
        return read(draw(request(), talking(**more)["talk"], FRAME, is_fragment=True))

    page = shown(name="t1", typing=True)
    assert (page.talk, page.last_seq, page.said, page.tells_typing) == ("t1", 2, 1, True)
    assert page.asked.keys() == {"message", "then"}
    plain = shown()
    assert (plain.talk, plain.last_seq, plain.said, plain.tells_typing) == ("", 2, 1, False)


def test_fields_say_what_may_be_sent() -> None:
    asked: dict[str, Asked] = {}
    for name in ("consent", "quiz", "ask", "decide", "survey", "expect"):
        asked |= read(drawn(name)).asked
    assert asked["take_part"] == Asked("take_part", "checkbox", ["yes"], required=True)
    assert asked["share"] == Asked("share", "checkbox", ["yes"])
    assert asked["sum"] == Asked("sum", "number", low=0, high=30, required=True)
    assert asked["question"] == Asked("question", "textarea", most=200)
    assert asked["choice"].values == ["A", "B", "keep"]
    assert asked["fair"].values == list("1234567")
    assert asked["type_ai"].high == 100
    assert asked["why"] == Asked("why", "text", most=120)
    assert asked["more"] == Asked("more", "textarea", most=30, required=True)
    assert set(asked) >= {"expected@A", "expected@B"}


@given(st.text() | st.text(alphabet='<>/="& idpagecodetitlemain').map(lambda words: EMPTY_PAGE + words))
def test_reading_never_fails(html: str) -> None:
    assert read(html).kind == ""
