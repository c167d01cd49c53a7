"""What models would be told, before anybody takes part: exactly what is sent, and what differs between conditions."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bots.models import Memory, Noting
from config.management.commands.prompt import _differences
from config.supervisor.screens import source_of
from events import clock
from llm.models import Call
from llm.rules import sha256_of
from matching.models import Seat
from participants.models import Participant
from screens.asked import Asked, Wanted, beside, difference, told
from screens.errors import ScreensError
from screens.plan import ask
from screens.rehearsal import PEOPLE_SAY
from screens.services import undone
from tests.browser.test_two_visits import NOTED, RULES, SAID, study_folder
from tests.machinery.quick import SHIPPED
from tests.machinery.running import Running
from tests.machinery.study_files import read_study, write_study
from tests.screens.studies import short_copy

pytestmark = pytest.mark.django_db
FIRST_TALK, SECOND_TALK = PEOPLE_SAY[2:4], PEOPLE_SAY[4:6]
"""What the person says in the two conversations, which are the second and third visit."""
EARLIER = "earlier conversations with the same person"


def asked_in(folder: Path, conditions: Sequence[str] = (), **wanted: Any) -> list[Asked]:
    """What models are told in the study of a folder, and that nothing of it is left."""
    plan = source_of(str(folder), seed="1").plan
    found: list[list[Asked]] = []
    with undone():
        clock.simulate()
        plan = plan.model_copy(update={"conditions": list(conditions), "asked": Wanted(**wanted)})
        found.append(ask(plan, say=lambda _: None))
        for row in (Participant, Seat, Call, Memory, Noting):
            assert not row.objects.exists()
    return found[0]


def user_of(asked: Asked) -> str:
    assert [message["role"] for message in asked.messages] == ["system", "user"]
    return asked.messages[1]["content"]


def last_talk(found: Sequence[Asked], level: str) -> Asked:
    (one,) = [each for each in found if each.condition == f"memory={level}" and each.visit == "chat 2"]
    return one


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with two conversations, and a level for each rule of memory."""
    return study_folder(tmp_path_factory.mktemp("two"))


def test_each_rule_of_memory_is_shown_with_exactly_what_it_allows(several: Path) -> None:
    found = asked_in(several, role="talker")
    assert {one.condition for one in found} == {f"memory={level}" for level in RULES}
    assert {(one.visit, one.stage, one.step) for one in found} == {
        ("chat 1", "talk", "talk"), ("chat 2", "talk", "talk"),
    }  # fmt: skip
    # level → whether notes stand there, whether words of before do, and how many of the two that were said then
    expected = {
        "nothing": (False, False, 0), "visit": (False, False, 0), "newest": (False, True, None),
        "sums": (True, False, 2), "facts": (True, False, 1), "all": (False, True, 2),
    }  # fmt: skip
    for level, (has_notes, has_words, count) in expected.items():
        user = user_of(last_talk(found, level))
        assert any(words in user for words in SECOND_TALK), "the conversation itself is there"
        assert (NOTED in user, SAID in user) == (has_notes, has_words), level
        heard = sum(words in user for words in FIRST_TALK)
        assert count in (None, heard), level
        assert (EARLIER in user) is (has_notes or has_words), level
    facts = user_of(last_talk(found, "facts"))
    assert f'{NOTED}- "I like long walks, and you?"' not in facts, "a question is no fact"
    assert '- "I am tired today."' in facts


def test_hashes_are_those_that_the_log_of_calls_would_have(several: Path) -> None:
    found = asked_in(several, ["memory=all", "memory=visit"])
    for one in found:
        assert one.sha256 == sha256_of(one.messages)
    assert last_talk(found, "all").memory_sha256 != ""
    assert last_talk(found, "visit").memory_sha256 == ""
    again = asked_in(several, ["memory=all", "memory=visit"])
    assert [one.sha256 for one in again] == [one.sha256 for one in found], "the same whenever it is asked"


def test_conditions_differ_in_what_is_remembered_and_in_nothing_else(several: Path) -> None:
    found = asked_in(several, ["memory=visit", "memory=all"])
    sides = [[one for one in found if one.condition == f"memory={level}"] for level in ("visit", "all")]
    by_visit = {one.visit: difference(one, other) for one, other in beside(*sides) if one is not None}
    assert by_visit["chat 1"] == []
    changed = [line for line in by_visit["chat 2"][2:] if line[:1] in "+-"]
    assert changed
    assert all(line.startswith("+") for line in changed), changed
    for line in changed:
        assert line == "+" or line.startswith(("+Conversation 1, ", f"+{SAID.strip()}")), line
    printed = "\n".join(_differences([("memory=visit", "memory=all")], found))
    assert printed.endswith("1 of 2 prompts differ; the people, their words and their numbers are made up")
    assert "--- memory=visit" in printed


