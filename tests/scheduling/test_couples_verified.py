"""What a verification says of pairs that are not as they were formed, planned or as they met."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from matching.models import Group, Seat
from scheduling.models import Pair, PairMember, PairVisit, ScheduledSession
from studies.models import Version
from tests.machinery.people import make_version, newcomer, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import differences, enrolled, made, meet, pass_to
from tests.scheduling.test_couples import SIX
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
CASES: dict[str, tuple[str, Callable[[], Any]]] = {
    "people": ("people of a pair", lambda: PairMember.objects.first().delete()),  # type: ignore[union-attr]
    "status": ("status of a pair", lambda: Pair.objects.update(status="ended")),
    "reason": ("end reason of a pair", lambda: Pair.objects.update(end_reason="left")),
    "over": ("people of a pair that is over", lambda: PairMember.objects.update(lasts=False)),
    "outcome": ("outcome of a pair's visit", lambda: PairVisit.objects.filter(number=1).update(outcome="in_vain")),
    "unmet": ("meeting of a pair", lambda: PairVisit.objects.filter(number=1).update(outcome="")),
    "vain": ("wait in vain", lambda: PairVisit.objects.filter(number=2).update(outcome="in_vain")),
    "again": ("second time of a pair's visit", lambda: PairVisit.objects.update(again_at=F("opens_at"))),
    "copies": ("window of a pair", lambda: PairVisit.objects.update(closes_at=F("closes_at") + HOUR)),
    "reckoned": ("window of a pair, reckoned", lambda: PairVisit.objects.update(opens_at=F("opens_at") + HOUR)),
    "company": ("people of a group of a pair", lambda: Group.objects.filter(seats__isnull=False).update(pair=None)),
}  # fmt: skip


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:  # noqa: F811
    """Two have met in the intake and in their first visit; the second is planned."""
    version = made(make_version)
    both = enrolled(version, newcomer)
    pass_to(SIX, *both)
    meet(*both)
    assert differences(version) == []
    return version


@pytest.mark.parametrize("what", CASES)
def test_verification_names_what_is_untrue(version: Version, what: str) -> None:
    named, spoil = CASES[what]
    spoil()
    assert named in {each.what for each in check(version.study, late_after_seconds=1e6).differences}


def test_verification_names_two_who_are_partners_again(version: Version) -> None:
    again = Pair.objects.create(version=version, code="dagain", group="pair", visit=2, status="ended")
    for member in Pair.objects.earliest("pk").members.all():
        again.members.create(participant=member.participant, lasts=False)
    found = check(version.study, late_after_seconds=1e6).differences
    assert ("pair of two who were partners before", "dagain") in {(each.what, each.where) for each in found}


def test_verification_names_a_pair_that_nobody_formed_or_left(version: Version) -> None:
    person = PairMember.objects.latest("pk").participant
    pair = Pair.objects.get()
    Pair.objects.create(version=version, code="dnobody", group="pair", visit=1)
    named = {each.what for each in check(version.study, late_after_seconds=1e6).differences}
    assert {"forming of a pair", "people of a pair"} <= named
    person.status, person.exit = "finished", "left"
    person.save()
    ScheduledSession.objects.filter(participant=person).update(state="cancelled")
    assert Seat.objects.filter(participant=person).exists()
    assert pair.status == "lasting"
    found = check(version.study, late_after_seconds=1e6).differences
    assert "pair of somebody who has left" in {each.what for each in found}
