"""How long a model's messages are to be: told, limited, asked for once more, never cut, and never a failure."""

from typing import Any

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from bots.wishes import Wishes, wishes_of
from events import runner
from llm.errors import ProviderFailed
from paradigm import Points, Text
from tests.bots import answers
from tests.bots.talking import reply, room, seat, texts, turn_of

SHORT: dict[str, Any] = {"length": [10, 20]}
FIT, LONG, LONGER = "twelve chars", "x" * 25, "y" * 30


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


@given(st.integers(1, 50), st.integers(0, 50), st.text(max_size=120), st.text(max_size=120))
def test_nearer_reply_counts_and_of_two_as_near_the_second(low: int, more: int, one: str, other: str) -> None:
    wishes = Wishes(chars=(low, low + more))
    first, second = {"message": one}, {"message": other}
    nearer = wishes.nearer(first, second)
    assert nearer in (first, second)
    if not wishes.unmet(second):
        assert nearer == second
    elif not wishes.unmet(first):
        assert nearer == first


def test_only_messages_have_a_wished_length() -> None:
    asked = [Points("number", "Your number", low=0, high=9)]
    assert wishes_of(SHORT, asked, is_talk=False) == Wishes()
    assert wishes_of(SHORT, [Text("message")], is_talk=False) == Wishes(chars=(10, 20))
    assert wishes_of({"may_stay_silent": True}, [Text("message")], is_talk=False) == Wishes()
    assert Wishes().tokens(400) == 400
    assert Wishes(chars=(10, 20)).tokens(400) == 140
    assert Wishes(chars=(10, 2000)).tokens(400) == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "kept", "calls"),
    [
        ([FIT], FIT, 1),
        ([LONG, FIT], FIT, 2),
        (["short", FIT], FIT, 2),
        ([LONG, LONGER], LONG, 2),
        ([LONGER, LONG], LONG, 2),
    ],
)
def test_reply_outside_is_asked_for_once_more_and_never_cut(said: list[str], kept: str, calls: int) -> None:
    answers.will(*map(reply, said))
    match = room(seat(**SHORT))
    runner.drain("bots")
    assert texts(match) == [kept]
    assert len(answers.asked) == calls
    first = answers.asked[0]
    assert "Write from 10 to 20 characters." in first.messages[-1]["content"]
    assert first.parameters["max_tokens"] == 140
    if calls == 2:
        again = f"it has {len(said[0])} characters; write from 10 to 20"
        assert again in answers.asked[1].messages[-1]["content"]


@pytest.mark.django_db
@pytest.mark.parametrize("second", ["no object", ProviderFailed("refusal", "it refused")])
def test_where_nothing_usable_comes_the_second_time_the_first_is_said(second: Any) -> None:
    answers.will(reply(LONG), second, second)
    match = room(seat(**SHORT))
    runner.drain("bots")
    assert texts(match) == [LONG]
    assert turn_of(match).outcome == "delivered"


@pytest.mark.django_db
def test_unless_it_is_declared_nothing_is_said_of_length() -> None:
    answers.will(reply(LONG))
    room(seat())
    runner.drain("bots")
    assert "Write from" not in answers.asked[0].messages[-1]["content"]
    assert answers.asked[0].parameters["max_tokens"] == 400
