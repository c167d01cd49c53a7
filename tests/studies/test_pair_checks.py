"""Pairs that cannot last, meet or be told of are refused with where, what and what to do."""

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.places import ROOT
from tests.machinery.study_files import write_study
from tests.scheduling.couples import COMPUTER, couple_file
from tests.studies.conftest import Folder, sharing_is_installed  # noqa: F401

HOUR = {"closes": {"after": "1h"}}
GONE = {"then": "end_pair", "exit": "partners_left"}


def couple(folder: Folder, **changes: Any) -> dict[str, Any]:
    """Write the study of two people into a folder; `lasts` and `talk` as in `couple_file`."""
    said: dict[str, Any] = json.loads(json.dumps(couple_file(**changes)))
    texts = said.pop("texts")
    for path, text in texts.items():
        folder.write(text, path)
    from tests.machinery.study_files import read_study

    whole = read_study(folder.path) | said
    write_study(folder.path, whole)
    return whole


def codes(folder: Folder) -> set[str]:
    return {problem.code for problem in folder.problems() if problem.code[1:] >= "320" and problem.code[1:] <= "329"}


def test_sound_pair_has_nothing_to_be_said_but_that_clocks_differ(folder: Folder) -> None:
    couple(folder, talk=HOUR)
    found = {problem.code: problem for problem in folder.problems()}
    assert {code for code in found if code.startswith("E")} == set()
    assert codes(folder) == {"W322"}
    assert "more than 30m apart" in found["W322"].what


def test_one_zone_has_no_such_warning(folder: Folder) -> None:
    said = couple(folder, talk=HOUR)
    write_study(folder.path, said | {"timezone": {"source": "fixed", "zone": "Europe/Berlin"}})
    assert codes(folder) == set()


@pytest.mark.parametrize(
    ("lasts", "talk", "code", "path"),
    [
        ({"least": "2h"}, {}, "E323", "groups.pair.lasts.least"),
        ({"least": "0m"}, {}, "E323", "groups.pair.lasts.least"),
        ({}, {"closes": {"after": "20h"}, "min_gap": "1h"}, "W321", "waves[talk].closes.after"),
        ({}, {"grace": "5m"}, "W323", "waves[talk].grace"),
        ({"on_drop_out": {"then": "replace_with_human", "exit": "inactive"}}, {}, "E326",
         "groups.pair.lasts.on_drop_out.exit"),
        ({"on_drop_out": {"then": "end_pair", "still_offer": "final"}}, {}, "E326",
         "groups.pair.lasts.on_drop_out.still_offer"),
        ({"on_drop_out": {"then": "end_pair", "partner": "person"}}, {}, "E326",
         "groups.pair.lasts.on_drop_out.partner"),
        ({"on_drop_out": {"then": "replace_with_ai"}}, {}, "E326", "groups.pair.lasts.on_drop_out.partner"),
        ({"on_drop_out": {"then": "replace_with_ai", "partner": "robot"}}, {}, "E326",
         "groups.pair.lasts.on_drop_out.partner"),
        ({"on_drop_out": {"then": "replace_with_ai", "partner": "person"}}, {}, "E326",
         "groups.pair.lasts.on_drop_out.partner"),
        ({"on_drop_out": GONE | {"exit": "gone"}}, {}, "E402", "groups.pair.lasts.on_drop_out.exit"),
        ({"on_drop_out": GONE | {"still_offer": "finale"}}, {}, "E320", "groups.pair.lasts.on_drop_out.still_offer"),
        ({"on_drop_out": GONE | {"still_offer": "talk"}}, {}, "E329", "groups.pair.lasts.on_drop_out.still_offer"),
        ({"on_absent": {"then": "offer_again"}}, {}, "E328", "groups.pair.lasts.on_absent.after"),
        ({"on_absent": {"then": "end_visit", "after": "1d"}}, {}, "E328", "groups.pair.lasts.on_absent.after"),
        ({"on_absent": {"then": "offer_again", "after": "2h"}}, {}, "E328", "groups.pair.lasts.on_absent.after"),
        ({"on_absent": {"then": "offer_again", "after": "3d"}}, {}, "E328", "groups.pair.lasts.on_absent.after"),
        ({"on_absent": {"then": "offer_again", "after": "0h"}}, {}, "E328", "groups.pair.lasts.on_absent.after"),
        ({"on_absent": {"then": "offer_again", "after": "1d"}}, {"resume": "one_sitting"}, "E328",
         "groups.pair.lasts.on_absent.after"),
        ({}, {"stages": [{"id": "feel", "kind": "survey", "items": "survey.yaml"}], "repeat": 2}, "E322",
         "groups.pair.lasts"),
    ],
)  # fmt: skip
def test_spoiled_pair_gets_its_code(
    folder: Folder, lasts: dict[str, Any], talk: dict[str, Any], code: str, path: str
) -> None:
    couple(folder, lasts=lasts, talk=talk)
    found = [problem for problem in folder.problems() if problem.code == code]
    assert path in [problem.path for problem in found], [str(each) for each in folder.problems()]
    assert all(problem.remedy for problem in found)


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"roles": {"giver": {"humans": 2}, "taker": {"humans": 1}}}, "E321", "groups.pair.lasts"),
        ({"fill": {"after_seconds": 9, "label_as": "person", "policies": ["half"]}}, "E321", "groups.pair.fill"),
    ],
)
def test_group_that_is_no_pair_cannot_last(folder: Folder, changes: dict[str, Any], code: str, path: str) -> None:
    said = couple(folder)
    said["groups"]["pair"] |= changes
    write_study(folder.path, said)
    assert (code, path) in [(problem.code, problem.path) for problem in folder.problems()]


