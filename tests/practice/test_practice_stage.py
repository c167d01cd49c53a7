"""Practice: alone, through the game's own pages, labelled as made up, unpaid, and in no table of the game."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.test import Client

from events import clock, runner
from events.models import Event
from exports.scope import Scope
from exports.tables import TABLES
from exports.tables.practice import PRACTICE
from flow.models import Act, Exposure, Match, PracticeStep
from flow.queries import page_of
from flow.services import sessions
from matching.models import Group
from paradigm import Points
from participants import services as people
from participants.models import Participant
from recruitment.models import Settlement
from scheduling.models import Session
from tests.machinery.people import MakeVersion, at_stage, fresh, go_on, let_pass, page, send, stage_id
from tests.practice.practising import as_a_factor, practising

pytestmark = pytest.mark.django_db(transaction=True)
MADE_UP = "Practice: the other players' answers are made up. Nothing here counts or is paid."


def steps(session: Session) -> list[tuple[str, int, str, dict[str, object] | None]]:
    found = PracticeStep.objects.filter(session=session).order_by("number")
    return [(one.role, one.round, one.path, one.values) for one in found]


def told(session: Session) -> dict[str, object]:
    view = page(session).view
    assert view is not None
    return dict(view.facts)


def test_each_role_is_played_through_the_pages_of_the_game(make_version: MakeVersion) -> None:
    session = at_stage(practising(make_version), "try_out")
    first = page(session)
    assert (first.kind, first.note, first.button, first.points) == ("practice", MADE_UP, "Continue", None)
    assert [field.key for field in first.fields] == ["given", "note"]
    assert first.where == "Step 4 of 9 · Practice 1 of 2"
    assert send(session, given="3", note="mine") == "stored"
    assert told(session) == {"given": 3}
    assert send(session) == "stored"
    reads = page(session)  # as the taker, who reads while the giver decides
    assert (list(reads.fields), reads.where) == ([], "Step 4 of 9 · Practice 2 of 2")
    assert send(session) == "stored"
    assert told(session) == {"given": 6}  # half of 12, made up
    assert send(session) == "stored"
    assert stage_id(fresh(session)) == "lobby"
    assert steps(session) == [
        ("giver", 1, "give", {"given": 3, "note": "mine"}),
        ("giver", 1, "result", {}),
        ("taker", 1, "give", {}),
        ("taker", 1, "result", {}),
    ]


def test_every_page_of_practice_is_kept_as_it_was_told(make_version: MakeVersion) -> None:
    session = at_stage(practising(make_version), "try_out")
    shown = page(session)
    (one,) = PracticeStep.objects.filter(session=session)
    assert shown.view is not None
    assert one.view == json.loads(json.dumps(shown.view.as_json())) | {"asked": ["given", "note"]}
    assert one.sha256 == hashlib.sha256(json.dumps(one.view, sort_keys=True).encode()).hexdigest()
    assert (one.values, one.answered_at) == (None, None)


def test_a_refused_answer_leaves_everything_and_says_why(make_version: MakeVersion) -> None:
    session = at_stage(practising(make_version), "try_out")
    assert send(session, given="13") == "refused"
    assert steps(session) == [("giver", 1, "give", None)]
    assert isinstance(page(session).fields[0], Points)


def test_practice_leaves_nothing_among_the_outcomes_and_pays_nothing(make_version: MakeVersion) -> None:
    version = practising(make_version)
    session = at_stage(version, "lobby")
    assert PracticeStep.objects.count() == 4
    assert [model.objects.count() for model in (Match, Act, Exposure, Group)] == [0, 0, 0, 0]
    with_rows = {table.name for table in TABLES if list(table.rows(Scope(version.study)))}
    assert with_rows & {"decisions", "rounds", "placings", "choice_sets", "exposures", "beliefs"} == set()
    assert "practice" in with_rows
    sessions.leave(session.pk)
    assert Settlement.objects.get().points == 0


def test_table_of_practice_has_each_page_and_nobody_who_withdrew(make_version: MakeVersion) -> None:
    version = practising(make_version)
    stays, goes = at_stage(version, "lobby"), at_stage(version, "try_out")
    send(goes, given="3", note="words of somebody who goes")
    sessions.leave(goes.pk, withdraw=True)
    rows = list(PRACTICE.rows(Scope(version.study)))
    assert {row["participant"] for row in rows} == {stays.participant.code}
    assert [(row["role"], row["step"]) for row in rows] == [
        ("giver", "give"), ("giver", "result"), ("taker", "give"), ("taker", "result"),
    ]  # fmt: skip
    runner.drain()
    assert not PracticeStep.objects.filter(session=goes).exists()
    assert PracticeStep.objects.filter(session=stays).count() == 4


def test_when_the_time_is_up_one_goes_on(make_version: MakeVersion) -> None:
    session = at_stage(practising(make_version, more={"seconds": 60}), "try_out")
    assert "the practice ends" in str(page(session).facts["at_zero"])
    let_pass(63, session)
    sessions.stage_overdue(session.pk, fresh(session).stage)
    assert stage_id(fresh(session)) == "lobby"
    assert steps(session) == [("giver", 1, "give", None)]


def test_several_rounds_remember_the_one_before(make_version: MakeVersion) -> None:
    session = at_stage(practising(make_version, more={"rounds": 2}), "try_out")
    assert page(session).where.endswith("Practice 1 of 4")
    for _ in range(8):
        session = go_on(session)
    assert stage_id(session) == "lobby"
    assert [(role, number) for role, number, path, _ in steps(session) if path == "result"] == [
        ("giver", 1), ("giver", 2), ("taker", 1), ("taker", 2),
    ]  # fmt: skip


def test_a_page_may_stand_before_it(make_version: MakeVersion) -> None:
    session = at_stage(practising(make_version, more={"page": "pages/try_out.md"}), "try_out")
    assert (page(session).title, page(session).fields, steps(session)) == ("Try it", (), [])
    send(session)
    assert page(session).kind == "practice"


def test_own_role_is_practised_behind_the_waiting_room(make_version: MakeVersion) -> None:
    roles = {"giver": {"humans": 1}, "taker": {"humans": 1}}
    version = practising(make_version, before="game", more={"roles": "own"}, roles=roles)
    pair = [at_stage(version, "lobby") for _ in range(2)]
    for one in pair:
        send(one)
    for one in pair:
        right = "told_no" if "hidden" in Group.objects.get().condition else "told_yes"
        send(one, told=right)
    assert [stage_id(fresh(one)) for one in pair] == ["try_out"] * 2
    for one in pair:
        own = Group.objects.get().seats.get(session=one).role
        go_on(go_on(one))
        assert {role for role, *_ in steps(one)} == {own}
    assert [stage_id(fresh(one)) for one in pair] == ["game"] * 2
    assert Group.objects.get().round == 1


def test_second_send_of_one_form_changes_nothing(make_version: MakeVersion) -> None:
    client = Client(headers={"host": "localhost"})
    version = practising(make_version)
    client.post(f"/j/{people.make_link(version.study)}")
    session = fresh(Session.objects.latest("pk"))
    while stage_id(session) != "try_out":
        session = go_on(session)
    html = client.get("/s/").content.decode()
    assert MADE_UP.replace("'", "&#x27;") in html
    assert 'class="sheet practice"' in html
    before = len(steps(session))
    send(session, given="3")
    assert len(steps(session)) == before + 1


def test_rules_that_fail_end_the_practice_and_nothing_else(
    make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = at_stage(practising(make_version), "try_out")

    def fails(*_: object) -> None:
        raise ValueError("a bug of the experiment")

    monkeypatch.setattr("flow.stages.practice.Practice.stop_after", fails)
    assert page(session).title == "One moment, please"
    send(session)
    assert stage_id(fresh(session)) == "lobby"


def test_practice_tells_neither_labels_nor_conditions(make_version: MakeVersion) -> None:
    version = as_a_factor(make_version)
    told = set()
    for _ in range(4):
        session = at_stage(version, "quiz")
        session = go_on(session)
        if stage_id(session) == "try_out":
            shown = page_of(session)
            assert shown.view is not None
            assert not any(card.label for card in shown.view.cards)
            told.add((str(shown.html), json.dumps(shown.view.as_json(), sort_keys=True)))
    assert len(told) == 1


def test_people_for_whom_it_is_not_go_past_it_and_no_number_tells(make_version: MakeVersion) -> None:
    version = as_a_factor(make_version)
    came: dict[str, set[str]] = {"try_out": set(), "lobby": set()}
    for _ in range(4):
        session = go_on(at_stage(version, "quiz"))
        came[stage_id(session)].add(page(session).where.partition(" · ")[0])
        skipped = Event.objects.filter(kind="stage.skipped", subject_id=session.pk).exists()
        assert skipped == (stage_id(session) == "lobby")
        while stage_id(session) == "try_out":
            session = go_on(session)
        assert page(session).where == "Step 4 of 8"
    assert came == {"try_out": {"Step 3 of 8"}, "lobby": {"Step 4 of 8"}}
    assert Participant.objects.count() == 4


def test_stage_kind_keeps_nothing_of_one_person_for_another(make_version: MakeVersion) -> None:
    version = practising(make_version)
    one, other = at_stage(version, "try_out"), at_stage(version, "try_out")
    send(one, given="3")
    assert steps(other) == [("giver", 1, "give", None)]


def test_limit_is_told_and_may_be_moved(make_version: MakeVersion) -> None:
    session = at_stage(practising(make_version, more={"seconds": 60}), "try_out")
    until = page(session).deadline_at
    assert until is not None
    assert timedelta(seconds=50) < until - clock.now() <= timedelta(seconds=60)
