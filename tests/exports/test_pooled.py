"""Outcomes of all conditions together: right, and no way to the outcome of one group."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from exports.scope import Scope
from exports.services.snapshot import snapshot
from exports.tables.pooled import POOLED, steady
from flow.models import Act
from matching.models import Group, Seat
from participants.models import Participant
from studies.models import Study
from tests.exports import rows
from tests.machinery.erasing import erasing

pytestmark = pytest.mark.django_db(transaction=True)


def pooled(study: Study) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """The rows by place and name."""
    with snapshot():
        return {(str(row["where"]), str(row["name"])): row for row in POOLED.rows(Scope(study))}


def complete(study: Study, number: int) -> rows.Society:
    """A group of recruited people that has played a round to the end; its person returned as many points."""
    society = rows.make_society(study, f"g{number:04}pooled", condition=f"label={['hidden', 'disclosed'][number % 2]}")
    society.play(number=1, choice="AB"[number % 2], returned=number)
    ended = rows.BEGAN + timedelta(hours=number)
    Group.objects.filter(pk=society.group.pk).update(origin="live", status="complete", ended_at=ended)
    people = Participant.objects.filter(seats__group=society.group)
    people.update(origin="link", status="finished", exit="completed", ended_at=ended)
    rows.make_answer(society.selector, "after", "gender", ["woman", "man"][number % 2])
    rows.make_answer(society.selector, "after", "remarks", "words" if number else None)
    return society


def test_only_whole_tens_count() -> None:
    assert [len(steady(range(number))) for number in (0, 9, 10, 19, 20)] == [0, 0, 10, 10, 20]


def test_figures_are_of_people_in_all_conditions() -> None:
    study = rows.make_study()
    for number in range(10):
        complete(study, number)
    found = pooled(study)
    returned = found["game/decide/candidate", "returned"]
    assert (returned["unit"], returned["units"], returned["values"], returned["missing"]) == ("group", 10, 10, 0)
    assert (returned["mean"], returned["lowest"], returned["highest"]) == (4.5, 0.0, 9.0), "18 is the program's"
    assert returned["sd"] == 3.0277
    assert returned["options"] is None
    assert found["game/decide/selector", "choice"]["options"] == {"A": 5, "B": 5}
    assert found["game/reply/candidate", "message"]["values"] == 10
    assert found["game/reply/candidate", "message"]["options"] is None, "words are no options"
    gender = found["after", "gender"]
    assert (gender["unit"], gender["units"], gender["options"]) == ("participant", 20, {"woman": 5, "man": 5})
    remarks = found["after", "remarks"]
    assert (remarks["values"], remarks["missing"], remarks["options"], remarks["mean"]) == (9, 1, None, None)
    assert not any("hidden" in str(row) or "ai" in row.values() for row in found.values())


def test_checks_of_the_condition_are_in_no_figure() -> None:
    """Who has noticed their condition answers with it, and how many of each letter there are is known."""
    study = rows.make_study()
    said = json.loads(json.dumps(rows.definition(study.slug)))
    said["factors"]["label"]["check"] = {"item": "gender", "expected": {"hidden": "man", "disclosed": "woman"}}
    rows.make_version(study, 2, said=said)
    for number in range(10):
        complete(study, number)
    assert {name for where, name in pooled(study) if where == "after"} == {"remarks"}


def test_items_stand_still_until_ten_more_groups_have_left() -> None:
    study = rows.make_study()
    made = [complete(study, number) for number in range(12)]
    Participant.objects.filter(pk=made[0].selector.pk).update(status="active", exit="", ended_at=None)
    gender = pooled(study)["after", "gender"]
    assert (gender["units"], gender["values"]) == (20, 10), "of the first ten groups that everybody has left"


def test_figures_stand_still_until_ten_more_groups_are_complete() -> None:
    study = rows.make_study()
    for number in range(10):
        complete(study, number)
    before = pooled(study)
    for number in range(10, 14):
        complete(study, number)
    assert pooled(study) == before
    for number in range(14, 20):
        complete(study, number)
    assert pooled(study)["game/decide/candidate", "returned"]["units"] == 20


def test_below_ten_there_is_nothing() -> None:
    study = rows.make_study()
    for number in range(4):
        complete(study, number)
    assert pooled(study) == {}


def test_trials_stand_ins_and_whoever_withdrew_count_for_nothing() -> None:
    study = rows.make_study()
    made = [complete(study, number) for number in range(13)]
    Group.objects.filter(pk=made[0].group.pk).update(origin="pilot")
    Group.objects.filter(pk=made[1].group.pk).update(is_filled=True)
    Participant.objects.filter(pk=made[2].candidate.pk).update(status="withdrawn", exit="withdrawn")
    returned = pooled(study)["game/decide/candidate", "returned"]
    assert (returned["units"], returned["values"], returned["lowest"]) == (10, 9, 3.0)


def test_what_did_not_come_is_missing() -> None:
    study = rows.make_study()
    made = [complete(study, number) for number in range(10)]
    seat = Seat.objects.get(group=made[9].group, role="candidate", occupant="person")
    with erasing():
        Act.objects.filter(seat=seat, path="decide").update(values={}, source="timeout", latency_ms=None)
    returned = pooled(study)["game/decide/candidate", "returned"]
    assert (returned["values"], returned["missing"], returned["highest"]) == (9, 1, 8.0)


def with_changed(study: Study, stage: str, **changed: Any) -> None:
    """Another version, in which a stage is different."""
    said = json.loads(json.dumps(rows.definition(study.slug)))
    said["waves"][0]["stages"][rows.STAGE[stage]].update(changed)
    rows.make_version(study, 2, said=said)


@pytest.mark.parametrize(("hidden", "is_there"), [("none", False), ("checkpoints", True)])
def test_what_only_some_conditions_are_asked_is_not_of_all_together(hidden: str, is_there: bool) -> None:
    study = rows.make_study()
    asked = {"by": "label", "values": {"hidden": hidden, "disclosed": "every_round"}}
    with_changed(study, "game", parameters={"rounds": 2, "endowment": 10, "multiplier": 3, "beliefs_ask": asked})
    for number in range(10):
        complete(study, number)
    found = pooled(study)
    assert (("game/expect/selector", "expected") in found) == is_there
    assert found["game/decide/candidate", "returned"]["values"] == 10


def test_items_of_a_stage_that_only_some_conditions_have_are_not_of_all_together() -> None:
    study = rows.make_study()
    with_changed(study, "after", when={"by": "label", "levels": ["hidden"]})
    for number in range(10):
        complete(study, number)
    assert [where for where, _ in pooled(study) if where == "after"] == []


def test_what_the_study_file_put_in_place_of_a_decision_is_missing() -> None:
    study = rows.make_study()
    made = [complete(study, number) for number in range(10)]
    seat = Seat.objects.get(group=made[9].group, role="candidate", occupant="person")
    with erasing():
        Act.objects.filter(seat=seat, path="decide").update(values={"returned": 30}, source="timeout", latency_ms=None)
    returned = pooled(study)["game/decide/candidate", "returned"]
    assert (returned["values"], returned["missing"], returned["highest"]) == (9, 1, 8.0)


def test_rounds_that_did_not_count_are_left_out() -> None:
    study = rows.make_study()
    made = [complete(study, number) for number in range(10)]
    before = pooled(study)
    made[0].play(number=2, choice=None, returned=30)
    assert pooled(study) == before


def test_there_is_nothing_as_long_as_all_who_count_are_of_one_condition() -> None:
    """One condition may take longer than another: the first ten are then of the other alone."""
    study = rows.make_study()
    for number in range(0, 20, 2):
        complete(study, number)
    assert pooled(study)["game/decide/candidate", "returned"]["values"] == 10, "there is but one condition so far"
    slow = rows.make_society(study, "gslowslow1", condition="label=disclosed")
    Group.objects.filter(pk=slow.group.pk).update(origin="live")
    Participant.objects.filter(seats__group=slow.group).update(origin="link")
    assert pooled(study) == {}


def test_whoever_sat_in_several_groups_counts_once() -> None:
    study = rows.make_study()
    made = [complete(study, number) for number in range(10)]
    Seat.objects.filter(group=made[1].group, role="selector").update(participant=made[0].selector)
    assert pooled(study)["after", "gender"]["units"] == 19, "one person has two seats, and another none"
