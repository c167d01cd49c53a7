"""Whole groups whose model fails in twelve ways, through the real library over HTTP: none hangs, nothing crashes.

The small size plays all kinds mixed; `make long` plays a hundred turns of each kind, which then never passes.
"""

from __future__ import annotations

import time

import pytest

from bots.models import BotTurn
from bots.run import run_groups
from events.models import Due, Event
from flow.models import Act
from llm import door
from llm.models import Call
from llm.providers.reading import MOST_BYTES
from matching.models import Group
from studies.models import Version
from tests.chat.rooms import PERSONA, make_version, study_file
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


def pairs_of_models() -> Version:
    """A study in which two seats of a model talk and then say a number, and have little time for either."""
    time_limits = {"longest": SECONDS_OF_A_STEP, "answering": SECONDS_OF_A_STEP}
    said = study_file("chatting", parameters={"quota": 2, **time_limits})
    said["groups"] = {"pair": {"roles": {"talker": {"ai": 2}}, "partners": {"ai": "machine"}}}
    said["partners"] = {
        "machine": {
            "occupant": "model", "personas": ["prompts/one.md"], "asked_if_ai": "admit", "label": {"all": "AI"},
            "model": {"name": "openai/fake", "max_tokens": 100, "daily_cost_usd": "0.00"},
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
    kind: str, stub: StubServer, games_are_installed: None, monkeypatch: pytest.MonkeyPatch
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
