"""People talk with language models while the worker that asks them dies at six points, and hints come five times each.

The whole installation, with Celery and Redis; `tests/bots/test_kills_in_numbers.py` kills more often, the loop alone.
What people said is there once, and so is one answer of the model to what it heard.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from config.places import ROOT
from tests.faults.account import Account
from tests.faults.charges import IN_CALLS, POINTS
from tests.faults.conftest import ACCOUNT
from tests.faults.nemesis import Nemesis
from tests.faults.rig import Rig
from tests.faults.test_talks import reckoned
from tests.machinery.stub_server import StubServer
from tests.machinery.study_files import read_study, write_study

STUDY = "faults-model-talk"
PEOPLE = 8
TALK_SECONDS = 240  # when its clock ends every conversation
LAST_SECONDS = 60.0
"""Before the end of a talk: what somebody says then may find no worker in time. After each death it takes longer until
it is started again."""
MODEL_SECONDS = 0.5
MOST_TRIES = 3
SIX = ["before claiming", "after claiming", *IN_CALLS, "before the commit of a turn", "after the commit of a turn"]
SAFETY = {
    "on_call": {"role": "Nobody: a test", "email": "team@example.org"},
    "staffed": {"zone": "Europe/London", "hours": [{"days": ["mon"], "begin": "10:00", "end": "17:00"}]},
    "card": {"en": "pages/card.md"}, "helplines": {"by": "Nobody: a test", "on": "2026-11-01"},
    "adults": "Nobody takes part but programs.", "replies": {"line": "Let us stop here."}, "stopped": "completed",
}  # fmt: skip
ENTRIES = """
    SELECT e.conversation_id, e.seq, t.occupant = 'model', e.answers,
        extract(epoch FROM coalesce(c.closed_at, rapport_now()) - e.at)::float
    FROM chat_entry e JOIN matching_seat t ON t.id = e.seat_id JOIN chat_conversation c ON c.id = e.conversation_id
    WHERE EXISTS (
        SELECT FROM matching_seat s JOIN participants_participant p ON p.id = s.participant_id
        WHERE s.group_id = t.group_id AND p.created_at >= %s
    ) ORDER BY e.conversation_id, e.seq
"""
Row = tuple[int, int, bool, int | None, float]


def written(folder: Path) -> tuple[Path, Mapping[str, str]]:
    """The benchmark's conversation with a model, with what it needs to be opened to people."""
    home = Path(shutil.copytree(ROOT / "bench" / "reply_study", folder / "studies" / "model_talk"))
    said = read_study(home)
    said |= {"id": STUDY, "safety": SAFETY}
    said["partners"]["companion"]["delay"] = {"min_s": 1, "max_s": 1}
    (game,) = (stage for stage in said["waves"][0]["stages"] if stage["id"] == "game")
    game["parameters"]["longest_seconds"] = TALK_SECONDS
    write_study(home, said)
    consent = home / "pages" / "consent.md"
    consent.write_text(f"{consent.read_text()}\nWe read along {{{{ staffed_hours }}}}.\n")
    (home / "pages" / "card.md").write_text("# Support\n\nCall somebody.\n")
    return home, {}


@pytest.fixture(scope="module")
def model_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An installation with a study in which people talk with a model, and that model."""
    with StubServer(delay_seconds=MODEL_SECONDS) as stub:
        asked = {
            "RAPPORT_LLM_BASE": stub.base, "RAPPORT_LLM_BASES": stub.base, "RAPPORT_LLM_KEY": "sk-of-the-test",
            "RAPPORT_LLM_PROVIDER": "openai",
        }  # fmt: skip
        folder = tmp_path_factory.mktemp("model-talks")
        with Rig(folder, study=STUDY, write=written, variables=asked) as hurt:
            yield hurt


def twice(rows: Iterable[Row]) -> list[str]:
    """Answers of which there are more than one to the same."""
    count = Counter((talk, answers) for talk, _, is_model, answers, _ in rows if is_model)
    return [
        f"talk {talk}: {number} answers to entry {answers}" for (talk, answers), number in count.items() if number > 1
    ]


def without(rows: Iterable[Row]) -> list[str]:
    """What somebody said, in time, after which the model said nothing more."""
    newest: dict[int, Row] = {row[0]: row for row in rows}
    return [
        f"talk {talk}: nothing came after entry {seq}, {left:.0f} s before its end"
        for talk, seq, is_model, _, left in newest.values()
        if not is_model and left > LAST_SECONDS
    ]


def test_answers_that_are_not_there_and_those_that_are_there_twice_are_seen() -> None:
    rows: list[Row] = [(1, 1, True, 0, 300.0), (1, 2, False, None, 290.0), (1, 3, True, 2, 280.0)]
    assert (twice(rows), without(rows)) == ([], [])
    assert twice([*rows, (1, 4, True, 2, 279.0)]) == ["talk 1: 2 answers to entry 2"]
    assert without([*rows, (1, 4, False, None, 200.0)]) == ["talk 1: nothing came after entry 4, 200 s before its end"]
    assert without([*rows, (1, 4, False, None, 20.0)]) == []


def dies_at(nemesis: Nemesis, point: str) -> None:
    """Let the worker die at a point; again where it was not there in time to come by."""
    for _ in range(MOST_TRIES):
        nemesis.charge("bots", point)
        if any(fault.kind == f"bots dies {point}" for fault in nemesis.faults):
            return


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_message_has_one_answer_wherever_the_worker_dies(
    model_rig: Rig, record_property: Callable[[str, object], None], seen: Callable[[str], None]
) -> None:
    nemesis = Nemesis(model_rig)

    def harm() -> None:
        assert nemesis.wait_for("game/1/talk")
        with nemesis.multiplied_hints():
            for point in SIX:
                dies_at(nemesis, point)
            nemesis.rest_while_playing()

    played = model_rig.play(PEOPLE, harm)
    account: Account = reckoned(model_rig, "talks with models, their worker killed, hints five times", played, nemesis)
    rows: list[Any] = model_rig.ask(ENTRIES, played.began)
    account.find("doubled", twice(rows))
    account.find("lost", without(rows))
    record_property(ACCOUNT, account.as_facts())
    answers = sum(row[2] for row in rows)
    seen(f"{answers} answers of models to {len(rows) - answers} messages; {account.kinds}")
    assert account.problems == []
    assert set(SIX) <= {*POINTS["bots"], *IN_CALLS}
    assert all(account.kinds.get(f"bots dies {point}", 0) >= 1 for point in SIX)
    assert account.kinds["a hint five times, late"] > PEOPLE
    assert answers > 3 * PEOPLE
