"""Imagined matches: practice ends whatever is answered, and a worked example earns what the game would pay."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.partner_selection.experiment import Settings as Selection
from experiments.partner_selection.experiment import experiment as selection
from experiments.trust.experiment import Settings as Trust
from experiments.trust.experiment import experiment as trust
from paradigm import Choice, Decision, Experiment, Field, Option, Points, Role, Seat, Show, Text, View
from paradigm.imagined import ImaginedError, Scene
from paradigm.practice import Practice
from paradigm.worked import MOST_FIELDS, work_out
from tests.experiments.societies import seats_of

SOCIETY = seats_of(4, 4, 4)
PAIRS = [Seat(1, "sender", "human"), Seat(2, "receiver", "human"), Seat(3, "sender", "ai"), Seat(4, "receiver", "ai")]
SCRIPT: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "Chooser": {"ask": {"question": "How much?"}, "decide": {"choice": "A"}},
    "A": {"reply": {"message": "Much."}, "decide": {"returned": 20}},
    "B": {"reply": {"message": "Little."}, "decide": {"returned": 5}},
}
NUMBERS = {"sender": {"send": {"sent": 10}}, "receiver": {"back": {"returned": 10}}}


def pages_of(practice: Practice, seed: int) -> list[tuple[str, str, View, Sequence[Field]]]:
    """Role, path, view and fields of every page, answered by chance."""
    rng, found = Random(seed), []
    answers: list[Mapping[str, Any]] = []
    while (stop := practice.stop_after(answers)) is not None:
        found.append((stop.place.role, stop.state.path, stop.view, stop.fields))
        answers.append({field.key: field.clean(field.simulate(rng)) for field in stop.fields})
        assert len(answers) < 100
    return found


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), endowment=st.integers(2, 60), multiplier=st.integers(2, 6))
def test_both_roles_of_partner_selection_can_be_practised(seed: int, endowment: int, multiplier: int) -> None:
    scene = Scene(selection, Selection(endowment=endowment, multiplier=multiplier), SOCIETY, f"s{seed}")
    pages = pages_of(Practice(scene, SCRIPT, ["selector", "candidate"]), seed)
    moves = ["ask", "reply", "decide", "feedback"]
    assert [(role, path) for role, path, *_ in pages] == [
        *(("selector", path) for path in moves), *(("candidate", path) for path in moves),
    ]  # fmt: skip
    assert [[field.name for field in fields] for *_, fields in pages] == [
        ["question"], [], ["choice"], [], [], ["message"], ["returned"], [],
    ]  # fmt: skip
    assert not any(card.label for _, _, view, _ in pages for card in view.cards)


def test_answers_of_others_are_those_of_the_script_and_follow_the_own() -> None:
    scene = Scene(selection, Selection(), SOCIETY, "s")
    practice = Practice(scene, SCRIPT, ["selector"])
    stop = practice.stop_after([{"question": "Mine?"}, {}])
    assert stop is not None
    assert {card.position: card.text for card in stop.view.cards} == {"A": "Much.", "B": "Little."}
    assert stop.view.lines[0].text == "Mine?"
    result = practice.stop_after([{"question": "Mine?"}, {}, {"choice": "B"}])
    assert result is not None
    assert dict(result.view.facts)["points"] == 5


@settings(max_examples=40, deadline=None)
@given(sent=st.integers(0, 10))
def test_scripted_number_beyond_its_bound_is_the_nearest(sent: int) -> None:
    practice = Practice(Scene(trust, Trust(), PAIRS, "s"), NUMBERS, ["sender"])
    stop = practice.stop_after([{"sent": sent}, {}])
    assert stop is not None
    assert dict(stop.view.facts)["returned"] == min(10, 3 * sent)


def test_later_rounds_remember_the_earlier_and_begin_anew_in_another_role() -> None:
    scene = Scene(selection, Selection(history="own_table"), SOCIETY, "s")
    pages = pages_of(Practice(scene, SCRIPT, ["selector", "selector", "candidate"]), 1)
    firsts = [view.tables for _, path, view, _ in pages if path == "ask"]
    assert [len(tables) for tables in firsts] == [0, 1, 0]


def test_missing_answer_is_named() -> None:
    script = {**SCRIPT, "B": {"reply": {"message": "Little."}}}
    practice = Practice(Scene(selection, Selection(), SOCIETY, "s"), script, ["selector"])
    with pytest.raises(ImaginedError, match="the answer of B, decide, returned is missing"):
        practice.stop_after([{"question": ""}, {}, {"choice": "A"}])


def test_role_without_a_seat_and_seat_without_a_match_are_refused() -> None:
    scene = Scene(selection, Selection(), SOCIETY, "s")
    with pytest.raises(ImaginedError, match="no seat has the role"):
        scene.seat_in("spectator")
    alone = Scene(trust, Trust(), [PAIRS[0]], "s")
    with pytest.raises(ImaginedError, match="never meets anybody"):
        alone.begin(1)


@settings(max_examples=60, deadline=None)
@given(choice=st.sampled_from(["A", "B", "keep"]), a=st.integers(0, 30), b=st.integers(0, 30))
def test_worked_example_of_partner_selection_earns_what_the_game_pays(choice: str, a: int, b: int) -> None:
    raw = {"Chooser.decide.choice": choice, "A.decide.returned": str(a), "B.decide.returned": str(b)}
    worked = work_out(Scene(selection, Selection(), SOCIETY, "s"), raw)
    back = {"A": a, "B": b, "keep": 10}[choice]
    expected = {"Chooser": back, "A": 0, "B": 0} | ({choice: 30 - back} if choice != "keep" else {})
    assert worked.points is not None
    assert {place.position: earned for place, earned in worked.points} == expected
    assert not worked.errors


@settings(max_examples=60, deadline=None)
@given(sent=st.integers(0, 10), share=st.floats(0, 1))
def test_worked_example_of_trust_earns_what_the_game_pays(sent: int, share: float) -> None:
    back = round(3 * sent * share)
    worked = work_out(Scene(trust, Trust(), PAIRS, "s"), {"A.send.sent": str(sent), "B.back.returned": str(back)})
    assert worked.points is not None
    assert {place.position: earned for place, earned in worked.points} == {"A": 10 - sent + back, "B": 3 * sent - back}


def test_bounds_follow_what_was_tried_before_and_refusals_are_told() -> None:
    worked = work_out(Scene(trust, Trust(), PAIRS, "s"), {"A.send.sent": "4", "B.back.returned": "13"})
    assert [(one.field.low, one.field.high) for one in worked.tried if isinstance(one.field, Points)] == [
        (0, 10),
        (0, 12),
    ]
    assert worked.points is None
    assert set(worked.errors) == {"B.back.returned"}
    assert worked.values["B.back.returned"] == "13"


def test_half_an_example_earns_nothing_and_says_nothing_wrong() -> None:
    worked = work_out(Scene(trust, Trust(), PAIRS, "s"), {"A.send.sent": "4", "elsewhere": "1"})
    assert (worked.points, worked.errors) == (None, {})
    assert [one.field.key for one in worked.tried] == ["A.send.sent", "B.back.returned"]


@given(st.dictionaries(st.sampled_from(["A.send.sent", "B.back.returned", "x"]), st.text(max_size=30)))
def test_whatever_is_sent_is_worked_out_or_refused(raw: dict[str, str]) -> None:
    worked = work_out(Scene(trust, Trust(), PAIRS, "s"), raw)
    assert worked.points is None or not worked.errors


def test_too_many_fields_are_refused() -> None:
    many = [Points(f"p{number}") for number in range(MOST_FIELDS + 1)]
    experiment = Experiment(
        name="many",
        roles={"one": Role()},
        steps=[Decision("all", "one", [*many, Text("words"), Choice("c", options=[Option("a", "A")])]), Show("end")],
        view=lambda *_: View(),
    )
    with pytest.raises(ImaginedError, match=f"more than {MOST_FIELDS}"):
        work_out(Scene(experiment, experiment.parameters(), [Seat(1, "one", "human")], "s"), {})