def test_factor_that_is_drawn_at_each_visit_and_groups_that_are_counted_are_refused(folder: Folder) -> None:
    said = couple(folder)
    said |= {
        "factors": {"tone": {"levels": ["plain", "warm"]}}, "conditions": {"cross": ["tone"]},
        "allocation": {"unit": "group", "block_sizes": [2], "at": "formation"},
        "sample": {"unit": "group", "target": 3},
    }  # fmt: skip
    write_study(folder.path, said)
    assert {"E324", "E325"} <= codes(folder)
    said["allocation"] = {"unit": "participant", "block_sizes": [2], "at": "entry", "meets": "anybody"}
    write_study(folder.path, said)
    assert "W324" in codes(folder)


def test_replacement_that_nobody_is_told_of_is_refused(folder: Folder) -> None:
    said = couple(folder, lasts={"on_drop_out": {"then": "replace_with_ai", "partner": "computer"}})
    assert "E327" not in codes(folder)
    said["told"] = {"ai_may_be_present": False, "share": "none", "who_knows": "everybody"}
    write_study(folder.path, said)
    assert "E327" in codes(folder)
    said["told"]["ai_may_be_present"] = True
    said["waves"][2]["stages"][1]["reveals_partners"] = False
    write_study(folder.path, said)
    assert "E327" in codes(folder)


def hidden_from(folder: Folder) -> list[str]:
    return [problem.path for problem in folder.problems() if problem.code == "E327"]


def test_where_people_last_no_label_hides_a_program(folder: Folder) -> None:
    said = couple(folder, lasts={"on_drop_out": {"then": "replace_with_ai", "partner": "computer"}})
    assert hidden_from(folder) == []
    for hidden in ("", "Person"):
        said["partners"]["computer"]["label"] = {"all": hidden}
        write_study(folder.path, said)
        assert hidden_from(folder) == ["partners.computer.label"]
    del said["groups"]["pair"]["lasts"]
    write_study(folder.path, said)
    assert hidden_from(folder) == [], "nothing tells them apart where nobody lasts"


