"""Two of whom one does not want to meet the other again are never seated together, and others are not kept waiting."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from events import clock, runner
from exports.services import erasure
from exports.services.door import erasing
from matching import apart, services
from matching.errors import MatchingError
from matching.models import Group, KeptApart, Ticket
from scheduling.models import Session
from studies import definition
from studies.models import Version
from tests.machinery.people import newcomer, page
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


def test_two_who_wait_are_not_put_together_and_others_make_a_group_with_each(version: Version) -> None:
    assert apart.may_meet_again(definition.definition(version))
    one, other, third, fourth = four_who_met(version)
    apart.keep(other.participant_id, [one.participant_id])
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
    apart.keep(one.participant_id, [other.participant_id])
    with pytest.raises(MatchingError, match="kept apart"), transaction.atomic():
        services.seat_group(version, "game", tickets, origin="live")


def test_wish_is_never_changed_and_goes_with_the_data_of_either(version: Version) -> None:
    one, other, third, fourth = four_who_met(version)
    for _ in range(2):
        apart.keep(one.participant_id, [other.participant_id, third.participant_id])
    apart.keep(third.participant_id, [fourth.participant_id])
    assert apart.wishes([one.participant_id, other.participant_id]) == {
        one.participant_id: {other.participant_id}, other.participant_id: {one.participant_id},
    }  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        KeptApart.objects.all().delete()
    for gone, left in ((one, 1), (fourth, 0)):
        with transaction.atomic(), erasing():
            erasure._forget_own(person_of(gone))
        assert KeptApart.objects.count() == left
