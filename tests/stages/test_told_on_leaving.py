"""What pages say of pay and of pausing: only what the study pays for, and only what can happen in it."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from config.places import ROOT
from events import clock
from flow.deadlines import GONE_AFTER
from flow.framing import kept_on_leaving, limits_while_away
from flow.services import sessions
from participants import services as people
from participants.models import Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies.services import load
from tests.machinery.people import MakeVersion, at_stage, let_pass, page, send
from tests.machinery.study_files import read_study
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
UNPAID = {"pay_per_minute": "0.00"}
PAY = {"currency": "GBP", "base": "0.00", "minimum_hourly": "0.00"}
POINTS = {"points": {"rate": "0.02", "max": "6.00"}}
DRAWN = {"points": {"rate": "0.02", "max": "6.00", "pay": "one_random_round"}}
DRAW = "If you leave now, it is still drawn by chance which round is paid. A round that you have not finished {}"
DEMO = ROOT / "experiments" / "longitudinal_chat" / "studies" / "demo"


def exits(**changed: Mapping[str, str]) -> dict[str, Any]:
    """The test study's exits, some of which pay otherwise."""
    said = read_study(ROOT / "tests" / "studies" / "folder")["exits"]
    return {name: {**exit_, **changed.get(name, {})} for name, exit_ in said.items()}


def test_waiting_room_that_pays_nothing_promises_nothing_for_it(make_version: MakeVersion) -> None:
    session = at_stage(make_version(lobby=UNPAID), "lobby")
    here = page(session)
    assert here.facts["at_zero"].endswith("your part ends here. You then get £1.00.")
    assert [one["label"] for one in here.facts["also"]] == ["Leave now with £1.00"]
    assert kept_on_leaving(session) == "If you leave now, you are paid £1.00."
    let_pass(61, session)
    send(session, leave="1")
    settled = Settlement.objects.get()
    assert (settled.total_minor, settled.waiting_minor) == (100, 0), "as was said"


@pytest.mark.parametrize(
    ("pay", "lobby", "then", "label"),
    [
        ("earned", UNPAID, "You keep what you have earned.", "Leave now"),
        ("full", UNPAID, "You are then paid in full.", "Leave now"),
        ("none", UNPAID, "", "Leave now"),
        ("earned", {}, "You then get your pay for waiting.", "Leave now with the pay for waiting"),
    ],
)
def test_waiting_room_says_what_its_exit_pays(
    make_version: MakeVersion, pay: str, lobby: dict[str, str], then: str, label: str
) -> None:
    said = exits()
    said["no_group"] = {"pay": pay, "page": "pages/exit.md"}
    here = page(at_stage(make_version(lobby=lobby, exits=said), "lobby"))
    assert here.facts["at_zero"] == f"If no group is complete when the time is up, your part ends here. {then}"
    assert here.facts["also"][0]["label"] == label


@pytest.mark.parametrize(
    ("pays", "lobby", "kept"),
    [
        (POINTS, {}, "If you leave now, you keep the pay for your points so far and for your waiting time."),
        (POINTS, UNPAID, "If you leave now, you keep the pay for your points so far."),
        ({}, {}, "If you leave now, you keep the pay for your waiting time."),
        ({}, UNPAID, "If you leave now, there is no pay."),
        (DRAWN, {}, DRAW.format("pays nothing. You keep the pay for your waiting time.")),
        (DRAWN, UNPAID, DRAW.format("pays nothing.")),
    ],
)
def test_what_is_kept_names_only_what_is_paid(
    make_version: MakeVersion, pays: dict[str, Any], lobby: dict[str, str], kept: str
) -> None:
    session = at_stage(make_version(lobby=lobby, payments=PAY | pays), "quiz")
    assert kept_on_leaving(session) == kept


@pytest.mark.parametrize(
    ("pays", "lobby", "kept"),
    [
        (POINTS, {}, "If you leave now, you are paid in full, with your points and your waiting time."),
        (POINTS, UNPAID, "If you leave now, you are paid in full, with your points."),
        ({}, {}, "If you leave now, you are paid in full, with your waiting time."),
        ({}, UNPAID, "If you leave now, you are paid in full."),
    ],
)
def test_full_pay_names_only_what_is_in_it(
    make_version: MakeVersion, pays: dict[str, Any], lobby: dict[str, str], kept: str
) -> None:
    full = {"left": {"pay": "full"}, "withdrawn": {"pay": "full"}}
    version = make_version(lobby=lobby, payments=PAY | pays, exits=exits(**full))
    assert kept_on_leaving(at_stage(version, "quiz")) == kept


@pytest.mark.parametrize(("declared", "exit_name"), [(True, "away"), (False, "left")])
def test_whoever_is_not_heard_of_leaves_by_an_exit_that_says_so_where_there_is_one(
    make_version: MakeVersion, declared: bool, exit_name: str
) -> None:
    said = exits() | ({"away": {"pay": "earned", "page": "pages/away.md"}} if declared else {})
    away = {"pages/away.md": "# Away\n\nWe did not hear from you. You earned {{ pay_total }}."}
    session = at_stage(make_version(exits=said, texts=away if declared else {}), "instructions")
    gone = clock.now() - GONE_AFTER
    Participant.objects.filter(pk=session.participant_id).update(seen_at=gone)
    Session.objects.filter(pk=session.pk).update(stage_opened_at=gone)
    sessions.end_if_gone(session.pk, settle=lambda: None)
    person = Participant.objects.get(pk=session.participant_id)
    assert (person.status, person.exit) == ("finished", exit_name)
    assert Settlement.objects.get().exit == exit_name
    assert ("We did not hear from you" in page(session).html) is declared
    assert [str(one) for one in check(person.study).differences] == []


def test_page_on_pausing_speaks_of_turns_and_waiting_where_there_are_some(make_version: MakeVersion) -> None:
    turns = "In a game the others wait only until the time is up, and some missed turns in a row end your part."
    waits = "Waiting is paid only while the page on which you wait is open."
    session = at_stage(make_version(), "quiz")
    assert limits_while_away(session) == f"Time limits go on while you are away. {waits} {turns}"
    unpaid = at_stage(make_version(lobby=UNPAID), "quiz")
    assert limits_while_away(unpaid) == f"Time limits go on while you are away. {turns}"


def test_page_on_pausing_of_a_study_of_conversations_speaks_of_no_turns() -> None:
    client = Client(headers={"host": "localhost"})
    client.post(f"/j/{people.make_link(load(DEMO, is_demo=True, is_open=True).study)}")
    assert limits_while_away(Session.objects.get()) == "Time limits go on while you are away."
    html = client.get("/s/leave").content.decode()
    assert "Time limits go on while you are away." in html
    assert "turns" not in html
    assert "Waiting is paid" not in html
