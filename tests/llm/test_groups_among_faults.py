"""Whole groups whose model fails in twelve ways, through the real library over HTTP: none hangs, nothing crashes.

Each turn that comes to nothing has one row that says which step of the policy was taken, and no limit of what may be
spent is passed. The small size plays all kinds mixed; `make long` a hundred turns of each, which then never passes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bots.models import BotTurn, FailedTurn
from bots.run import run_groups
from events.models import Due, Event
from flow.models import Act
from llm import door
from llm.models import Account, Call, Charge
from llm.providers.reading import MOST_BYTES
from matching.models import Group
from studies.models import Version
from tests.chat.rooms import PERSONA, make_version, study_file
from tests.llm.spenders import PRICE, check_sums
from tests.machinery.bounds import bound
from tests.machinery.stub_server import StubServer, fault_names
from tests.sizes import LONG, SIZE, sized

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sized, pytest.mark.timeout(900)]

TWELVE = (
    "refusal", "empty", "truncated", "bad_json", "wrong_schema", "negative", "rate_limited", "overloaded", "hang",
    "endless", "bulky", "cut",
)  # fmt: skip
KINDS = {"mixed with good answers": (*TWELVE, *["ok"] * len(TWELVE))}
KINDS |= {kind: (kind,) for kind in TWELVE} if SIZE == LONG else {}
SECONDS_OF_A_STEP = 2
TURNS_OF_A_GROUP = 4  # at least: two seats talk, and then each says a number, or reads that nothing came of it
TURN = {"reaction": "bots.turns.take_turn"}
CAP = Decimal("0.02")
USED = (600, 100)  # tokens of each answer: a dozen of them are worth the cap
FREE = {"rate_limited"}  # what the provider refuses before it begins costs nothing, so no limit is reached by it
NO_PRICE = {"input": "0.00", "output": "0.00"}
A_MILLION = {"price": {"input": "1.00", "output": "10.00"}}


def pairs_of_models(cap: Decimal | None = None) -> Version:
    """A study in which two seats of a model talk and then say a number, and have little time for either.

    Args:
        cap: The most that the study may spend; None: its model is free.
    """
    time_limits = {"longest": SECONDS_OF_A_STEP, "answering": SECONDS_OF_A_STEP}
    said = study_file("chatting", parameters={"quota": 2, **time_limits})
    said["groups"] = {"pair": {"roles": {"talker": {"ai": 2}}, "partners": {"ai": "machine"}}}
    model: dict[str, Any] = {"name": "openai/fake", "max_tokens": 100, "daily_cost_usd": "0.00", "price": NO_PRICE}
    if cap is not None:
        model |= A_MILLION | {"daily_cost_usd": "50.00"}
        said["budget"] = {"study": {"hard_usd": str(cap)}}
    said["partners"] = {
        "machine": {
            "occupant": "model", "personas": ["prompts/one.md"], "asked_if_ai": "admit", "label": {"all": "AI"},
            "model": model,
        }
    }  # fmt: skip
    lobby = {
        "id": "lobby", "kind": "waiting_room", "forms": "pair", "page": "pages/talk.md", "max_wait_seconds": 60,
        "ready_seconds": 20, "pay_per_minute": "0.00", "on_timeout": {"exit": "no_group"},
    }  # fmt: skip
    said["waves"][0]["stages"].insert(0, lobby)
    return make_version(
        said, {f"pages/{page}.md": f"# {page}" for page in ("talk", "void")} | {"prompts/one.md": PERSONA}
    )


def test_the_twelve_kinds_are_ways_in_which_the_stub_fails() -> None:
    assert len(set(TWELVE) & set(fault_names())) == 12


@pytest.mark.parametrize("kind", KINDS)
def test_no_group_hangs_and_every_turn_has_one_outcome(
    kind: str,
    stub: StubServer,
    games_are_installed: None,
    monkeypatch: pytest.MonkeyPatch,
    seen: Callable[[str], None],
) -> None:
    monkeypatch.setattr(door, "ATTEMPT_SECONDS", 0.5)
    stub.usual = KINDS[kind]
    groups = sized(test=3, long=100 // TURNS_OF_A_GROUP)
    version = pairs_of_models()
    began = time.monotonic()
    done = run_groups(version, groups)
    took = time.monotonic() - began
    assert (done.finished, Group.objects.filter(status="active").count()) == (groups, 0)
    assert took < 30 * (1 + groups / 10), "ten groups at once, of two steps each and what follows"
    assert len(stub.requests) >= groups * 2
    turns = BotTurn.objects.filter(match__group__version=version)
    assert turns.count() >= groups * TURNS_OF_A_GROUP
    assert not turns.filter(outcome="open").exists()
    assert not Due.objects.filter(reaction="bots.turns.take_turn", outcome="").exists()
    assert not Event.objects.filter(kind="due.failed").exists()
    assert not Call.objects.filter(outcome__in=["open", "internal", "authentication", "config"]).exists()
    assert Call.objects.count() >= len(stub.requests), "an attempt may be over before it left"
    assert stub.bulk_sent <= 4 * MOST_BYTES * len(stub.requests)
    by_model = Act.objects.filter(source="model", path="answer").values_list("values", flat=True)
    assert all(0 <= values["number"] <= 9 for values in by_model), "what is out of range is refused, never clamped"
    failed = policy_rows()
    if kind in TWELVE:
        assert failed.total() >= groups * TURNS_OF_A_GROUP, "every turn that asks fails"
    hung, crashed = groups - done.finished, Event.objects.filter(kind="due.failed").count()
    seen(f"{kind}: {turns.count()} turns, {len(stub.requests)} questions, {hung} hung, {crashed} crashes")
    seen(f"one policy row for each of {failed.total()} turns that failed: {told(failed)}")
    seen(bound(hung + crashed, turns.count(), "turns"))


def policy_rows() -> Counter[str]:
    """Why turns failed, of the rows that say what followed: each has one, and one event, and nothing is made up."""
    rows = FailedTurn.objects.all()
    assert rows.count() == Due.objects.filter(**TURN, outcome="failed").count()
    assert rows.count() == Event.objects.filter(kind="turn.failed").count()
    steps = set(rows.values_list("did", "is_answered"))
    assert steps <= {("silence", False), ("deadline", False)}, "as is declared unless a study says otherwise"
    assert all(row.error_code.startswith("model_") and row.tries == 1 for row in rows)
    return Counter(rows.values_list("error_code", flat=True))


def told(failed: Counter[str]) -> str:
    """Such as "100 x model_refusal"."""
    return ", ".join(f"{number} x {code}" for code, number in failed.most_common()) or "none"


@pytest.mark.parametrize("kind", KINDS)
def test_no_limit_is_passed_however_a_model_fails(
    kind: str,
    stub: StubServer,
    games_are_installed: None,
    monkeypatch: pytest.MonkeyPatch,
    seen: Callable[[str], None],
) -> None:
    """By our own accounts, and by what the stub says that it has billed, of which we are told only in its answers."""
    monkeypatch.setattr(door, "ATTEMPT_SECONDS", 0.5)
    stub.usual, stub.usage = KINDS[kind], USED
    groups = sized(test=4, long=10)
    version = pairs_of_models(CAP)
    done = run_groups(version, groups)
    assert (done.finished, Group.objects.filter(status="active").count()) == (groups, 0)
    root = f"study:{version.study_id}"
    check_sums(root)
    account = Account.objects.get(key=root)
    assert not Charge.objects.filter(state="reserved").exists()
    billed, a_call = PRICE.of(*USED) * stub.billed, PRICE.of(*USED)
    assert account.spent_usd <= CAP
    assert billed <= account.spent_usd, "nothing that was billed is missing"
    failed = policy_rows()
    if kind not in FREE:
        assert failed["model_budget"] > 0, "the limit was reached, so that it can be seen to hold"
        assert Event.objects.filter(kind="budget.hard", facts__kind="study").count() == 1
    over = max(Decimal(0), (billed - CAP) / a_call)
    seen(f"{kind}: {billed} USD billed and {account.spent_usd} counted of {CAP}: {over:.1f} calls above the cap")
