"""While data come in, the researcher's pages and commands show letters and no outcome; a monitor's looks are kept."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from events.models import Event
from flow.models import Match
from matching.models import Group, Seat
from participants.models import Participant
from studies import services
from studies.masking.arms import arms_of
from studies.models import Deviation, Membership, Study
from tests.console.conftest import SignIn
from tests.console.test_board import busy
from tests.exports import rows
from tests.exports.test_masked import recruited

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "one arm seemed to upset people"
LOOKED = "data.monitored"


@pytest.fixture
def society() -> rows.Society:
    return recruited()


@pytest.fixture
def monitor(society: rows.Society) -> Client:
    """The browser of somebody who was named as a monitor."""
    User.objects.create(username="ana", is_staff=True)
    run("study", "monitor", "choosing", "ana")
    browser = Client()
    browser.force_login(User.objects.get(username="ana"))
    return browser


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=out, no_color=True)
    return out.getvalue()


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def main_of(answer: Any) -> str:
    """The page without its frame."""
    found: str = answer.content.decode().partition("<main")[2]
    return found


def at(name: str, *more: str) -> str:
    return reverse(name, args=["choosing", *more])


@pytest.mark.parametrize("role", ["owner", "editor", "analyst"])
def test_data_pages_of_the_team_are_masked(society: rows.Society, sign_in: SignIn, role: str) -> None:
    browser = sign_in(society.study, role)
    page = main_of(browser.get(at("data")))
    assert "Letters stand for conditions, and outcomes are shown for all conditions together" in page
    missing = re.search(r"Nothing may be seen of: ([\w, ]+)\.", page)
    assert missing is not None
    assert {"choice_sets", "exposures", "decisions"} <= set(missing[1].split(", "))
    assert at("table", "decisions") not in page
    groups = main_of(browser.get(at("table", "groups")))
    assert f">{arms_of(society.study).of('label=disclosed')}</td>" in groups
    assert "label=disclosed" not in groups
    for name in ("decisions", "choice_sets", "events"):
        for route in ("table", "table_csv"):
            answer = browser.get(at(route, name))
            assert answer.status_code == 403
            assert "Held back while data come in" in answer.content.decode()
    (row,) = csv.DictReader(io.StringIO(body(browser.get(at("table_csv", "groups"))).decode()))
    assert row["arm"] in {"A", "B"}
    with zipfile.ZipFile(io.BytesIO(body(browser.get(at("bundle"))))) as opened:
        assert json.loads(opened.read("choosing/manifest.json"))["is_masked"] is True
    assert browser.get(at("table", "secrets")).status_code == 404
    assert not Event.objects.filter(kind=LOOKED).exists()
    downloaded = Event.objects.filter(kind="data.downloaded").order_by("pk")
    assert [event.facts["what"] for event in downloaded] == ["groups", "zip"], "what was refused was not downloaded"


def test_a_monitor_sees_everything_and_each_look_is_kept(society: rows.Society, monitor: Client) -> None:
    page = main_of(monitor.get(at("data")))
    assert "You see what nobody else may" in page
    assert at("table", "decisions") in page
    assert "I am fair." in main_of(monitor.get(at("table", "decisions")))
    assert b"label=disclosed" in body(monitor.get(at("table_csv", "groups")))
    with zipfile.ZipFile(io.BytesIO(body(monitor.get(at("bundle"))))) as opened:
        assert json.loads(opened.read("choosing/manifest.json"))["is_masked"] is False
    looks = Event.objects.filter(kind=LOOKED, subject_id=society.study.pk).order_by("pk")
    ana = User.objects.get(username="ana")
    assert [(event.facts["user"], event.facts["what"]) for event in looks] == [
        (ana.pk, "decisions"), (ana.pk, "groups"), (ana.pk, "zip"),
    ]  # fmt: skip
    services.close_study(society.study)
    monitor.get(at("table", "decisions"))
    assert looks.count() == 3, "everybody may look now"


def test_a_monitor_changes_nothing_and_plays_nothing(society: rows.Society, monitor: Client) -> None:
    assert monitor.post(at("play")).status_code == 403
    assert monitor.post(at("parameters"), {"save": "1"}).status_code == 403


def test_study_page_says_how_the_masking_stands(society: rows.Society, sign_in: SignIn) -> None:
    browser = sign_in(society.study, "owner")
    assert "Held back until collection is closed" in main_of(browser.get(at("study")))
    Participant.objects.update(origin="pilot")
    assert "Once the first recruited person has entered" in main_of(browser.get(at("study")))
    services.close_study(society.study)
    assert "until collection was closed, as planned" in main_of(browser.get(at("study")))
    Study.objects.update(is_demo=True)
    assert "Conditions and outcomes" not in main_of(browser.get(at("study")))


@pytest.mark.parametrize("who", ["owner", "monitor"])
def test_owner_and_monitor_unmask_on_the_page(
    society: rows.Society, sign_in: SignIn, monitor: Client, who: str
) -> None:
    browser = monitor if who == "monitor" else sign_in(society.study, "owner")
    assert f'action="{at("unmask")}"' in main_of(browser.get(at("study")))
    said = browser.post(at("unmask"), {"reason": WHY}, follow=True).content.decode()
    kept = Deviation.objects.get()
    assert (kept.role, kept.reason) == (who, WHY)
    assert "Unmasked. The dataset says so" in said
    assert f"by {kept.by} ({who}):" in said
    assert f'action="{at("unmask")}"' not in said
    assert browser.get(at("table", "decisions")).status_code == 200
    assert not Event.objects.filter(kind=LOOKED).exists(), "everybody may look now"


def test_unmasking_on_the_page_needs_a_reason_and_the_right(society: rows.Society, sign_in: SignIn) -> None:
    owner = sign_in(society.study, "owner")
    assert "say why" in owner.post(at("unmask"), {"reason": " "}, follow=True).content.decode()
    assert owner.get(at("unmask")).status_code == 405
    for role in ("editor", "analyst", "operator"):
        browser = sign_in(society.study, role)
        assert browser.post(at("unmask"), {"reason": WHY}).status_code == 403
        assert "unmask" not in main_of(browser.get(at("study")))
    assert not Deviation.objects.exists()


def test_api_says_how_the_masking_stands(society: rows.Society, sign_in: SignIn) -> None:
    browser = sign_in(society.study, "operator")
    assert browser.get(reverse("api_studies")).json()["studies"][0]["masking"] == "masked"


@pytest.mark.parametrize("is_recruited", [True, False])
def test_board_counts_by_letter_whether_conditions_are_masked_or_not(sign_in: SignIn, is_recruited: bool) -> None:
    society = busy()
    if is_recruited:
        Participant.objects.update(origin="link")
    browser = sign_in(society.study, "operator")
    arm = arms_of(society.study).of("label=disclosed")
    expected = {"arm": arm, "unit": "group", "allocated": 1, "begun": 1, "completed": 0}
    found = browser.get(reverse("api_board", args=[society.study.slug])).json()["arms"]
    assert [one for one in found if one["allocated"]] == [expected]
    assert [one["arm"] for one in found] == ["A", "B"]
    page = main_of(browser.get(reverse("board", args=[society.study.slug])))
    assert "disclosed" not in page
    assert f"<tr><td>{arm}</td><td>group</td>" in page


def test_board_and_group_command_say_nothing_of_seats_in_which_nobody_sits(sign_in: SignIn) -> None:
    society = busy()
    code = society.group.code
    browser = sign_in(society.study, "operator")
    board = reverse("board", args=[society.study.slug])
    assert f"{code}-3" in main_of(browser.get(board))
    assert "seat 3     candidate, policy, sitting" in run("group", "show", code)
    Participant.objects.update(origin="link")
    assert f"{code}-3" not in main_of(browser.get(board))
    said = run("group", "show", code)
    assert "seat 2" in said
    assert "policy" not in said
    assert "seat 3" not in said
    assert "not acted yet: nobody" in said
    Match.objects.update(path="", status="complete")
    assert "seats 1, 2\n" in f"{run('group', 'show', code)}\n"


def test_balance_has_letters_while_data_come_in(society: rows.Society) -> None:
    said = run("study", "balance", "choosing")
    assert "label=" not in said
    assert "Letters stand for conditions while data come in." in said
    table = [line.split() for line in said.splitlines() if line.startswith("group")]
    assert [line[1] for line in table] == ["A", "B"], "by letter, not in the order of the study file"
    assert {line[1]: line[3] for line in table}[arms_of(society.study).of("label=disclosed")] == "1"
    services.close_study(society.study)
    assert "label=disclosed" in run("study", "balance", "choosing")


def test_balance_says_nothing_of_trials_while_data_come_in(society: rows.Society) -> None:
    with pytest.raises(CommandError, match="what was drawn for trials would tell conditions"):
        run("study", "balance", "choosing", "--trials")
    services.close_study(society.study)
    assert "label=disclosed" in run("study", "balance", "choosing", "--trials")


def test_export_is_masked_on_the_server_and_whole_for_a_monitor(
    society: rows.Society, monitor: Client, tmp_path: Path
) -> None:
    said = run("export", "choosing", "--out", str(tmp_path / "masked"))
    assert "Masked while data come in" in said
    assert "decisions.csv" not in said
    assert not Event.objects.filter(kind=LOOKED).exists()
    said = run("export", "choosing", "--out", str(tmp_path / "whole"), "--monitor", "ana")
    assert "decisions.csv" in said
    assert "Masked" not in said
    assert Event.objects.get(kind=LOOKED).facts == {"user": User.objects.get().pk, "what": "export"}
    User.objects.create(username="eve", is_staff=True)
    with pytest.raises(CommandError, match="eve is no monitor of choosing"):
        run("export", "choosing", "--out", str(tmp_path / "other"), "--monitor", "eve")
    assert not (tmp_path / "other").exists()


def test_words_that_are_held_back_for_review_wait_until_it_is_closed(society: rows.Society) -> None:
    for words in ([], ["--release", "g.1.1", "g-1", "--reason", "read"]):
        with pytest.raises(CommandError, match="what people wrote would tell conditions or outcomes"):
            run("withheld", "choosing", *words)
    services.close_study(society.study)
    assert "0 held back" in run("withheld", "choosing")


def test_verify_says_where_something_differs_and_not_what(society: rows.Society) -> None:
    found = {}
    for state in ("masked", "closed"):
        if state == "closed":
            services.close_study(society.study)
        out = io.StringIO()
        with pytest.raises(SystemExit):
            call_command("verify", "choosing", "--json", stdout=out)
        found[state] = json.loads(out.getvalue())["differences"]
    held = "(held back while data come in)"
    assert {(one["expected"], one["found"]) for one in found["masked"]} == {(held, held)}
    assert "label=disclosed" in str(found["closed"])
    assert {(one["what"], one["where"]) for one in found["masked"]} <= {
        (one["what"], one["where"]) for one in found["closed"]
    }


def test_verify_counts_while_masked_only_what_the_board_counts(society: rows.Society) -> None:
    """Run after each group, a number of acts, turns or void matches would tell its condition, or how it went."""

    def told(*more: str) -> str:
        out = io.StringIO()
        with pytest.raises(SystemExit):
            call_command("verify", "choosing", *more, stdout=out)
        return out.getvalue()

    masked = json.loads(told("--json"))
    known = {name for name, n in masked["checked"].items() if n is not None}
    assert known == {"studies", "people", "erased people", "sessions", "tickets", "settlements", "groups"}
    assert {name for name, n in masked["not_checked"].items() if n is not None} == {"people erased"}
    lines = {line.strip().rpartition("  ")[0].strip(): line for line in told().splitlines()}
    assert lines["acts"].endswith("held back")
    assert lines["groups"].endswith("1")
    services.close_study(society.study)
    closed = json.loads(told("--json"))
    assert None not in [*closed["checked"].values(), *closed["not_checked"].values()]
    assert closed["checked"]["acts"] > 0
    assert closed["checked"]["groups"] == masked["checked"]["groups"] == 1


def test_unmask_command_keeps_who_decided(society: rows.Society) -> None:
    with pytest.raises(CommandError, match="say why"):
        run("study", "unmask", "choosing")
    eve = User.objects.create(username="eve", is_staff=True)
    with pytest.raises(CommandError, match="eve has no role in choosing"):
        run("study", "unmask", "choosing", "--reason", WHY, "--by", "eve")
    assert not Deviation.objects.exists()
    services.add_member(society.study, eve, role="owner")
    assert "choosing is unmasked since" in run("study", "unmask", "choosing", "--reason", WHY, "--by", "eve")
    kept = Deviation.objects.get()
    assert (kept.by, kept.role, kept.reason) == ("eve", "owner", WHY)


def test_unmask_command_of_whoever_works_on_the_server(society: rows.Society) -> None:
    run("study", "unmask", "choosing", "--reason", WHY)
    kept = Deviation.objects.get()
    assert kept.role == "server"
    assert kept.by
    with pytest.raises(CommandError, match="nothing of choosing is held back"):
        run("study", "unmask", "choosing", "--reason", WHY)


def test_monitor_command_names_one_and_refuses_the_team(society: rows.Society, sign_in: SignIn) -> None:
    sign_in(society.study, "analyst")
    with pytest.raises(CommandError, match="user0 is analyst of choosing"):
        run("study", "monitor", "choosing", "user0")
    User.objects.create(username="ana", is_staff=True)
    assert "and each look is kept" in run("study", "monitor", "choosing", "ana")
    assert Membership.objects.get(user__username="ana").role == "monitor"
    with pytest.raises(CommandError, match="invalid choice: 'monitor'"):
        run("study", "member", "choosing", "ana", "--role", "monitor")


def test_a_monitor_whose_rights_end_sees_nothing_from_then_on(
    society: rows.Society, monitor: Client, tmp_path: Path
) -> None:
    assert at("study") in monitor.get(reverse("studies")).content.decode()
    said = run("study", "monitor", "choosing", "ana", "--end")
    assert "ana sees nothing of choosing any more" in said
    assert "Nobody is a monitor of choosing" in said
    assert {monitor.get(at(name)).status_code for name in ("study", "board", "data", "bundle", "codebook")} == {404}
    assert monitor.get(at("table", "decisions")).status_code == 404
    assert monitor.post(at("unmask"), {"reason": WHY}).status_code == 404
    assert at("study") not in monitor.get(reverse("studies")).content.decode()
    for words in (["export", "choosing", "--out", str(tmp_path / "out"), "--monitor", "ana"],
                  ["study", "unmask", "choosing", "--reason", WHY, "--by", "ana"],
                  ["study", "member", "choosing", "ana", "--role", "analyst"],
                  ["study", "monitor", "choosing", "ana", "--end"]):  # fmt: skip
        with pytest.raises(CommandError, match=r"ana (is no monitor|has no role|was a monitor)"):
            run(*words)
    assert "monitors: nobody\nmonitors before: ana\n" in run("study", "deviations", "choosing")
    assert Event.objects.filter(kind=LOOKED).count() == 0
    services.close_study(society.study)
    assert monitor.get(at("data")).status_code == 404, "without a role nobody sees a study"
    assert "ana is analyst of choosing" in run("study", "member", "choosing", "ana", "--role", "analyst")


def test_deviations_command_tells_state_monitors_and_what_was_not_as_planned(
    society: rows.Society, monitor: Client
) -> None:
    said = run("study", "deviations", "choosing")
    assert said.splitlines()[:2] == ["choosing: masked until it is closed", "monitors: ana"]
    run("study", "unmask", "choosing", "--reason", WHY, "--by", "ana")
    said = run("study", "deviations", "choosing")
    assert re.search(r"choosing: unmasked before it was closed, 20\d\d-\d\d-\d\d \d\d:\d\d UTC", said)
    assert (
        f"unmasked, by monitor: conditions and outcomes were made visible before collection was closed ({WHY})" in said
    )


def test_list_marks_what_is_masked(society: rows.Society) -> None:
    rows.make_study("another")
    said = {line.split()[0]: line for line in run("study", "list").splitlines()}
    assert " masked" in said["choosing"]
    assert "masked" not in said["another"]


def test_open_warns_where_nobody_would_see_harm(society: rows.Society) -> None:
    services.pause_study(society.study)
    assert "Nobody is a monitor of choosing" in run("study", "open", "choosing", "--reason", "more")
    services.pause_study(society.study)
    User.objects.create(username="ana", is_staff=True)
    run("study", "monitor", "choosing", "ana")
    assert "Nobody is a monitor" not in run("study", "open", "choosing", "--reason", "more")


def test_seats_of_a_masked_group_have_no_kind(society: rows.Society, sign_in: SignIn) -> None:
    browser = sign_in(society.study, "owner")
    page = main_of(browser.get(at("table", "seats")))
    assert Seat.objects.filter(kind="ai").exists()
    assert Group.objects.get().code in page
    assert not {">ai<", ">human<", ">policy<", ">AI<", ">Person<"} & set(re.findall(r">\w+<", page))
