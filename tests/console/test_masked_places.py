"""While data come in, where people and groups are said to be tells no condition."""

import csv
import json
import re
from pathlib import Path

import pytest
from django.urls import reverse

from matching.models import Group, Ticket
from participants.models import Participant
from scheduling.models import Session
from studies import services
from tests.console.conftest import SignIn
from tests.console.test_board import busy
from tests.console.test_masking import main_of, run
from tests.exports import rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_nobody_is_seen_in_a_stage_that_only_some_conditions_have(sign_in: SignIn, tmp_path: Path) -> None:
    society = busy()
    said = json.loads(json.dumps(society.study.versions.get().definition))
    said["waves"][0]["stages"][rows.STAGE["after"]]["when"] = {"by": "label", "levels": ["hidden"]}
    later = rows.make_version(society.study, 2, said=said)
    Participant.objects.update(version=later)
    Session.objects.filter(participant=society.selector).update(stage=rows.STAGE["after"])
    browser = sign_in(society.study, "operator")
    board = reverse("board", args=[society.study.slug])
    assert "<td>after</td>" in main_of(browser.get(board))
    Participant.objects.update(origin="link")
    assert "<td>after</td>" not in main_of(browser.get(board))
    assert "<td>game/after</td>" in main_of(browser.get(board))
    assert "stage            game/after" in run("participant", "show", society.selector.code)
    assert "at game/after, last seen" in run("group", "show", society.group.code)
    run("export", "choosing", "--out", str(tmp_path / "out"))
    with (tmp_path / "out" / "sessions.csv").open() as file:
        assert {row["stage"] for row in csv.DictReader(file)} == {"game/after"}


def test_who_is_in_a_stage_for_some_before_a_waiting_room_looks_like_everybody_before_it(
    sign_in: SignIn, tmp_path: Path
) -> None:
    society = busy()
    said = json.loads(json.dumps(society.study.versions.get().definition))
    quiz, lobby = said["waves"][0]["stages"][1:3]
    some = {"id": "try_out", "kind": "instructions", "pages": ["m.md"], "when": {"by": "label", "levels": ["hidden"]}}
    said["waves"][0]["stages"][:3] = [quiz, some, lobby]
    rows.make_version(society.study, 2, said=said)
    for stage, code in enumerate(["pquiz", "ptries", "plobby"]):
        person = rows.make_participant(society.study, code, origin="link")
        person.sessions.update(stage=stage)
    waiting = Participant.objects.get(code="plobby")
    Ticket.objects.create(session=waiting.sessions.get(), version=waiting.version, stage="lobby")
    found = sign_in(society.study, "operator").get(reverse("api_board", args=["choosing"])).json()
    people = {one["participant"]: (one["stage"], one["seat"], one["there_seconds"]) for one in found["people"]}
    assert people["pquiz"] == people["ptries"] == ("quiz/try_out", "", None)
    assert people["plobby"][0] == "lobby"
    passed = next(one["people"] for one in found["funnel"] if one["name"] == "quiz_passed")
    assert passed == 5, "four of the first version, and who is in the waiting room"
    shown = [run("participant", "show", code).replace(code, "") for code in ("pquiz", "ptries")]
    assert re.sub(r"last_seen.*", "", shown[0]) == re.sub(r"last_seen.*", "", shown[1])
    assert "there_for_s" not in shown[0]
    run("export", "choosing", "--out", str(tmp_path / "out"))
    with (tmp_path / "out" / "sessions.csv").open() as file:
        visits = {row.pop("participant"): row for row in csv.DictReader(file)}
    assert visits["pquiz"] == visits["ptries"]
    assert (visits["pquiz"]["stage"], visits["pquiz"]["stage_opened_s"]) == ("quiz/try_out", "")


def test_no_step_is_told_where_a_factor_decides_numbers_of_the_game(sign_in: SignIn) -> None:
    society = busy()
    Participant.objects.update(origin="link")
    board = reverse("api_board", args=["choosing"])
    browser = sign_in(society.study, "operator")
    found = {name: browser.get(board).json()["matches"][0][name] for name in ("round", "step")}
    assert found == {"round": "1 of 2", "step": "reply"}, "all are asked the same"
    asked = {"by": "label", "values": {"hidden": "none", "disclosed": "every_round"}}
    varied = rows.with_parameters(rows.definition("choosing"), beliefs_ask=asked)
    later = rows.make_version(society.study, 2, said=varied)
    Participant.objects.update(version=later)
    Group.objects.update(version=later)
    (match,) = browser.get(board).json()["matches"]
    assert (match["round"], match["step"], match["time_left"]) == ("1", "", "")
    said = run("group", "show", society.group.code)
    assert "round      1\n" in said
    assert "match 1    playing; not acted yet: nobody" in said
    said = run("participant", "show", society.selector.code)
    assert ("step             playing" in said, "time_left_s" in said, "of 2" in said) == (True, False, False)
    services.close_study(society.study)
    assert "at reply" in run("group", "show", society.group.code)
