"""How partners say things: what contradicts itself, what no talk lets them do, and how fast they are unless told."""

from dataclasses import replace

import pytest

from paradigm import Chat, Talk
from studies import yaml_file
from studies.paces import pace_of
from studies.schema import StudyFile
from studies.schema_partners import AutomatedPartner, Delay
from tests.studies.conftest import Folder
from tests.studies.test_study_ethics import DEFLECT, VARYING, open_labels
from tests.studies.test_talk_checks import with_talk

TALK = Talk("chat", Chat(max_chars=200, min_chars=5), seconds=600)
POLICY = "    occupant: policy\n    policies: [half]\n"
MODEL = """\
    occupant: model
    personas: [pages/instructions.md]
    model: {name: scripted/x, daily_cost_usd: "0.00"}
"""


def with_model(folder: Folder, more: str) -> None:
    """The program is a language model, whose entry says more."""
    folder.change(POLICY, MODEL)
    folder.change(DEFLECT, f"{DEFLECT}\n    {more}")


def found(folder: Folder, talk: Talk = TALK) -> dict[str, str]:
    """Code → path of what the checks of this page say."""
    with with_talk(talk):
        problems = folder.problems()
    ours = [one for one in problems if one.code in ("E902", "E903", "E904", "W900")]
    assert all(one.remedy for one in ours)
    return {one.code: one.path for one in ours}


@pytest.mark.parametrize(
    ("said", "quota", "expected"),
    [
        ("length: {chars: [120, 40]}", 0, {"E902": "length.chars"}),
        ("length: {chars: [40, 201]}", 0, {"E902": "length.chars"}),
        ("length: {chars: [4, 100]}", 0, {"E902": "length.chars"}),
        ("length: {chars: [5, 200]}", 0, {}),
        ("may_stay_silent: true", 0, {}),
        ("may_stay_silent: true", 3, {"E903": "may_stay_silent"}),
        ("delivery: {debounce_s: 20, debounce_most_s: 10}", 0, {"E904": "delivery.debounce_most_s"}),
        ("delivery: {pauses: 2, pause_s: [12, 6]}", 0, {"E904": "delivery.pause_s"}),
        ("delivery: {debounce_s: 2, floor: one, bubbles: 3, if_interrupted: drop}", 0, {}),
        ("delay: {min_s: 9, max_s: 3}", 0, {"E904": "delay.max_s"}),
        ("delay: {think_s: [8, 2]}", 0, {"E904": "delay.think_s"}),
        ("delivery: {debounce_s: 2, floor: one, bubbles: 3}", 3, {"W900": "delivery"}),
        ("delivery: {if_interrupted: regenerate}", 3, {}),
    ],
)
def test_what_cannot_be_done_gets_its_code(folder: Folder, said: str, quota: int, expected: dict[str, str]) -> None:
    with_model(folder, said)
    assert found(folder, replace(TALK, quota=quota)) == {
        code: f"partners.computer.{path}" for code, path in expected.items()
    }


def study_of(folder: Folder) -> StudyFile:
    """What the folder's file says, whatever the check says of it."""
    return StudyFile.model_validate(yaml_file.parse(folder.text(), name="study.yaml").data)


def pace(folder: Folder) -> Delay:
    """How fast the program of the folder acts."""
    study = study_of(folder)
    partner = study.partners["computer"]
    assert isinstance(partner, AutomatedPartner)
    return pace_of(study, partner)


def test_unless_declared_a_partner_is_constant_only_where_its_label_always_says_what_it_is(folder: Folder) -> None:
    assert pace(folder) == Delay(), "in one condition its label is hidden"
    open_labels(folder)
    assert (pace(folder).min_s, pace(folder).max_s) == (3, 3)
    folder.change("who_knows: everybody", "who_knows: {giver: none, taker: all}")
    assert pace(folder) == Delay(), "not everybody is shown it"


def test_unless_declared_a_partner_is_as_people_where_people_may_be_called_so(folder: Folder) -> None:
    open_labels(folder)
    folder.change("hidden: Player, marked: Person", "hidden: Player, marked: Program")
    assert pace(folder) == Delay()


def test_what_a_file_declares_is_what_holds(folder: Folder) -> None:
    open_labels(folder)
    folder.change(DEFLECT, DEFLECT + VARYING)
    assert (pace(folder).min_s, pace(folder).max_s) == (2, 25)


def test_what_is_frozen_of_a_partner_says_all_of_it(folder: Folder) -> None:
    with_model(folder, "delivery: {bubbles: 2}\n    may_stay_silent: true\n    length: {chars: [10, 90]}")
    frozen = study_of(folder).model_dump(mode="json")["partners"]["computer"]
    assert (frozen["delay"], frozen["delivery"]["bubbles"], frozen["may_stay_silent"]) == (None, 2, True)
    assert (frozen["delivery"]["if_interrupted"], frozen["length"]) == ("keep", {"chars": [10, 90]})
