"""Where the programs are language models: can anything but words tell them from people, who says nothing of it?

The same people, readings, classifiers and bounds as where programs decide by rules. The models are asked over HTTP by
the platform's own library, take their time, and are asked once more for some of what they say.
"""

import json
import logging
from collections.abc import Callable, Iterator

import pytest

from tests.blinding.classify import ENOUGH
from tests.blinding.installation import Copied
from tests.blinding.leaks import MODEL_LEAKS, Leak
from tests.blinding.meetings import Play
from tests.blinding.model_seats import SHORT, SPOILT, UNSEEN, ModelProcess, Speaker, variables
from tests.blinding.study import STEADY, TITLES, UNHURRIED
from tests.blinding.test_blinding import AT_A_TIME, PLAYS
from tests.blinding.turns import Row
from tests.blinding.verdict import Verdict, verdict_on
from tests.machinery.dataset import ask

log = logging.getLogger("rapport.blinding")  # shown by --log-cli-level=INFO

ASKED = """
    SELECT count(*), count(*) FILTER (WHERE outcome <> 'ok' OR scope LIKE '%%/again'), coalesce(avg(latency_ms), 0)
    FROM llm_call WHERE at >= %s::timestamptz
"""
NOW = "SELECT rapport_now()::text"
BLOCKED = "SELECT count(*), count(*) FILTER (WHERE by <> 'regenerated') FROM bots_replycheck"


def body(text: str, *asked: str, again: bool = False) -> dict[str, object]:
    messages = [{"role": "system", "content": "You."}, {"role": "user", "content": text}]
    more = [{"role": "assistant", "content": "x"}, {"role": "user", "content": "again"}] if again else []
    schema: dict[str, object] = {"properties": {name: {} for name in asked}}
    return {"messages": [*messages, *more], "response_format": {"json_schema": {"schema": schema}}}


def test_model_acts_as_people_do_and_says_again_what_may_not_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.blinding.model_seats.SECONDS", (0.0, 0.0))
    speaker = Speaker("x")
    chat, said = f"# {TITLES['chat']}", '[1] B: "elm"\n[2] You: "oak"\n[3] B: "fir"'
    first = [json.loads(speaker(body(chat, "message", "then"))) for _ in range(300)]
    assert {one["then"] for one in first} == {"more"}
    spoilt = [one for one in first if UNSEEN in one["message"]]
    assert SPOILT / 2 < len(spoilt) / 300 < SPOILT * 2
    assert all(one["message"].removesuffix(UNSEEN) in SHORT for one in spoilt)
    later = [json.loads(speaker(body(f"{chat}\n\n{said}", "message", "then", again=True))) for _ in range(100)]
    assert {one["then"] for one in later} == {"ready"}
    assert "" in {one["message"] for one in later}
    assert not any(UNSEEN in one["message"] for one in later)
    talk = json.loads(speaker(body(f"# {TITLES['talk']}\n\n{said}", "message", again=True)))
    assert talk.keys() == {"message"}
    assert {json.loads(speaker(body("# A number", "number", again=True)))["number"] for _ in range(200)} == {*range(10)}


@pytest.fixture(scope="module")
def copied() -> Iterator[Copied]:
    """One installation, with a model, whose source is exchanged from test to test."""
    with ModelProcess() as address, Copied(variables(address)) as installation:
        yield installation


def warmed(copied: Copied, name: str) -> None:
    """The library imports much at its first questions, which nobody shall be told by."""
    copied.rows(Play(f"{name}-warm", groups=3, rounds=1, pace=STEADY, by_model=True))


@pytest.mark.long
@pytest.mark.timeout(4200)
def test_two_thousand_turns_of_models_tell_nothing(copied: Copied, seen: Callable[[str], None]) -> None:
    warmed(copied, "large")
    ((began,),) = ask(copied, NOW)
    turns: list[Row] = []
    meetings: list[Row] = []
    for number in range(PLAYS):
        play = Play(f"models-{number}", groups=AT_A_TIME, rounds=2, pace=UNHURRIED, by_model=True)
        more, met = copied.rows(play)
        turns, meetings = turns + more, meetings + met
    verdict = verdict_on(turns, meetings)
    log.info("clean\n%s", verdict)
    for line in str(verdict).splitlines():
        seen(line)
    ((asked, again, latency),) = ask(copied, ASKED, began)
    ((blocked, not_mended),) = ask(copied, BLOCKED)
    seen(f"{asked} questions to models of {latency:.0f} ms on average, {again} of them once more; {blocked} blocked")
    assert min(verdict.areas[0].programs, verdict.areas[0].people) >= ENOUGH
    assert again > asked * SPOILT / 4, "what was asked for once more is among the turns"
    assert blocked > 0
    assert not_mended == 0
    assert verdict.is_blind, verdict


def told(copied: Copied, name: str, leak: Leak | None) -> Verdict:
    """What a play of the size for leaks tells, with a leak planted or without."""
    copied.restart(leak)
    warmed(copied, name)
    verdict = verdict_on(*copied.rows(Play(name, groups=AT_A_TIME, rounds=2, pace=STEADY, by_model=True)))
    log.info("%s\n%s", leak.name if leak else "none planted", verdict)
    return verdict


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_every_leak_of_models_is_caught(copied: Copied, seen: Callable[[str], None]) -> None:
    none = told(copied, "model-no-leak", None)
    assert none.is_blind, none  # else what is caught below would be something else
    unseen = {}
    for number, leak in enumerate(MODEL_LEAKS):
        verdict = told(copied, f"model-leak-{number}", leak)
        seen(f"{leak.name}: {max(verdict.areas, key=lambda one: one.auc)}")
        if verdict.is_blind or not verdict.tells:
            unseen[leak.name] = str(verdict)
    assert unseen == {}
