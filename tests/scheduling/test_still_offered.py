"""Whoever has missed too much may still come to one wave: all else is left out, and the exit follows it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from events.models import Event
from exports.scope import Scope
from exports.tables.planned import PLANNED_SESSIONS
from flow.services import rescue, sessions, windows
from participants.models import Participant
from recruitment.models import Settlement
from scheduling.models import ScheduledSession, Session
from scheduling.services import OFFERED
from studies.models import Version
from tests.machinery.people import at_once, make_version, page, sharing_is_installed  # noqa: F401
from tests.scheduling.test_visits import FILE, berlin, clock, enrolled, newest, pass_to, rows, states, take_part
from tests.scheduling.test_visits import START as START  # noqa: PLC0414
from verification.check import check

pytestmark = pytest.mark.django_db
RULE = {"max_missed": 1, "max_excused": 2, "on_exceed": {"exit": "inactive", "still_offer": "final"}}


def made(make_version: Callable[..., Version], **facts: Any) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    return make_version(**FILE | {"attendance": RULE} | facts)


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:  # noqa: F811
    return made(make_version)


def differences(version: Version) -> list[str]:
    return [str(one) for one in check(version.study).differences]


def leaving(session: Session) -> Participant:
    return Participant.objects.get(pk=session.participant_id)


def dropped_out(version: Version) -> Session:
    """Somebody who came once, and missed the two visits after it."""
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    session = take_part(session)
    pass_to(berlin(2027, 3, 31, 8))
    return newest(session)


def test_last_wave_is_offered_and_the_exit_follows_it(version: Version) -> None:
    session = dropped_out(version)
    assert states(session) == ["completed", "missed", "missed", "planned"]
    assert leaving(session).status == "active"
    assert rows(session)[3].opens_at == berlin(2027, 4, 1, 8), "a day after the last window closed"
    said = page(session)
    assert "The others do not take place any more; this one is still open to you." in said.facts["progress"]
    pass_to(berlin(2027, 4, 1, 8))
    take_part(session)
    person = leaving(session)
    assert (person.status, person.exit) == ("finished", "inactive")
    assert states(session) == ["completed", "missed", "missed", "completed"]
    assert Settlement.objects.get(participant=person).total_minor == 100, "earned: one talk, and no base"
    assert differences(version) == []
    assert [row["is_still_offered"] for row in PLANNED_SESSIONS.rows(Scope(version.study))] == [False] * 3 + [True]


def test_visits_in_between_are_left_out_at_once(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 28, 9))
    assert states(session) == ["missed", "missed", "cancelled", "planned"]
    row = rows(session)[3]
    assert row.opens_at == berlin(2027, 3, 29, 9), (
        "a day after the second window closed, 48 hours over a change of clocks"
    )
    assert (rows(session)[2].reason, row.exit) == ("inactive", "inactive")
    event = Event.objects.get(kind=OFFERED)
    assert event.facts == {"exit": "inactive", "wave": "final", "visits": 1}
    assert differences(version) == []


def test_what_is_offered_may_be_missed_and_the_exit_stays(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 4, 20, 9))
    assert states(session) == ["missed", "missed", "cancelled", "missed"]
    assert leaving(session).exit == "inactive"
    assert Settlement.objects.get().total_minor == 0
    assert differences(version) == []


def test_what_is_offered_and_begun_counts_in_part(version: Version) -> None:
    session = dropped_out(version)
    pass_to(berlin(2027, 4, 1, 9))
    assert sessions.submit(session.pk, **_begin(session)).outcome == "stored"
    pass_to(berlin(2027, 4, 20, 9))
    assert states(session)[3] == "partial"
    assert leaving(session).exit == "inactive"
    assert differences(version) == []


def _begin(session: Session) -> dict[str, Any]:
    from tests.scheduling.test_visits import _form

    return _form(session)


def test_whoever_leaves_before_it_leaves_by_their_own_wish(version: Version) -> None:
    session = dropped_out(version)
    sessions.leave(session.pk)
    assert leaving(session).exit == "left"
    assert states(session) == ["completed", "missed", "missed", "cancelled"]
    assert differences(version) == []


def test_whoever_missed_too_much_only_at_the_very_last_has_nothing_to_be_offered(
    make_version: Callable[..., Version],  # noqa: F811
) -> None:
    version = made(make_version, attendance=RULE | {"max_missed": 0})
    session = enrolled(version)
    for day in (23, 26, 29):
        pass_to(berlin(2027, 3, day, 8))
        session = take_part(session)
    pass_to(berlin(2027, 4, 20, 8))
    assert states(session) == ["completed"] * 3 + ["missed"]
    assert leaving(session).exit == "inactive"
    assert not Event.objects.filter(kind=OFFERED).exists()
    assert differences(version) == []


def test_excused_visit_may_be_offered_and_let_be(version: Version) -> None:
    session = dropped_out(version)
    rescue.excuse(session.participant.code, number=4, reason="ill")
    assert leaving(session).exit == "inactive"
    assert states(session) == ["completed", "missed", "missed", "excused"]
    assert differences(version) == []


def test_another_clock_moves_what_is_offered(version: Version) -> None:
    session = dropped_out(version)
    windows.change_zone(session.participant_id, "America/New_York")
    assert states(session)[3] == "planned"
    assert rows(session)[3].exit == "inactive"
    assert differences(version) == []


@pytest.mark.django_db(transaction=True)
def test_three_tickers_offer_once(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 26, 8))
    clock.stand(berlin(2027, 3, 28, 9))
    key = rows(session)[1].pk
    assert at_once([partial(windows.turn, key)] * 3) == ["missed"] * 3
    assert Event.objects.filter(kind=OFFERED).count() == 1
    assert states(session) == ["missed", "missed", "cancelled", "planned"]


@pytest.mark.parametrize(
    ("number", "changed", "named"),
    [
        (4, {"exit": ""}, "visit that is still offered"),
        (1, {"exit": "inactive"}, "visit that is still offered"),
        (3, {"state": "planned", "ended_at": None}, "visits beside one that is still offered"),
    ],
)
def test_verification_names_what_is_not_as_it_was_offered(
    version: Version, number: int, changed: dict[str, Any], named: str
) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 28, 9))
    ScheduledSession.objects.filter(participant=session.participant_id, number=number).update(**changed)
    assert named in {each.what for each in check(version.study).differences}


def test_verification_names_who_stays_after_too_much(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    assert differences(version) == []
    ScheduledSession.objects.filter(participant=session.participant_id, number__in=[1, 2]).update(
        state="missed", ended_at=clock.now()
    )
    assert "too many missed visits" in {each.what for each in check(version.study).differences}
