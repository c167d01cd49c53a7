"""What came through the socket becomes numbers: all of it but words, so that small mistakes are seen."""

import json
from typing import Any

import pytest

from tests.blinding.features import of_times
from tests.blinding.recorder import Frame
from tests.blinding.socket_frames import of_socket

BEGINS = {"stream": "typing", "who": "B", "is": True, "after": 0}
ENDS = {"stream": "typing", "who": "B", "is": False}
POINTER = {"stream": "page", "seq": 5}


def line(text: str = "amber", seq: int = 2, **more: Any) -> dict[str, Any]:
    """A frame with a line of the other."""
    return {"stream": "talk", "talk": "t", "lines": [{"seq": seq, "who": "B", "text": text, **more}]}


def came(*told: tuple[float, dict[str, Any]]) -> list[Frame]:
    """A poll, and then these frames of the socket."""
    frames = [Frame(at, "", 0.0, 0, json.dumps(said)) for at, said in told]
    return [Frame(0.0, "GET /s/poll", 0.01, 200, "<p></p>"), *frames]


USUAL = [(1.0, BEGINS), (2.5, line()), (2.75, POINTER)]


def numbers(*told: tuple[float, dict[str, Any]]) -> dict[str, float]:
    frames = came(*told)
    return of_socket(frames, 0.0) | of_times(frames, 0.0)


def test_words_of_a_line_are_no_number() -> None:
    assert numbers(*USUAL) == numbers((1.0, BEGINS), (2.5, line("a lilac")), (2.75, POINTER))


@pytest.mark.parametrize(
    "other",
    [
        [(1.0, BEGINS), (2.75, line()), (2.75, POINTER)],
        [(1.0, BEGINS), (2.5, line(kind="message")), (2.75, POINTER)],
        [(1.0, BEGINS), (2.5, line(seq=3)), (2.75, POINTER)],
        [(1.0, BEGINS), (2.5, line()), (2.75, POINTER), (6.0, ENDS)],
        [(1.25, BEGINS), (2.5, line()), (2.75, POINTER)],
        [(1.0, BEGINS | {"after": 1}), (2.5, line()), (2.75, POINTER)],
        [(2.5, line()), (2.75, POINTER)],
        [(2.5, line()), (2.5, BEGINS), (2.75, POINTER)],
        [(1.0, BEGINS), (2.5, line())],
        [(1.0, BEGINS), (2.5, line() | {"lines": []}), (2.75, POINTER)],
    ],
    ids=["later", "field", "number", "fades", "gap", "after", "silent", "order", "no pointer", "empty"],
)
def test_anything_else_is(other: list[tuple[float, dict[str, Any]]]) -> None:
    assert numbers(*USUAL) != numbers(*other)


def test_distances_between_a_line_and_what_is_around_it() -> None:
    found = numbers(*USUAL, (3.0, line(seq=3)), (4.5, ENDS))
    assert found["writing begins to line first"] == 1.5
    assert found["lines to line first"] == 0.5
    assert found["anything to line least"] == 0.25
    assert found["line to anything first"] == 0.25
    assert found["line to writing ends last"] == 1.5
    assert found["notices without a line"] == -1
    assert found["socket lines: line most"] == 3
    assert found["count pointer"] == 1
