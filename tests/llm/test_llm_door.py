"""The door, through the real library and real HTTP: every fault of a provider is an outcome and a row."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import IntegrityError

from llm import door, services
from llm.errors import ModelFailed
from llm.exchange import Completed
from llm.models import Call
from llm.providers import litellm
from llm.providers.reading import MOST_BYTES
from llm.rules import Verdict
from tests.llm.conftest import KEY, PROMPT, REQUEST, Ask
from tests.machinery.stub_server import FINGERPRINT, REQUEST_ID, StubServer, fault_names

pytestmark = pytest.mark.django_db(transaction=True)

# fault -> (outcomes of the attempts when the provider keeps failing so)
STUBBORN = {
    "fenced": ["ok"],
    "nul": ["ok"],
    "emoji": ["ok"],
    "usage_below_zero": ["ok"],
    "usage_beyond_numbers": ["ok"],
    "usage_of_nothing": ["ok"],
    "strange_model": ["ok"],
    "echo": ["ok"],
    "coded_words": ["config"],
    "refusal": ["refusal"],
    "filtered": ["refusal"],
    "empty": ["empty"] * 2,
    "truncated": ["truncated"] * 2,
    "bad_json": ["bad_json"] * 2,
    "deep_json": ["bad_json"] * 2,
    "raw_nul": ["bad_json"] * 2,
    "infinite": ["bad_json"] * 2,
    "not_a_number": ["bad_json"] * 2,
    "wrong_schema": ["wrong_schema"] * 2,
    "negative": ["wrong_schema"] * 2,
    "enormous": ["wrong_schema"] * 2,
    "huge": ["truncated"] * 2,
    "bulky": ["truncated"] * 2,
    "bulky_unsaid": ["truncated"] * 2,
    "endless": ["truncated"] * 2,
    "crowded": ["truncated"] * 2,
    "bomb": ["config"],
    "elsewhere": ["config"],
    "cut": ["unavailable"] * 3,
    "rate_limited": ["rate_limited"] * 3,
    "rate_limited_for_long": ["rate_limited"],
    "rate_limited_for_nobody_knows_how_long": ["rate_limited"] * 3,
    "quota": ["quota"],
    "server_error": ["unavailable"] * 3,
    "overloaded": ["unavailable"] * 3,
    "silence": ["unavailable"] * 3,
    "half": ["unavailable"] * 3,
    "web_page": ["unavailable"] * 3,
    "no_choices": ["unavailable"] * 3,
    "wrong_key": ["authentication"],
    "unknown_model": ["config"],
    "bad_request": ["config"],
    "hang": ["timeout"] * 3,
    "trickle": ["timeout"] * 3,
}


def outcomes() -> list[str]:
    return list(Call.objects.order_by("attempt").values_list("outcome", flat=True))


def test_every_fault_of_the_stub_is_tried_here() -> None:
    assert set(STUBBORN) == set(fault_names()) - {"ok"}


@pytest.mark.parametrize("fault", STUBBORN)
def test_stubborn_fault_ends_in_its_outcome_with_a_row_for_each_attempt(
    fault: str, stub: StubServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault in {"hang", "trickle"}:
        monkeypatch.setattr(door, "ATTEMPT_SECONDS", 0.4)
    stub.will(*[fault] * 5)
    expected = STUBBORN[fault]
    if expected == ["ok"]:
        assert 0 <= ask().value["amount"] <= 10
    else:
        with pytest.raises(ModelFailed) as failed:
            ask()
        assert failed.value.code == expected[-1]
    assert outcomes() == expected
    assert len(stub.requests) == len(expected)
    assert all(call.latency_ms is not None for call in Call.objects.all())


@pytest.mark.parametrize("fault", [name for name, course in STUBBORN.items() if len(course) > 1])
def test_passing_fault_is_overcome_by_the_same_model(
    fault: str, stub: StubServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault in {"hang", "trickle"}:
        monkeypatch.setattr(door, "ATTEMPT_SECONDS", 0.4)
    stub.will(fault)
    completed = ask()
    assert 0 <= completed.value["amount"] <= 10
    assert (outcomes(), completed.attempts) == ([STUBBORN[fault][0], "ok"], 2)
    assert set(Call.objects.values_list("model_requested", flat=True)) == {"openai/fake"}


def test_storm_of_mixed_faults_leaves_nothing_unhandled(stub: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "ATTEMPT_SECONDS", 1.0)
    rng = random.Random("storm")
    stub.will(*(rng.choice(["ok", *STUBBORN]) for _ in range(1200)))

    async def storm() -> list[object]:
        requests = [replace(REQUEST, scope=f"due:{number}", budget_seconds=8) for number in range(300)]
        return await asyncio.gather(*(door.complete(request) for request in requests), return_exceptions=True)

    results = async_to_sync(storm)()
    assert {type(result) for result in results} == {Completed, ModelFailed}
    assert not Call.objects.filter(outcome__in=["open", "internal"]).exists()
    assert Call.objects.count() >= len(stub.requests)
    assert Call.objects.filter(outcome="ok").count() == sum(isinstance(result, Completed) for result in results)


def test_good_call_is_logged_whole(stub: StubServer, ask: Ask) -> None:
    stub.reply = '{"amount": 4, "message": "hello"}'
    completed = ask()
    call = Call.objects.get()
    assert completed.value == {"amount": 4, "message": "hello"}
    assert (completed.call_id, completed.is_reused) == (call.pk, False)
    assert (call.scope, call.attempt, call.outcome, call.output) == ("due:1", 1, "ok", stub.reply)
    assert (call.model_requested, call.model_served) == ("openai/fake", "fake-served")
    assert (call.tokens_in, call.tokens_out) == (11, 7)
    assert call.prompt[1] == {"role": "user", "content": PROMPT}
    assert (call.parameters, call.seed) == ({"temperature": 0.5}, None)
    assert (call.finish_reason, call.request_id, call.system_fingerprint) == ("stop", REQUEST_ID, FINGERPRINT)
    assert (len(call.prompt_sha256), len(call.schema_sha256)) == (64, 64)
    assert (call.cost_usd, call.price) == (None, None)
    assert stub.requests[0]["response_format"]["json_schema"]["strict"] is True
    assert stub.requests[0]["temperature"] == 0.5


@pytest.mark.parametrize("fault", ["usage_below_zero", "usage_beyond_numbers", "usage_of_nothing"])
def test_length_that_no_call_has_is_not_known_and_neither_is_its_cost(fault: str, stub: StubServer, ask: Ask) -> None:
    stub.will(fault)
    assert ask(model="openai/gpt-4o-mini").tokens_in is None
    call = Call.objects.get()
    assert (call.outcome, call.tokens_in, call.tokens_out, call.cost_usd, call.price) == ("ok", None, None, None, None)


def test_failed_call_keeps_what_the_provider_calls_it(stub: StubServer, ask: Ask) -> None:
    stub.will("bad_request")
    with pytest.raises(ModelFailed):
        ask()
    call = Call.objects.get()
    assert (call.outcome, call.request_id, call.finish_reason) == ("config", REQUEST_ID, "")


def test_seed_is_sent_and_kept(stub: StubServer, ask: Ask) -> None:
    ask(parameters={"seed": 41})
    assert (Call.objects.get().seed, stub.requests[0]["seed"]) == (41, 41)


@pytest.mark.parametrize("fault", ["bulky", "bulky_unsaid", "endless"])
def test_of_a_body_that_does_not_end_little_is_read(fault: str, stub: StubServer, ask: Ask) -> None:
    stub.will(fault)
    started = time.monotonic()
    ask()
    assert stub.bulk_sent < 4 * MOST_BYTES, "what had left before the connection was closed: sockets hold some, too"
    assert time.monotonic() - started < 10


def test_of_a_prompt_that_is_not_kept_no_word_is_stored(stub: StubServer, ask: Ask) -> None:
    stub.will("wrong_schema")
    ask(keeps="hash")
    first, second = Call.objects.order_by("attempt")
    assert [sorted(message) for message in first.prompt] == [["chars", "role", "sha256"]] * 2
    assert first.prompt[1] == services.shape_of({"role": "user", "content": PROMPT})
    assert (len(second.prompt), second.prompt[:2]) == (4, first.prompt), "the re-ask has the same beginning"
    assert not any(PROMPT in str(vars(call)) for call in (first, second))
    assert second.output, "the answer is kept"
    assert ask(keeps="hash").is_reused
    assert ask().is_reused, "the same question is the same, however much of it is kept"


def test_cost_of_a_known_model_is_stored_with_its_price(stub: StubServer, ask: Ask) -> None:
    ask(model="openai/gpt-4o-mini")
    call = Call.objects.get()
    assert call.price is not None
    assert call.cost_usd is not None
    per_token = call.price["input_cost_per_token"], call.price["output_cost_per_token"]
    expected = 11 * Decimal(str(per_token[0])) + 7 * Decimal(str(per_token[1]))
    assert abs(call.cost_usd - expected) < Decimal("0.00000001")
    assert expected > 0


def test_repeated_request_reuses_the_answer_and_costs_nothing(stub: StubServer, ask: Ask) -> None:
    first, second = ask(), ask()
    assert (second.value, second.call_id, second.is_reused) == (first.value, first.call_id, True)
    assert len(stub.requests) == 1


def test_other_question_under_the_same_scope_is_asked_anew(stub: StubServer, ask: Ask) -> None:
    ask()
    changed = ask(messages=[{"role": "user", "content": "moved on"}])
    assert (changed.is_reused, changed.attempts) == (False, 2)
    assert not ask(scope="due:2").is_reused


def test_re_ask_shows_the_model_its_mistake(stub: StubServer, ask: Ask) -> None:
    stub.will("wrong_schema")
    ask()
    asked = stub.requests[1]["messages"]
    assert asked[:2] == list(REQUEST.messages)
    assert asked[2] == {"role": "assistant", "content": '{"something": "else"}'}
    assert "could not be used" in asked[3]["content"]
    assert ask().is_reused


def test_free_text_needs_no_schema(stub: StubServer, ask: Ask) -> None:
    completed = ask(schema=None)
    assert (completed.text, completed.value) == ("Good.", None)
    assert "response_format" not in stub.requests[0]


def test_nul_never_reaches_the_database_or_the_caller(stub: StubServer, ask: Ask) -> None:
    stub.will("raw_nul")
    completed = ask(schema=None, messages=[{"role": "user", "content": "a\x00b\ud800"}])
    assert completed.text == "a\u2400b"
    assert Call.objects.get().prompt == [{"role": "user", "content": "a\u2400b?"}]
    stub.will("nul")
    assert ask(scope="due:2").value["message"] == "a\u2400b?c"


def test_budget_bounds_all_attempts_together(stub: StubServer, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()  # the library's first call takes longer
    stub.will(*["hang"] * 5)
    started = time.monotonic()
    with pytest.raises(ModelFailed):
        ask(scope="due:2", budget_seconds=1.5)
    assert time.monotonic() - started < 3.5


def test_retry_after_within_the_budget_is_respected(
    stub: StubServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "FIRST_PAUSE_SECONDS", 60.0)
    stub.will("rate_limited")
    started = time.monotonic()
    ask()
    assert time.monotonic() - started < 10


def test_key_is_sent_but_never_stored(stub: StubServer, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    stub.will("wrong_key")
    with pytest.raises(ModelFailed):
        ask()
    assert stub.keys == [f"Bearer {KEY}"]
    assert not any(KEY in str(vars(call)) for call in Call.objects.all())


def test_key_that_is_sent_back_is_neither_kept_nor_said(stub: StubServer, ask: Ask) -> None:
    stub.will("echo", "coded_words")
    assert json.loads(ask().text)["message"] == "you sent Bearer [key]"
    with pytest.raises(ModelFailed):
        ask(scope="due:2")
    assert Call.objects.get(scope="due:2").error.endswith("no code")
    assert not any(KEY in str(vars(call)) or PROMPT in call.error for call in Call.objects.all())


def test_log_lines_hold_neither_prompt_nor_reply_nor_key(
    stub: StubServer, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    from config.logs import JsonFormatter

    caplog.set_level("DEBUG", logger="rapport")
    stub.will("bad_request")
    with pytest.raises(ModelFailed) as failed:
        ask()
    stub.reply = '{"amount": 4, "message": "secret-reply"}'
    ask(scope="due:2")
    lines = "\n".join(JsonFormatter().format(record) for record in caplog.records) + str(failed.value)
    assert '"outcome": "ok"' in lines
    assert not any(word in lines for word in (PROMPT, "secret-reply", KEY))
    assert PROMPT not in Call.objects.get(scope="due:1").error


def test_missing_key_is_a_configuration_failure_without_a_request(settings: Any, ask: Ask) -> None:
    settings.LLM_BASE = settings.LLM_KEY = ""
    with pytest.raises(ModelFailed, match="RAPPORT_LLM_KEY") as failed:
        ask()
    assert failed.value.code == "config"
    assert outcomes() == ["config"]


def test_foreign_key_in_the_environment_is_not_sent(
    stub: StubServer, ask: Ask, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    settings.LLM_KEY = ""
    ask()
    assert stub.keys == ["Bearer none"]


def test_broken_schema_is_refused_before_any_row(ask: Ask) -> None:
    with pytest.raises(ModelFailed, match="JSON Schema") as failed:
        ask(schema={"type": "no such type"})
    assert failed.value.code == "config"
    assert not Call.objects.exists()


def test_unexpected_exception_of_a_provider_closes_its_row(ask: Ask, settings: Any) -> None:
    settings.LLM_PROVIDERS = {"*": "tests.llm.test_llm_door.crashing"}
    with pytest.raises(ModelFailed) as failed:
        ask()
    assert (failed.value.code, outcomes()) == ("internal", ["internal"])


async def crashing(_question: object) -> None:
    raise KeyError("secret")


def test_replaced_holder_gets_superseded_and_its_reply_is_kept(stub: StubServer, ask: Ask) -> None:
    call = services.open_call(REQUEST, REQUEST.messages)
    assert ask().attempts == 2
    reply = litellm.Reply(text="late", model_served="m")
    assert services.close_call(call, Verdict("ok"), latency_ms=5, reply=reply) is False
    call.refresh_from_db()
    assert (call.outcome, call.output) == ("superseded", "late")


def test_holder_replaced_during_its_call_does_not_get_the_answer(stub: StubServer) -> None:
    stub.delay_seconds = 0.6

    async def two() -> tuple[object]:
        first = asyncio.ensure_future(door.complete(REQUEST))
        await asyncio.sleep(0.3)
        await sync_to_async(services.open_call)(REQUEST, REQUEST.messages)
        return await asyncio.gather(first, return_exceptions=True)

    (result,) = async_to_sync(two)()
    assert isinstance(result, ModelFailed)
    assert result.code == "superseded"


def test_finished_row_never_changes(stub: StubServer, ask: Ask) -> None:
    ask()
    with pytest.raises(IntegrityError, match="finished row"):
        Call.objects.update(output="something else")
    with pytest.raises(IntegrityError, match="finished row"):
        Call.objects.all().delete()


def test_hundred_questions_at_once_take_about_as_long_as_one(stub: StubServer) -> None:
    stub.delay_seconds = 1.0

    async def many() -> int:
        requests = [replace(REQUEST, scope=f"due:{number}") for number in range(100)]
        return len(await asyncio.gather(*(door.complete(request) for request in requests)))

    started = time.monotonic()
    assert async_to_sync(many)() == 100
    assert time.monotonic() - started < 15
    assert Call.objects.filter(outcome="ok").count() == 100
