"""What each channel accepts; nothing that is refused can be made to fit by guessing."""

from collections.abc import Mapping
from typing import Any

import pytest

from chat.channels import Chat, Document, Feed, channel_for
from chat.errors import ChatError
from paradigm import Entry, steps

CHAT, FEED = Chat(max_chars=20), Feed(max_chars=20)
LONG = Chat(max_chars=20, min_chars=5)
PAPER = Document(max_chars=20, sections=("facts", "advice"))


@pytest.mark.parametrize(
    ("channel", "kind", "text", "facts"),
    [
        (CHAT, "message", " hello ", {}),
        (CHAT, "point", "", {"thing": "o2"}),
        (LONG, "message", "  fünf! ", {}),
        (LONG, "point", "", {"thing": "o2"}),
        (FEED, "post", "news", {}),
        (FEED, "comment", "why?", {"to": 1}),
        (FEED, "vote", "", {"to": 1, "value": -1}),
        (PAPER, "edit", "the facts", {"section": "facts"}),
        (PAPER, "edit", "", {"section": "advice"}),
    ],
)
def test_declared_entry_is_accepted(channel: Any, kind: str, text: str, facts: Mapping[str, Any]) -> None:
    draft = channel.draft(kind, text, facts)
    assert (draft.kind, draft.text) == (kind, text.strip())
    assert set(facts) <= set(draft.facts)
    assert channel.draft(kind, draft.text, draft.facts) == draft


@pytest.mark.parametrize(
    ("channel", "kind", "text", "facts", "code"),
    [
        (CHAT, "post", "hi", {}, "kind"),
        (CHAT, "point", "", {"thing": "x" * 61}, "facts"),
        (FEED, "comment", "why?", {}, "facts"),
        (FEED, "comment", "why?", {"to": True}, "facts"),
        (FEED, "comment", "why?", {"to": "1"}, "facts"),
        (FEED, "comment", "why?", {"to": 0}, "facts"),
        (FEED, "vote", "", {"to": 1, "value": 2}, "facts"),
        (FEED, "vote", "because", {"to": 1}, "facts"),
        (FEED, "post", "hi", {"to": 1}, "facts"),
        (FEED, "post", "x" * 21, {}, "too_long"),
        (LONG, "message", " four  ", {}, "too_short"),
        (LONG, "message", "x" * 21, {}, "too_long"),
        (PAPER, "edit", "text", {"section": "poem"}, "section"),
        (PAPER, "edit", "text", {}, "section"),
        (PAPER, "edit", "text", {"section": "facts", "more": 1}, "facts"),
        (PAPER, "message", "text", {"section": "facts"}, "kind"),
    ],
)
def test_anything_else_is_refused(channel: Any, kind: str, text: str, facts: Mapping[str, Any], code: str) -> None:
    with pytest.raises(ChatError) as caught:
        channel.draft(kind, text, facts)
    assert caught.value.code == code


def test_comment_needs_something_to_be_about() -> None:
    draft = FEED.draft("comment", "why?", {"to": 7})
    with pytest.raises(ChatError, match="no entry 7"):
        FEED.target(draft, None)
    with pytest.raises(ChatError, match="is a vote"):
        FEED.target(draft, Entry(7, 1, "vote", ""))
    FEED.target(draft, Entry(7, 1, "post", "news"))


def test_channel_is_found_by_its_declaration() -> None:
    assert channel_for(steps.Chat(), 10, min_chars=3) == Chat(10, 3)
    assert isinstance(channel_for(steps.Feed(), 10), Feed)
    paper = channel_for(steps.Document(sections=("a", "b")), 10)
    assert isinstance(paper, Document)
    assert paper.sections == ("a", "b")
