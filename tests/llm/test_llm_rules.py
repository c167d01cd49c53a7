"""Judging replies and drawing scripted ones: pure, so many cases are cheap."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from hypothesis import given
from hypothesis import strategies as st

from config.places import ROOT
from llm.exchange import Question, Reply
from llm.providers.scripted import ask, filled
from llm.rules import MOST_TOKENS, MOST_USD, judge, parse, plausible, sha256_of, storable
from tests.llm.conftest import SCHEMA

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=4),
    max_leaves=12,
)


def reply(text: str) -> Reply:
    return Reply(text=text, model_served="m")


@given(st.text())
def test_any_text_gets_a_verdict(text: str) -> None:
    assert judge(reply(text), SCHEMA).outcome in {"ok", "empty", "bad_json", "wrong_schema"}


@given(JSON)
def test_storable_value_holds_no_nul_and_can_be_encoded(value: object) -> None:
    text = json.dumps(storable(value), ensure_ascii=False)
    assert "\x00" not in text
    assert "\\u0000" not in text
    assert text.encode()


@pytest.mark.parametrize("text", ["```json\n{}\n```", "```\n{}\n```", "  {} ", "```JSON\n{}```"])
def test_code_fence_is_taken_off(text: str) -> None:
    assert parse(text) == {}


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", "9" * 5000, "{} and more", "```json\n{}"])
def test_text_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@pytest.mark.parametrize("amount", [-1, 11, 1e308, 3.5, "3", None, True])
def test_amount_out_of_form_is_refused_not_clamped(amount: object) -> None:
    verdict = judge(reply(json.dumps({"amount": amount, "message": ""})), SCHEMA)
    assert (verdict.outcome, verdict.value) == ("wrong_schema", None)
    assert verdict.error.startswith("amount breaks")


@pytest.mark.parametrize(
    "said",
    [
        {"tokens_in": -1}, {"tokens_out": -1}, {"tokens_in": 0}, {"tokens_out": 0}, {"tokens_in": MOST_TOKENS + 1},
        {"tokens_out": True}, {"tokens_in": 3.5},
    ],
)  # fmt: skip
def test_length_that_cannot_be_is_as_if_nothing_was_said(said: dict[str, Any]) -> None:
    told = replace(reply("Yes."), tokens_in=3, tokens_out=1, cost_usd=Decimal("0.1"), price={"input": 1.0})
    assert plausible(told) == told
    assert plausible(replace(told, **said)) == reply("Yes.")


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "-0.00000001", str(MOST_USD + 1)])
def test_cost_that_cannot_be_leaves_the_length(cost: str) -> None:
    told = replace(reply(""), tokens_in=3, tokens_out=0)
    assert plausible(replace(told, cost_usd=Decimal(cost), price={"input": 1.0})) == told


def test_hash_ignores_the_order_of_keys() -> None:
    assert sha256_of({"a": 1, "b": 2}) == sha256_of({"b": 2, "a": 1}) != sha256_of({"a": 2, "b": 1})


RICH = {
    "type": "object",
    "$defs": {"side": {"enum": ["left", "right"]}},
    "properties": {
        "side": {"$ref": "#/$defs/side"},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "points": {"type": "integer", "minimum": 4, "maximum": 20, "multipleOf": 4},
        "message": {"type": "string", "minLength": 5, "maxLength": 20},
        "ideas": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 3, "uniqueItems": True},
        "target": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 1, "maximum": 3}]},
        "kind": {"const": "offer"},
        "agrees": {"type": "boolean"},
    },
    "required": ["side", "share", "points", "message", "ideas", "target", "kind", "agrees"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(50))
def test_scripted_value_satisfies_its_schema(seed: int) -> None:
    assert judge(reply(json.dumps(filled(RICH, random.Random(seed)))), RICH).outcome == "ok"


def test_scripted_reply_depends_on_question_and_seed_alone() -> None:
    def say(content: str, seed: int) -> str:
        question = Question("scripted/fair", [{"role": "user", "content": content}], RICH, {"seed": seed}, 1.0)
        return async_to_sync(ask)(question).text

    assert say("a", 1) == say("a", 1)
    assert len({say(content, seed) for content in "abc" for seed in range(3)}) == 9


def test_model_library_is_imported_by_nothing_but_its_first_question() -> None:
    code = (
        f"import sys; sys.path[1:1] = [{str(ROOT / 'platform')!r}]\n"
        "import django; django.setup()\n"
        "import llm.door, llm.providers.litellm, events.tasks, events.sweeper\n"
        "import config.celery, config.wsgi, config.asgi\n"
        "assert 'litellm' not in sys.modules and 'openai' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)
