"""How what was said differs from a draft, and what follows where nobody writes in time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.wizards.rules import Difference, difference, fallback, is_as_drafted


@given(st.text(max_size=40), st.text(max_size=40))
def test_difference_makes_what_was_said_of_the_draft(draft: str, said: str) -> None:
    found = difference(draft, said)
    made, at = [], 0
    for start, taken_out, put_in in found.changes:
        assert draft[start : start + len(taken_out)] == taken_out
        made += [draft[at:start], put_in]
        at = start + len(taken_out)
    assert "".join([*made, draft[at:]]) == said
    assert found.kept == len(draft) - sum(len(taken_out) for _, taken_out, _ in found.changes)


def test_same_words_have_no_difference() -> None:
    assert difference("the same", "the same") == Difference(8, [])
    assert is_as_drafted(" the same ", {"message": "the same"})
    assert not is_as_drafted("", {"message": ""})
    assert not is_as_drafted("x", None)


@pytest.mark.parametrize(
    ("otherwise", "draft", "line", "follows"),
    [
        ("draft", {"message": "d"}, {"message": "l"}, "draft"),
        ("draft", {"message": "", "then": "ready"}, None, "draft"),
        ("draft", {"message": "", "then": "more"}, {"message": "l"}, "line"),
        ("draft", None, {"message": "l"}, "line"),
        ("draft", None, None, "silence"),
        ("line", {"message": "d"}, {"message": "l"}, "line"),
        ("line", {"message": "d"}, None, "silence"),
        ("silence", {"message": "d"}, {"message": "l"}, "silence"),
    ],
)
def test_what_follows_in_time_is_what_is_declared(
    otherwise: str, draft: dict[str, Any] | None, line: dict[str, Any] | None, follows: str
) -> None:
    assert fallback(otherwise, draft, line) == follows