def test_notes_of_a_model_are_shown_as_made_up_with_what_it_would_be_asked(several: Path, tmp_path: Path) -> None:
    home = study_folder(tmp_path)
    said = read_study(home)
    scribe = {"name": "scripted/two", "max_tokens": 900, "daily_cost_usd": "0.00", "run_by": "Them"}
    rule = {"kind": "facts", "noted_by": {"prompt": "../prompts/notes.md", "model": scribe}}
    said["partners"]["companion"]["memory"]["values"] = RULES | {"facts": rule}
    (home.parent / "prompts" / "notes.md").write_text("Note what a friend would remember.\n")
    write_study(home, said)
    found = asked_in(home, ["memory=facts"])
    notes = [one for one in found if one.is_of_notes]
    assert [(one.model, one.persona) for one in notes] == [("scripted/two", "../prompts/notes.md")]
    assert notes[0].messages[0]["content"].startswith("Note what a friend would remember.\n\n")
    assert f'm1, they: "{FIRST_TALK[0]}"' in user_of(notes[0])
    (acts,) = [one for one in found if one.visit == "chat 2" and not one.is_of_notes]
    assert acts.has_imagined_notes
    assert '- "I am tired today."' in user_of(acts)
    assert "its notes were taken by rules by words, for no model was asked here" in list(told(acts))


def test_any_seat_may_be_asked_for_and_one_of_a_person_is_told_what_its_page_shows(tmp_path: Path) -> None:
    folder = short_copy(tmp_path)
    found = asked_in(folder, ["label=hidden"])
    assert {one.role for one in found} == {"candidate"}
    assert {"reply", "decide"} <= {one.step for one in found}
    assert {one.partner for one in found} == {"computer"}
    selector = asked_in(folder, ["label=hidden"], role="selector", step="ask")
    assert [(one.role, one.step, one.round) for one in selector] == [("selector", "ask", 1)]
    assert "You are asked for:" in user_of(selector[0])
    later = asked_in(folder, ["label=hidden"], role="selector", step="ask", round=2)
    assert [one.round for one in later] == [2]


def test_persona_may_be_chosen_and_labels_are_what_differs(tmp_path: Path) -> None:
    folder = short_copy(tmp_path)
    texts = {}
    for persona in ("../prompts/fair.md", "../prompts/reciprocator.md"):
        (one, *_rest) = asked_in(folder, ["label=hidden"], step="reply", persona=persona)
        assert one.persona == persona
        texts[persona] = one.messages[0]["content"]
    assert len(set(texts.values())) == 2
    found = asked_in(folder, step="decide", role="selector")
    hidden, shown = (
        [each for each in found if each.condition == f"label={level}"] for level in ("hidden", "disclosed")
    )
    (lines,) = [difference(*pair) for pair in beside(hidden, shown)]
    changed = [line for line in lines[2:] if line[:1] in "+-"]
    assert any(line.startswith("+") for line in changed), lines
    assert all("(AI)" in line or "(Person)" in line for line in changed if line.startswith("+")), changed
    assert not any("(AI)" in line or "(Person)" in line for line in changed if line.startswith("-"))


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [
        ({"stage": "gme"}, "stage_unknown", '"gme" is none of the games: there are game'),
        ({"role": "judge"}, "role_unknown", "there are selector, candidate"),
        ({"partner": "person"}, "partner_unknown", "there are computer"),
        ({"persona": "../prompts/mean.md"}, "persona_unknown", "../prompts/fair.md"),
        ({"visit": 2}, "visit_unknown", "there is no visit 2: there are 1"),
        ({"step": "dance"}, "nothing_asked", "nobody is asked anything at step dance"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, wanted: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(ScreensError, match=re.escape(words)) as refused:
        asked_in(short_copy(tmp_path), ["label=hidden"], **wanted)
    assert refused.value.code == code


def test_study_without_models_has_no_prompts(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no partner with occupant: model"):
        call_command("prompt", "show", str(SHIPPED / "demo"), "--condition", "label=hidden")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "there are several conditions: write --condition and one of: label=hidden; label=disclosed"),
        (("--condition", "label=none"), '"label=none" is no condition'),
        (("--diff", "hidden", "hidden"), "cannot be compared with itself"),
        (("--condition", "label=hidden", "--seat", "judge"), "is none of the roles"),
    ],
)
def test_refusal_comes_before_anything_is_started(arguments: Sequence[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("prompt", "show", str(SHIPPED / "main"), *arguments)


def test_command_prints_prompts_and_differences_of_a_folder(running: Running, tmp_path: Path) -> None:
    folder = short_copy(tmp_path)
    out = tmp_path / "prompts.json"
    said = running.manage("prompt", "show", str(folder), "--condition", "label=hidden", "--json", str(out))
    assert "=== label=hidden, game/reply, round 1, candidate: computer by ../prompts/" in said
    assert "sha256 of the messages: " in said
    assert "--- system" in said
    assert out.stat().st_size > 1000
    where = ("--seat", "selector", "--step", "decide")
    said = running.manage("prompt", "show", str(folder), "--diff", "hidden", "disclosed", *where)
    assert "1 of 1 prompts differ" in said
