"""Collection was closed while visits were to come, and then it was purged by whose clocks they were planned."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from events import clock
from events.models import Due
from exports.services.purge import purge
from scheduling.models import ScheduledSession
from studies.models import Version
from studies.services import close_study
from tests.machinery.people import make_version, newcomer, sharing_is_installed  # noqa: F401  fixtures are found by name
from tests.reminders.conftest import file_with
from tests.scheduling import couples, test_visits
from tests.scheduling.test_couples import SIX
from tests.scheduling.test_visits import START, berlin, pass_to, states
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Version]


def test_visits_still_come_to_their_end(make_version: Make) -> None:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    opens = {"anchor": "enrolment", "offset": "40d", "every": "3d", "at": "08:00"}
    attendance = {"max_missed": 3, "on_exceed": {"exit": "inactive"}}
    version = make_version(**file_with(talk={"opens": opens}) | {"attendance": attendance})
    session = test_visits.enrolled(version)
    close_study(version.study)
    pass_to(berlin(2027, 4, 25, 8))
    purge(version.study, ["contact"])
    assert set(ScheduledSession.objects.values_list("zone", flat=True)) == {""}
    for day in range(60):
        pass_to(berlin(2027, 4, 25, 8) + timedelta(days=day))
    assert states(session) == ["missed"] * 4
    assert not Due.objects.filter(outcome="failed").exists()
    session.participant.refresh_from_db()
    assert (session.participant.status, session.participant.exit) == ("finished", "inactive")


def test_verification_leaves_out_what_was_reckoned_by_them(make_version: Make) -> None:  # noqa: F811
    version = couples.made(make_version)
    both = couples.enrolled(version, newcomer)
    couples.pass_to(SIX, *both)
    couples.meet(*both)
    close_study(version.study)
    couples.pass_to(SIX + timedelta(days=40))
    purge(version.study, ["contact"])
    report = check(version.study, late_after_seconds=1e6)
    assert [str(one) for one in report.differences] == []
    assert report.left_out["visits by clocks that are purged"] == report.counts["visits of pairs"] == 2
