"""Private information: who is told what in each mode, a script that is done turn by turn, and when a talk ends."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.run import run_groups
from experiments.private_information.dialogue import Dialogue, act_of, turns_of
from experiments.private_information.experiment import Settings, experiment
from experiments.private_information.scenarios import SCENARIOS
from exports.scope import Scope
from exports.tables.groups import SEATS
from flow.models import Act
from matching.models import Seat as SeatRow
from paradigm import Decision, FieldError, Seat
from paradigm.program import decides, leaves
from studies.check import check
from studies.problems import errors
from studies.services import freeze
from tests.experiments.private_studies import MODES, STUDIES, copied
from tests.language.rehearsal import Group, Match
from verification.check import check as verify

SIDES = [Seat(1, "first", "ai"), Seat(2, "second", "ai")]
SAID = "A: Hello.\nB: Hi.\nB: How much?\n\nA: [shrugs]\nB: [leaves]"


def played(mode: str, *, policy: str = "reserved", seed: str = "7", **numbers: Any) -> Match:
    """One talk of two made-up sides."""
    settings = Settings.model_validate({"mode": mode, "scenario": "bike", **numbers})
    (match,) = Group(experiment, SIDES, settings, policies={1: policy, 2: policy}, seed=seed).play().matches
    return match


def facts_of(match: Match, seat: int) -> list[str]:
    return list(match.dealt(seat)["facts"].values())


def acts_of(match: Match, step: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The acts at a step, turn by turn, with the path of each."""
    return [(path, act) for path, acts in match.done.items() if path.endswith(step) for act in acts.values()]


# --- what is written as a whole ---


def test_lines_of_one_side_in_a_row_are_one_turn() -> None:
    assert turns_of(SAID, "A") == [{"A": "Hello.", "B": "Hi. How much?"}, {"A": "[shrugs]", "B": "[leaves]"}]
    assert turns_of("A: Bye.\nA: [leaves]", "A") == [{"A": "Bye."}, {"A": "[leaves]"}]
    assert turns_of("A: Hi.\nB: Bye.\nB: [leaves]", "A") == [{"A": "Hi.", "B": "Bye."}, {"B": "[leaves]"}]
    assert turns_of("B: I begin.\nA: Then I.\nB: Yes.", "A") == [{"B": "I begin."}, {"A": "Then I.", "B": "Yes."}]


@pytest.mark.parametrize(
    ("words", "act"),
    [
        ("Hello.", {"act": "speak", "words": "Hello."}), ("[shrugs]", {"act": "do", "words": "shrugs"}),
        ("[Leaves]", {"act": "leave", "words": ""}), (None, {"act": "none", "words": ""}),
        ("Hm [shrugs].", {"act": "speak", "words": "Hm [shrugs]."}),
    ],
)  # fmt: skip
def test_words_of_a_script_are_acts(words: str | None, act: dict[str, str]) -> None:
    assert act_of(words) == act


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hello.", "no_line"), ("A: Hello.\nand more", "no_line"), ("**A:** Hello.", "no_line"), ("A:", "no_line"),
        ("A: Hello.\nC: And I?", "nobody"), (f"A: {'x' * 21}", "too_long"), (f"A: {'x ' * 60}", "too_long"),
        ("A: a\nB: b\nA: c\nB: d\nA: e", "too_many"), ("", "missing"),
    ],
)  # fmt: skip
def test_script_that_cannot_be_done_is_refused(text: str, code: str) -> None:
    field = Dialogue("dialogue", max_chars=100, turns=2, each=20)
    with pytest.raises(FieldError) as refused:
        field.clean(text)
    assert refused.value.code == code


@given(seed=st.integers(), turns=st.integers(2, 20), each=st.integers(40, 400))
def test_made_up_scripts_can_be_done(seed: int, turns: int, each: int) -> None:
    field = Dialogue("dialogue", max_chars=8000, turns=turns, each=each)
    assert 1 <= len(turns_of(field.clean(field.simulate(Random(seed))) or "", "A")) <= turns


def test_model_is_told_the_form_of_a_script() -> None:
    bounds = Dialogue("dialogue", max_chars=100, turns=2, each=20).bounds
    assert all(part in bounds for part in ("at most 100 characters", "A:", "B:", "at most 2 for each", "[leaves]"))


# --- who is told what ---


@pytest.mark.parametrize(
    ("mode", "known"),
    [("private", {1: {1}, 2: {2}}), ("omniscient", {1: {1, 2}, 2: {1, 2}}), ("script", {1: {1, 2}, 2: set()})],
)
def test_each_mode_tells_a_side_what_it_says(mode: str, known: dict[int, set[int]]) -> None:
    match = played(mode)
    for path, place, view in match.shown:
        words = str(view.as_json())
        for seat in (1, 2):
            for fact in facts_of(match, seat):
                if seat in known[place.seat]:
                    assert fact in words, path
                elif fact in words:  # a goal that was said
                    assert any(fact in line.text for line in view.lines), path


