"""Two of whom one does not want to meet the other again are never seated together, and others are not kept waiting."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from events import clock, runner
from exports.services import erasure
from exports.services.door import erasing
from flow.services import forming
from matching import apart, services
from matching.errors import MatchingError
from matching.models import Group, KeptApart, Ticket
from scheduling.models import Session
from studies import definition
from studies.models import Version
from tests.consent.test_erasure_races import in_thread
from tests.machinery.people import at_once, newcomer, page
from tests.scheduling.couples import (
    START,
    answer,
    begin,
    couple_file,
    differences,
    go_through,
    newest,
    pass_to,
    person_of,
    rows,
)
from tests.verification.tampering import change
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
LONGER_THAN_SEATING = 0.5


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:
    """Two play in the first visit and in two more, each time with whoever is there."""
    clock.simulate()
    clock.stand(START)
    said = json.loads(json.dumps(couple_file()))
    said["groups"]["pair"].pop("lasts")
    said["texts"]["pages/consent.md"] = "# Taking part\n\nYou meet somebody each time.\n"
    return make_version(roles=dict(said["groups"]["pair"]["roles"]), **said)


def tend(*people: Session) -> None:
    """Let people be there for half a minute, and press what they are asked to until they sit."""
    for _ in range(6):
        for one in people:
            if page(newest(one)).button and met(one) is None:
                answer(one)
        pass_to(clock.now() + timedelta(seconds=5), *people)


def met(session: Session) -> set[int] | None:
    """Whom somebody sits with in their newest visit, by key; None where they do not sit."""
    group = Group.objects.filter(seats__session=newest(session)).first()
    if group is None:
        return None
    return set(group.seats.values_list("participant", flat=True)) - {session.participant_id}


def four_who_met(version: Version) -> list[Session]:
    """Four who were there once: the first two together, and the last two."""
    people = [newcomer(version) for _ in range(4)]
    for both in (people[:2], people[2:]):
        go_through(*both)
    assert [met(one) for one in people] == [
        {people[other].participant_id} for other in (1, 0, 3, 2)
    ], "they come to meet each other"  # fmt: skip
    runner.drain("jobs")
    return people


def opens(*people: Session) -> None:
    at = max(row.opens_at for one in people for row in rows(one) if row.opens_at is not None)
    pass_to(at + timedelta(minutes=1))
    begin(*people)


@transaction.atomic
def wish(one: Session, other: Session, is_kept: Event | None = None) -> None:
    """One does not want to meet the other again; where others wait for it to be kept, it is committed after that."""
    apart.keep(one.participant_id, [other.participant_id])
    if is_kept is not None:
        is_kept.set()
        time.sleep(LONGER_THAN_SEATING)


def test_two_who_wait_are_not_put_together_and_others_make_a_group_with_each(version: Version) -> None:
    assert apart.may_meet_again(definition.definition(version))
    one, other, third, fourth = four_who_met(version)
    wish(other, one)
    opens(one, other, third, fourth)
    tend(one, other)
    assert (met(one), met(other)) == (None, None), "they would be the next group"
    tend(one, other, third)
    assert met(one) == {third.participant_id}, "who came first is not held back"
    assert met(other) is None
    tend(other, fourth)
    assert met(other) == {fourth.participant_id}
    found = {each.what for each in check(version.study, late_after_seconds=3600).differences}
    assert found == {"wish that nobody reported"}
    change(KeptApart.objects.get(), at=START)
    found = {each.what for each in check(version.study, late_after_seconds=3600).differences}
    assert "group of two who are to be kept apart" in found


def test_without_a_wish_they_meet_again(version: Version) -> None:
    one, other, *_rest = four_who_met(version)
    opens(one, other)
    tend(one, other)
    assert met(one) == {other.participant_id}
    assert differences(version) == []


def test_wish_that_comes_at_the_last_moment_is_kept_all_the_same(version: Version) -> None:
    one, other, *_rest = four_who_met(version)
    opens(one, other)
    tickets = [Ticket.objects.select_related("session__participant").get(session=newest(each)) for each in (one, other)]
    wish(one, other)
    with pytest.raises(MatchingError, match="kept apart"), transaction.atomic():
        services.seat_group(version, "game", tickets, origin="live")


def test_wish_that_comes_while_the_two_are_being_seated_is_kept(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, *_rest = four_who_met(version)
    opens(one, other)
    seat_group, wished = services.seat_group, list[object]()

    def and_then_wished(*args: Any, **facts: Any) -> Group:
        group = seat_group(*args, **facts)
        if not wished:
            wished.extend(at_once([lambda: wish(one, other)]))
        return group

    monkeypatch.setattr(forming.services, "seat_group", and_then_wished)
    tend(one, other)
    assert wished == [None], "it waits for nobody: the two are locked only when their visits are"
    assert (met(one), met(other)) == (None, None)


def test_who_is_being_seated_waits_for_a_wish_that_is_being_kept(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, *_rest = four_who_met(version)
    opens(one, other)
    seat_group, is_kept, threads = services.seat_group, Event(), list[Thread]()

    def while_it_is_wished(*args: Any, **facts: Any) -> Group:
        group = seat_group(*args, **facts)
        if not threads:
            threads.append(in_thread(lambda: wish(one, other, is_kept)))
            assert is_kept.wait(10)
        return group

    monkeypatch.setattr(forming.services, "seat_group", while_it_is_wished)
    tend(one, other)
    threads[0].join(10)
    assert KeptApart.objects.count() == 1
    assert (met(one), met(other)) == (None, None)


def test_wish_is_never_changed_and_goes_with_the_data_of_either(version: Version) -> None:
    one, other, third, fourth = four_who_met(version)
    for _ in range(2):
        wish(one, other)
        wish(one, third)
    wish(third, fourth)
    assert apart.wishes([one.participant_id, other.participant_id]) == {
        one.participant_id: {other.participant_id}, other.participant_id: {one.participant_id},
    }  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        KeptApart.objects.all().delete()
    for gone, left in ((one, 1), (fourth, 0)):
        with transaction.atomic(), erasing():
            erasure._forget_own(person_of(gone))
        assert KeptApart.objects.count() == left