def test_where_people_last_programs_of_other_groups_are_seen_to_be_such(folder: Folder) -> None:
    said = couple(folder)
    said["partners"]["computer"] = COMPUTER | {"label": {"all": "Program"}}
    other = {"roles": {"giver": {"humans": 1}, "taker": {"ai": 1}}, "partners": {"human": "person", "ai": "computer"}}
    said["groups"]["single"] = other
    said["told"] = {
        "ai_may_be_present": True,
        "share": "some",
        "who_knows": "everybody",
        "sentence": "There are programs.",
    }
    write_study(folder.path, said)
    assert hidden_from(folder) == []
    said["partners"]["computer"]["label"] = {"all": ""}
    write_study(folder.path, said)
    assert hidden_from(folder) == ["partners.computer.label"]
    said["partners"]["computer"]["label"] = {"all": "Program"}
    other["fill"] = {"after_seconds": 9, "label_as": "person", "policies": ["half"]}
    write_study(folder.path, said)
    assert hidden_from(folder) == ["groups.single.fill.label_as"]


def plan(folder: Path, *arguments: str) -> list[str]:
    out = StringIO()
    call_command("study", "plan", str(folder), *arguments, stdout=out, stderr=out, no_color=True)
    return out.getvalue().splitlines()


def test_plan_prints_the_calendar_of_two_by_both_clocks(folder: Folder) -> None:
    couple(folder, talk={"closes": {"after": "3h"}})
    lines = plan(
        folder.path, "--zone", "Europe/Berlin", "--partner-zone", "Europe/London", "--enrolled", "2027-03-22 14:00"
    )
    at = next(n for n, line in enumerate(lines) if line.startswith("talk 1 of 2"))
    assert lines[at][31:].startswith("Tue 2027-03-23 19:00 +01:00 Tue 2027-03-23 21:00 +01:00")
    assert lines[at + 1][31:].startswith("Tue 2027-03-23 18:00 +00:00 Tue 2027-03-23 20:00 +00:00")
    assert lines[at + 2].strip() == "both can begin for 2h"
    assert any("they do not meet in this visit" in line for line in lines)


def test_plan_of_two_who_are_too_far_apart_says_so(folder: Folder) -> None:
    couple(folder)
    far = ("--zone", "Europe/Berlin", "--partner-zone", "Asia/Tokyo", "--enrolled", "2027-03-22")
    assert sum("overlap by 0h, and least is 30m: the visit is let be" in line for line in plan(folder.path, *far)) == 2
    couple(folder, lasts={"on_short": "end_pair"})
    assert "the pair ends" in plan(folder.path, *far)[-2]


def test_plan_of_two_needs_a_group_that_lasts(folder: Folder) -> None:
    said = couple(folder)
    del said["groups"]["pair"]["lasts"]
    write_study(folder.path, said | {"sample": {"unit": "group", "target": 2}})
    with pytest.raises(CommandError, match="no group that lasts"):
        plan(folder.path, "--zone", "UTC", "--partner-zone", "UTC", "--enrolled", "2027-03-22")


VISIBLE = "partners.person.past_transcript_visible"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda said: said["groups"]["pair"].pop("lasts"), "meet others each time"),
        (lambda _said: None, "no pair that lasts has two of them"),  # their game has no talk
    ],
)
def test_earlier_conversations_are_read_by_two_who_have_some(folder: Folder, change: Any, words: str) -> None:
    said = couple(folder, talk=HOUR)
    said["partners"]["person"]["past_transcript_visible"] = True
    change(said)
    write_study(folder.path, said)
    found = folder.one("E872")
    assert found.path == VISIBLE
    assert words in str(found)
    said["partners"]["person"]["past_transcript_visible"] = False
    write_study(folder.path, said)
    assert "E872" not in folder.codes()


def test_two_who_last_and_talk_may_read_what_they_said(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "experiments" / "longitudinal_chat" / "studies", tmp_path / "studies")
    folder = Folder(tmp_path / "studies" / "seven_chats_people")
    folder.change('    label: {all: ""}\n', '    label: {all: ""}\n    past_transcript_visible: true\n')
    assert folder.codes() <= {"W411", "W832"}
    by_level = "past_transcript_visible: {by: nothing, values: {some: true}}"
    folder.change("past_transcript_visible: true", by_level)
    assert "E201" in folder.codes()
