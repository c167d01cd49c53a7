"""People talk while the process that serves sockets dies and answers to messages are lost, each after its commit.

A message goes through the socket; where its answer does not come, the form says it under the same key. What was
acknowledged by either is there once, as it was said, and both people end as they were meant to.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from config.places import ROOT
from tests.faults.account import Account, reckon_verification
from tests.faults.charges import IN_TALKS
from tests.faults.conftest import ACCOUNT
from tests.faults.nemesis import Nemesis
from tests.faults.rig import Played, Rig
from tests.machinery.study_files import read_study, write_study
from tests.sizes import sized

pytestmark = [pytest.mark.timeout(600), pytest.mark.sized]

STUDY = "faults-talk"
PEOPLE = sized(test=2, long=8)
TALK_SECONDS = sized(test=30, long=120)  # when its clock ends every conversation
LOST_ANSWERS = 0.2
SOCKET_DEATHS = sized(test=1, long=3)
"""Each before and after a commit. After every death it takes longer until the process is started again, up to half a
minute, and without sockets no answer can be lost: more of them would leave a conversation no time for that."""
REST_SECONDS = 4.0  # so that people have sockets again
SAID = """
    SELECT e.key, e.text FROM chat_entry e JOIN matching_seat t ON t.id = e.seat_id
    JOIN participants_participant p ON p.id = t.participant_id WHERE p.created_at >= %s
    ORDER BY e.conversation_id, e.seq
"""
BY_SOCKET = (
    "SELECT count(*) FROM events_event WHERE kind = 'chat.entry' AND (facts->>'by_socket')::boolean AND at >= %s"
)
UNFINISHED = "SELECT code FROM participants_participant WHERE created_at >= %s AND exit <> 'completed'"


def written(folder: Path) -> tuple[Path, Mapping[str, str]]:
    """The benchmark's conversation of two people, short enough to be ended by its clock."""
    home = Path(shutil.copytree(ROOT / "bench" / "talk_study", folder / "studies" / "talk"))
    said = read_study(home)
    said["id"] = STUDY
    (game,) = (stage for stage in said["waves"][0]["stages"] if stage["id"] == "game")
    game["parameters"]["longest_seconds"] = TALK_SECONDS
    write_study(home, said)
    return home, {}


@pytest.fixture(scope="module")
def talk_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An installation with a study of two people who talk."""
    with Rig(tmp_path_factory.mktemp("talks"), study=STUDY, write=written) as hurt:
        yield hurt


def reckoned(rig: Rig, scenario: str, played: Played, nemesis: Nemesis) -> Account:
    """What was acknowledged against what is there: every message once, as it was said, and nobody without an end."""
    kinds = {fault.kind: sum(one.kind == fault.kind for one in nemesis.faults) for fault in nemesis.faults}
    account = Account(scenario, kinds, people=len(played.people), acknowledged=len(played.ledger))
    account.retries = sum(len(one.door.server_errors) + len(one.door.transport_errors) for one in played.people)
    reckon_verification(account, rig.verify())
    told = {entry.key: entry.data.get("message", "").strip() for entry in played.ledger}
    there = rig.ask(SAID, played.began)
    account.find("doubled", (f"{key} was told to nobody" for key, _ in there if key not in told))
    account.find("doubled", (f"{key} is there twice" for key in {key for key, _ in there} if is_twice(there, key)))
    account.find("lost", (f"{key}: {told[key]!r} is {text!r}" for key, text in there if told.get(key, text) != text))
    account.find("stuck", (f"person {one.number}: {one.failure}" for one in played.people if one.failure))
    account.find("wrong", (f"{code} did not complete" for (code,) in rig.ask(UNFINISHED, played.began)))
    return account


def is_twice(there: list[tuple[str, str]], key: str) -> bool:
    """Whether more than one entry has a key."""
    return sum(one == key for one, _ in there) > 1


def harm(nemesis: Nemesis) -> None:
    """Answers to messages are lost on their way; now and then the process dies with a message just stored."""
    sockets = nemesis.rig.doors.sockets
    assert nemesis.wait_for("game/1/talk")
    with nemesis.counted("answer to a message lost", "sockets", "swallowed"):
        sockets.swallows = LOST_ANSWERS
        for _ in range(SOCKET_DEATHS):
            nemesis.charge("sockets", *reversed(IN_TALKS))
            time.sleep(REST_SECONDS)
        nemesis.rest_while_playing()


def test_no_message_is_lost_or_doubled_whatever_dies_between_its_commit_and_its_answer(
    talk_rig: Rig, record_property: Callable[[str, object], None]
) -> None:
    nemesis = Nemesis(talk_rig)
    played = talk_rig.play(PEOPLE, lambda: harm(nemesis))
    account = reckoned(talk_rig, "talks, sockets killed, answers lost", played, nemesis)
    record_property(ACCOUNT, account.as_facts())
    assert account.problems == []
    assert account.kinds["sockets dies after the commit of a message"] >= 1
    assert account.kinds["answer to a message lost"] >= 2
    by_socket = sum(entry.outcome == "said" for entry in played.ledger)
    assert by_socket > PEOPLE, "people talk over their sockets"
    assert talk_rig.ask(BY_SOCKET, played.began)[0][0] > by_socket, "some were stored, and acknowledged to a form alone"
