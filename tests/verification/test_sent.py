"""What a form of each kind of talk stands for, as a verification reads it from a ledger."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from paradigm import Chat, Document, Feed, Parameters, Talk
from verification.sent import UnreadableError, said
from verification.story import Story

STORY = cast(Story, SimpleNamespace(game=SimpleNamespace(parameters=Parameters())))
CHAT, FEED, DOCUMENT = Chat(max_chars=20), Feed(max_chars=20), Document(sections=("a", "b"), max_chars=20)


@pytest.mark.parametrize(
    ("channel", "data", "entry", "is_ready"),
    [
        (CHAT, {"message": " hi ", "then": "more"}, ("message", "hi", {}), False),
        (CHAT, {"message": "bye", "then": "ready"}, ("message", "bye", {}), True),
        (CHAT, {"message": "", "then": "ready"}, None, True),
        (FEED, {"message": "news"}, ("post", "news", {}), False),
        (FEED, {"do": "comment", "to": "2", "message": "yes"}, ("comment", "yes", {"to": 2}), False),
        (FEED, {"do": "down", "to": "1", "message": ""}, ("vote", "", {"to": 1, "value": -1}), False),
        (DOCUMENT, {"section": "b", "message": "words"}, ("edit", "words", {"section": "b"}), False),
        (DOCUMENT, {"message": "words", "then": "ready"}, ("edit", "words", {"section": "a"}), True),
    ],
)
def test_form_of_a_talk_is_read_as_it_was_meant(
    channel: Any, data: Mapping[str, str], entry: tuple[str, str, Mapping[str, Any]] | None, is_ready: bool
) -> None:
    draft, then = said(STORY, Talk("talk", channel), entries=2, data=data)
    assert (draft and (draft.kind, draft.text, dict(draft.facts)), then) == (entry, is_ready)


@pytest.mark.parametrize(
    ("channel", "data"),
    [
        (CHAT, {}),
        (CHAT, {"message": "x" * 21}),
        (Chat(max_chars=20, min_chars=3), {"message": "hi"}),
        (FEED, {"do": "comment", "message": "x"}),
        (FEED, {"do": "up", "to": "3"}),
    ],
)
def test_form_that_a_talk_refuses_stands_for_nothing(channel: Any, data: Mapping[str, str]) -> None:
    with pytest.raises(UnreadableError):
        said(STORY, Talk("talk", channel), entries=2, data=data)
