"""Between the waiting room and round 1: whoever leaves or whatever ends, nobody waits for ever."""

import pytest

from flow.services import games, sessions
from matching.models import Group
from scheduling.models import Session
from studies.models import Allocation
from tests.machinery.people import MakeVersion, at_stage, fresh, page, send, stage_id

pytestmark = pytest.mark.django_db(transaction=True)
ROLES = {"giver": {"humans": 2}, "taker": {"humans": 2}}


def in_the_briefing(make_version: MakeVersion) -> list[Session]:
    version = make_version(roles=ROLES, game={"min_active": {"giver": 1, "taker": 1}})
    here = [at_stage(version, "lobby") for _ in range(4)]
    for one in here:
        send(one)
    found = [fresh(one) for one in here]
    assert {stage_id(one) for one in found} == {"briefing"}
    return found


def arrive(session: Session) -> None:
    """Answer the condition page, right or wrong, until it lets go."""
    while stage_id(fresh(session)) == "briefing":
        send(session, told="told_no")


def leavers_and_others(found: list[Session]) -> tuple[Session, list[Session]]:
    seats = {seat.session_id: seat.role for seat in Group.objects.get().seats.all()}
    leaver = next(one for one in found if seats[one.pk] == "giver")
    return leaver, [one for one in found if one != leaver]


def test_group_that_ends_before_round_one_lets_everybody_go_on(make_version: MakeVersion) -> None:
    found = in_the_briefing(make_version)
    arrive(found[0])
    games.end_group(Group.objects.get().pk, "by hand")
    for one in found:
        assert stage_id(fresh(one)) == "after"
        assert page(one).button


def test_slot_of_a_group_that_never_began_is_given_back(make_version: MakeVersion) -> None:
    in_the_briefing(make_version)
    games.end_group(Group.objects.get().pk, "by hand")
    log = list(Allocation.objects.order_by("pk").values_list("act", "reason"))
    assert log == [("taken", ""), ("returned", "by hand")]


def test_one_who_leaves_early_does_not_begin_the_game_for_those_who_read(make_version: MakeVersion) -> None:
    leaver, others = leavers_and_others(in_the_briefing(make_version))
    sessions.leave(leaver.pk)
    assert Group.objects.get().round == 0
    for one in others:
        assert Group.objects.get().round == 0
        arrive(one)
    assert Group.objects.get().round == 1


def test_last_one_leaving_begins_the_game_for_those_who_wait(make_version: MakeVersion) -> None:
    leaver, others = leavers_and_others(in_the_briefing(make_version))
    for one in others:
        arrive(one)
    assert Group.objects.get().round == 0
    sessions.leave(leaver.pk)
    assert Group.objects.get().round == 1


def test_too_few_leaving_early_lets_the_others_go_on(make_version: MakeVersion) -> None:
    found = in_the_briefing(make_version)
    roles = {seat.session_id: seat.role for seat in Group.objects.get().seats.all()}
    for one in found:
        if roles[one.pk] == "giver":
            sessions.leave(one.pk)
    assert {stage_id(fresh(one)) for one in found if roles[one.pk] == "taker"} == {"after"}
