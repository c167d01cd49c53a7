"""Verification of planned visits: what no event made is named."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events import clock
from scheduling.models import ScheduledSession
from studies.models import Version
from tests.machinery.people import make_version, sharing_is_installed  # noqa: F401  fixtures are found by name
from tests.scheduling.test_visits import FILE, START, berlin, enrolled, newest, pass_to, take_part
from verification.check import check

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    return make_version(**FILE)


def test_verification_names_a_state_that_no_event_made(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    ScheduledSession.objects.filter(participant=session.participant_id, number=1).update(state="planned")
    assert "state of a planned visit" in {each.what for each in check(version.study).differences}


@pytest.mark.parametrize(
    ("number", "changed", "named"),
    [
        (1, {"ended_at": None}, {"end of a planned visit", "windows that overlap"}),
        (1, {"session": None, "state": "missed"}, {"beginning of a planned visit", "visits of a participant"}),
        (2, {"closes_at": START - timedelta(days=9)}, {"window of a planned visit"}),
        (3, None, {"planned visits of a participant"}),
    ],
)
def test_verification_names_what_is_not_as_it_was_planned(
    version: Version, number: int, changed: dict[str, Any] | None, named: set[str]
) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    take_part(newest(session))
    pass_to(berlin(2027, 3, 26, 9))
    assert check(version.study).differences == []
    row = ScheduledSession.objects.filter(participant=session.participant_id, number=number)
    row.delete() if changed is None else row.update(**changed)
    assert named <= {each.what for each in check(version.study).differences}
