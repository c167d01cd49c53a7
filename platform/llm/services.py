"""Writing the log of calls: open a row before the model is asked, close it with what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from events import clock
from llm import budgets
from llm.errors import ModelFailed
from llm.exchange import Completed, Message, Reply, Request
from llm.models import Call, Charge
from llm.rules import MOST_OUTPUT_CHARS, Verdict, judge, sha256_of, storable
from llm.spending import Exhausted, Spending

MOST_TRIES = 5
SHA256 = "sha256"
"""The key under which a message that is not kept has its hash."""
MOST_LAPSED = 50


def open_call(request: Request, messages: Sequence[Message]) -> Call:
    """Write that `messages` are about to be sent, as the next attempt of the scope.

    Rows of the scope still open belong to a holder that died or was replaced: they become superseded. What the call
    may cost is set aside in the same transaction.

    Raises:
        ModelFailed: "budget", where it could pass a limit; then nothing is written but that the limit was reached.
    """
    if request.spending is not None:
        lapse(request.spending.root)
    for _ in range(MOST_TRIES):
        try:
            with transaction.atomic():
                return _opened(request, messages)
        except Exhausted as refused:
            if request.spending is not None:
                _announce(refused, request.spending)
            text = f"{request.model} under scope {request.scope} is not asked: {refused}"
            raise ModelFailed("budget", text) from None
        except IntegrityError:  # two holders took the same number at once: the unique key let one of them through
            continue
    raise RuntimeError(f"no free attempt number under scope {request.scope}")


def _opened(request: Request, messages: Sequence[Message]) -> Call:
    earlier = Call.objects.filter(scope=request.scope)
    earlier.filter(outcome=Call.Outcome.OPEN).update(outcome=Call.Outcome.SUPERSEDED)
    newest = earlier.order_by("-attempt").values_list("attempt", flat=True).first()
    call = Call.objects.create(
        scope=request.scope,
        attempt=(newest or 0) + 1,
        prompt=kept(messages, request.keeps),
        seed=_seed(request.parameters),
        memory_sha256=request.memory_sha256,
        **_identity(request),
    )
    budgets.reserve(call, request, messages)  # the last: everybody waits for these rows
    return call


@transaction.atomic
def _announce(refused: Exhausted, spending: Spending) -> None:
    budgets.announce_refusal(refused, spending)


def lapse(root: str) -> int:
    """Count calls whose workers have died, as if they had cost the most they could; return how many there were."""
    late = Charge.objects.filter(root=root, state=Charge.State.RESERVED, lapses_at__lt=clock.RapportNow())
    found = list(late.order_by("lapses_at").values_list("pk", flat=True)[:MOST_LAPSED])
    return sum(_lapsed(pk) for pk in found)


@transaction.atomic
def _lapsed(pk: int) -> bool:
    locked = Charge.objects.select_for_update().filter(pk=pk, state=Charge.State.RESERVED).first()
    if locked is not None:  # else somebody has closed its call, or counted it, since
        budgets.assume(locked)
    return locked is not None


def kept(messages: Sequence[Message], keeps: str) -> list[dict[str, Any]]:
    """Messages as a row holds them: as they are, or what shows that others were the same, and no word of them."""
    if keeps == "full":
        return [dict(message) for message in messages]
    return [shape_of(message) for message in messages]


def shape_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Role, hash and length of a message; of one that is kept so already, itself."""
    if SHA256 in message:
        return dict(message)
    content = str(message.get("content", ""))
    return {"role": message.get("role", ""), SHA256: sha256_of(content), "chars": len(content)}


def _seed(parameters: Mapping[str, Any]) -> int | None:
    seed = parameters.get("seed")
    return seed if isinstance(seed, int) and abs(seed) < 2**63 else None


def _identity(request: Request) -> dict[str, Any]:
    """What makes two requests the same question."""
    return {
        "model_requested": request.model,
        "parameters": storable(dict(request.parameters)),
        "prompt_sha256": sha256_of([dict(message) for message in request.messages]),
        "schema_sha256": sha256_of(request.schema) if request.schema is not None else "",
    }


def close_call(call: Call, verdict: Verdict, *, latency_ms: int, reply: Reply | None, request_id: str = "") -> bool:
    """Write what came of an attempt; False when the scope has meanwhile gone to another holder (the text is kept).

    Args:
        request_id: What the provider calls the request, where there is no reply that says so.
    """
    values: dict[str, Any] = {"latency_ms": latency_ms, "error": storable(verdict.error)[:300]}
    values["request_id"] = storable(reply.request_id if reply is not None else request_id)[:120]
    if reply is not None:
        values |= {
            "output": storable(reply.text[:MOST_OUTPUT_CHARS]),
            "model_served": storable(reply.model_served)[:200],
            "tokens_in": reply.tokens_in,
            "tokens_out": reply.tokens_out,
            "cost_usd": reply.cost_usd,
            "price": reply.price,
            "finish_reason": storable(reply.finish_reason)[:40],
            "system_fingerprint": storable(reply.system_fingerprint)[:120],
        }
    with transaction.atomic():
        mine = Call.objects.filter(pk=call.pk)
        # Compare-and-set: only a row that nobody superseded may become an answer.
        is_ours = bool(mine.filter(outcome=Call.Outcome.OPEN).update(outcome=verdict.outcome, **values))
        if not is_ours:
            mine.filter(outcome=Call.Outcome.SUPERSEDED).update(**values)
        budgets.conclude(call, verdict.outcome, reply)
        return is_ours


def answered(request: Request) -> Completed | None:
    """An earlier good answer to the same question under the same scope."""
    call = Call.objects.filter(scope=request.scope, outcome=Call.Outcome.OK, **_identity(request)).last()
    if call is None:
        return None
    verdict = judge(Reply(text=call.output, model_served=call.model_served), request.schema)
    return completed(call, verdict.value, is_reused=True) if verdict.outcome == "ok" else None


def completed(call: Call, value: Any, *, is_reused: bool) -> Completed:
    """The answer that a closed row holds."""
    return Completed(
        call_id=call.pk,
        text=call.output,
        value=storable(value),
        model_served=call.model_served,
        tokens_in=call.tokens_in,
        tokens_out=call.tokens_out,
        latency_ms=call.latency_ms or 0,
        attempts=call.attempt,
        is_reused=is_reused,
        system_fingerprint=call.system_fingerprint,
    )