@pytest.mark.parametrize("mode", ["private", "omniscient", "script"])
def test_what_the_experiment_declares_is_what_its_view_tells(mode: str) -> None:
    match = played(mode)
    words = {"own": 1, "all": 2, "nothing": 0}
    for _, place, view in match.shown:
        assert len(view.tables) == words[experiment.known_by(place.role, match.parameters)]


def test_facts_are_long_enough_to_be_looked_for() -> None:
    for scenario in SCENARIOS.values():
        for text in (scenario.first.goal, scenario.first.secret, scenario.second.goal, scenario.second.secret):
            assert len(text.split()) >= 5
        assert scenario.first.secret != scenario.second.secret


def test_scenario_is_drawn_for_each_group() -> None:
    found = set()
    for seed in range(30):
        group = Group(experiment, SIDES, Settings(turns=1), seed=str(seed)).play()
        found.add(group.dealt[1]["scenario"])
        assert group.dealt[1]["scenario"] == group.dealt[2]["scenario"]
    assert found == set(SCENARIOS)


# --- turns ---


def test_sides_take_turns_and_hear_all_that_was_said() -> None:
    match = played("private")
    paths = [path for path in match.done if path.startswith("talk")]
    assert paths[:4] == ["talk:1/opens", "talk:1/answers", "talk:2/opens", "talk:2/answers"]
    heard = [len(view.lines) for path, place, view in match.shown if path in paths and place.seat == 1]
    assert heard == list(range(len(paths)))
    assert acts_of(match, "opens")[-1][1]["act"] == "leave"
    assert paths[-1].endswith("opens")  # nobody is left to answer
    assert [path for path, _ in acts_of(match, "after")] == ["after", "after"]


def test_script_is_done_turn_by_turn_to_the_letter() -> None:
    match = played("script")
    (dialogue,) = [act["dialogue"] for act in match.done["script"].values()]
    turns = turns_of(dialogue, "A")
    for at, turn in enumerate(turns, start=1):
        for step, letter in (("opens", "A"), ("answers", "B")):
            acts = list(match.done.get(f"talk:{at}/{step}", {}).values())
            assert acts == ([act_of(turn.get(letter))] if acts else [])
            assert acts or letter not in turn
    assert list(match.done["script"]) == [1]
    assert "after" not in match.done


def test_talk_in_which_nobody_does_anything_ends() -> None:
    ends = set()
    for seed in range(60):
        match = played("private", policy="", seed=str(seed), stale=0, turns=9)
        turns: dict[str, list[str]] = {}
        for path, act in [*acts_of(match, "opens"), *acts_of(match, "answers")]:
            turns.setdefault(path.partition("/")[0], []).append(act["act"])
        *before, last = (turns[f"talk:{number}"] for number in range(1, len(turns) + 1))
        assert all(set(one) != {"none"} and "leave" not in one for one in before)
        ends.add("leave" if "leave" in last else "none" if set(last) == {"none"} else "most")
    assert {"leave", "none"} <= ends


@pytest.mark.parametrize(("mode", "asked"), [("private", True), ("omniscient", True), ("script", False)])
def test_nobody_is_asked_what_is_written(mode: str, asked: bool) -> None:
    settings = Settings.model_validate({"mode": mode})
    steps = {step.name: step for step in leaves(experiment.steps) if isinstance(step, Decision)}
    assert decides(steps["opens"], settings) is decides(steps["answers"], settings) is asked
    assert decides(steps["script"], settings)
    assert decides(steps["after"], settings)


# --- the studies ---


@pytest.mark.parametrize("name", ["modes", "programs"])
def test_studies_are_sound(name: str) -> None:
    assert errors(check(STUDIES / name)) == []


@pytest.mark.django_db(transaction=True)
def test_programs_play_every_mode_and_the_tables_say_who_knew_what(tmp_path: Path) -> None:
    version = freeze(copied(tmp_path, "programs").path, seed="5")
    done = run_groups(version, len(MODES))
    assert (done.complete, done.ended) == (len(MODES), 0)
    assert verify(version.study, late_after_seconds=3600).differences == []
    conditions = dict(SeatRow.objects.values_list("group__code", "group__condition"))
    rows = list(SEATS.rows(Scope(version.study)))
    told = {(conditions[str(row["group"])], str(row["role"])): row["facts_known"] for row in rows}
    assert told == {
        ("mode=private", "first"): "own", ("mode=private", "second"): "own",
        ("mode=omniscient", "first"): "all", ("mode=omniscient", "second"): "all",
        ("mode=script", "first"): "all", ("mode=script", "second"): "nothing",
    }  # fmt: skip
    for row in rows:
        own = SeatRow.objects.get(group__code=row["group"], role=row["role"])
        assert row["facts"] == own.dealt["facts"]
        secret = next(key for key in own.dealt["facts"] if key.endswith("secret"))
        if conditions[str(row["group"])] != "mode=script":  # there the first writes for both
            said = Act.objects.filter(seat=own, path__startswith="talk").count() > 2
            told_of_own = row["facts_told"]
            assert isinstance(told_of_own, list)
            assert (secret in told_of_own) == (own.policy == "candid" and said)
