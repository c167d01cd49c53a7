"""Through every stage with the answers that lead on."""

import pytest

from events import runner
from flow.services import sessions
from matching.models import Group, Seat
from participants.models import Participant
from recruitment.models import Settlement
from tests.machinery.people import MakeVersion, at_stage, fresh, go_on, page, send, stage_id, ticket

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_people_are_asked_seated_and_briefed(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    assert [ticket(one).status for one in here] == ["asked"] * 3
    assert page(here[0]).button == "I am ready"
    for one in here:
        assert send(one) == "stored"
    group = Group.objects.get()
    assert [stage_id(fresh(one)) for one in here] == ["briefing"] * 3
    assert group.condition in {"label=hidden", "label=marked"}
    assert sorted(group.seats.values_list("role", "kind", "occupant")) == [
        ("giver", "human", "person"), ("giver", "human", "person"),
        ("taker", "ai", "policy"), ("taker", "human", "person"),
    ]  # fmt: skip
    assert group.rounds == 3
    assert not group.is_filled
    shown = {""} if "hidden" in group.condition else {"Person", "Program"}
    assert {seat.label for seat in group.seats.all()} == shown


def test_last_of_the_group_to_read_the_briefing_begins_the_game(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    for one in here:
        send(one)
    for one in here:
        right = "told_no" if "hidden" in Group.objects.get().condition else "told_yes"
        assert send(one, told=right) == "stored"
    assert [stage_id(fresh(one)) for one in here] == ["game"] * 3
    assert Group.objects.get().round == 1


def test_leaving_in_the_middle_pays_what_was_earned(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    sessions.leave(session.pk)
    settled = Settlement.objects.get()
    assert (settled.exit, settled.total_minor) == ("left", 0)
    assert settled.code in page(session).html
    assert Participant.objects.get().status == "finished"


def test_everyone_reaches_the_code(make_version: MakeVersion) -> None:
    version = make_version(game={"parameters": {"rounds": 1}})
    here = [at_stage(version, "lobby") for _ in range(3)]
    for one in here:
        send(one)
    right = "told_no" if "hidden" in Group.objects.get().condition else "told_yes"
    for one in here:
        send(one, told=right)
    for _ in range(12):
        for one in here:
            if stage_id(fresh(one)) == "game" and page(one).button:
                go_on(one)
        runner.drain("bots")
    assert [stage_id(fresh(one)) for one in here] == ["after"] * 3
    for one in here:
        session = go_on(go_on(fresh(one)))
        assert session.status == "finished"
    assert Settlement.objects.filter(exit="completed", base_minor=400).count() == 3
    assert not Seat.objects.filter(status="sitting", session__isnull=False).exists()
