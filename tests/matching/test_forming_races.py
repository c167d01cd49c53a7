"""Many callers at once: nobody in two groups, no slot given twice."""

from functools import partial

import pytest
from django.db import transaction

from flow.services import forming, sessions
from matching.errors import MatchingError
from matching.models import Group, Seat, Ticket
from matching.services import seat_group
from studies.models import Allocation, Slot
from tests.machinery.people import MakeVersion, at_once, at_stage, fresh, send, stage_id, ticket
from tests.machinery.slots import holders_by_condition

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_callers_form_each_group_once_and_conditions_stay_balanced(
    make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = make_version()
    monkeypatch.setattr(forming, "_try", lambda *_: None)
    here = [at_stage(version, "lobby") for _ in range(24)]
    forming.form_groups(version.pk, "lobby")
    for one in here:
        send(one)
    assert set(Ticket.objects.values_list("status", flat=True)) == {"ready"}
    formed = at_once([lambda: forming.form_groups(version.pk, "lobby")] * 3)
    assert sum(one for one in formed if isinstance(one, int)) == 8
    assert Group.objects.count() == 8
    seated = list(Seat.objects.filter(session__isnull=False).values_list("session", flat=True))
    assert sorted(seated) == sorted({one.pk for one in here})
    assert {stage_id(fresh(one)) for one in here} == {"briefing"}
    counts = holders_by_condition(version)
    assert sum(counts.values()) == 8
    assert max(counts.values()) - min(counts.values()) <= 2
    assert Slot.objects.exclude(holder_id=None).count() == Allocation.objects.filter(act="taken").count() == 8


def test_everyone_ready_at_the_same_moment(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(6)]
    outcomes = at_once([partial(send, one) for one in here])
    assert outcomes == ["stored"] * 6
    forming.form_groups(version.pk, "lobby")  # as the due row would: a caller that found the room busy leaves it to it
    assert Group.objects.count() == 2
    assert Seat.objects.filter(session__isnull=False).count() == 6


def test_somebody_who_leaves_while_a_group_forms_is_not_in_it(
    make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    monkeypatch.setattr(forming, "_try", lambda *_: None)
    for one in here:
        send(one)
    left: list[object] = []

    def leave_then_seat(*args: object, **facts: object) -> Group:
        if not left:
            left.append(at_once([lambda: sessions.leave(here[0].pk)]))
        return seat_group(*args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(forming.services, "seat_group", leave_then_seat)
    assert forming.form_groups(version.pk, "lobby") == 0
    assert not Group.objects.exists()
    assert not Slot.objects.exclude(holder_id=None).exists()
    assert not Allocation.objects.exists()
    assert [ticket(one).status for one in here] == ["left", "ready", "ready"]


def test_leaving_and_forming_at_once_leave_whole_groups(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(6)]
    work = [partial(send, one) for one in here]
    work += [partial(send, here[5], leave="1"), partial(send, here[0], leave="1")]
    at_once(work)
    forming.form_groups(version.pk, "lobby")
    for group in Group.objects.all():
        assert group.seats.count() == 4
        assert group.seats.filter(participant__isnull=False).count() == 3
    ended = [one for one in here if fresh(one).status == "finished"]
    assert not Seat.objects.filter(session__in=ended, status="sitting").exists()
    assert not Ticket.objects.filter(session__in=ended, status__in=["waiting", "asked", "ready"]).exists()


def test_groups_without_people_are_made_and_begun(make_version: MakeVersion) -> None:
    version = make_version()
    groups = forming.run_groups(version, "game", n=3)
    assert len(groups) == 3
    for group in Group.objects.all():
        assert (group.origin, group.round, group.is_filled) == ("run", 1, True)
        assert set(group.seats.values_list("occupant", flat=True)) == {"policy"}


def test_group_is_refused_where_nobody_may_stand_in(make_version: MakeVersion) -> None:
    version = make_version()
    with pytest.raises(MatchingError) as refused, transaction.atomic():
        seat_group(version, "game", [], origin="run")
    assert refused.value.code == "no_occupant"
    assert not Group.objects.exists()
    assert not Allocation.objects.exists()
