"""A planned visit that cannot be moved, however often it is tried: somebody is told, and it is tried again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from console.board import board_of
from events import clock, due, runner
from events.models import Due
from flow.services import windows
from flow.standing import failed_work
from matching.models import Group, Seat
from scheduling.models import ScheduledSession, Session
from scheduling.services import TURN, TURN_AGAIN_AFTER
from studies.models import Version
from tests.machinery.people import make_version, sharing_is_installed  # noqa: F401  fixtures are found by name
from tests.scheduling import test_visits_with_partners as partners
from tests.scheduling.test_visits import answer, berlin, enrolled, newest, page, pass_to, rows, states
from tests.scheduling.test_visits import version as version  # noqa: PLC0414  a fixture
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)


def broken(*_: object) -> None:
    raise ZeroDivisionError


def fail_for_good() -> None:
    """Let work that is due be tried as often as it may be, each time after its pause."""
    for _attempt in range(due.MAX_ATTEMPTS):
        clock.shift(timedelta(minutes=1))
        runner.drain("jobs")


def differences(version: Version) -> list[str]:
    return [str(one) for one in check(version.study, late_after_seconds=1e6).differences]


def test_visit_that_cannot_be_opened_is_told_and_opened_later(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = enrolled(version)
    assert failed_work(version.study) == 0
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("flow.services.windows._turn", broken)
        clock.stand(berlin(2027, 3, 23, 8))
        fail_for_good()
    assert (failed_work(version.study), board_of(version.study).failed) == (1, 1)
    assert states(session)[0] == "planned"
    again = Due.objects.get(reaction=TURN, outcome="")
    assert clock.now() < again.run_after <= clock.now() + TURN_AGAIN_AFTER
    assert differences(version) == [], "it failed, and something follows from it"
    pass_to(again.run_after)
    assert states(session)[0] == "open"
    assert page(session).button == "Begin"


def test_visit_that_was_opened_meanwhile_is_closed_once(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    session = enrolled(version)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("flow.services.windows._turn", broken)
        clock.stand(berlin(2027, 3, 23, 8))
        fail_for_good()
    assert windows.turn(rows(session)[0].pk) == "open", "as when somebody asks for the page"
    pass_to(berlin(2027, 3, 23, 12))
    assert states(session)[0] == "open"
    pass_to(berlin(2027, 3, 25, 8))
    assert states(session)[0] == "missed"
    assert differences(version) == []


def test_nothing_is_tried_again_for_a_visit_that_is_over(version: Version) -> None:
    session = enrolled(version)
    row = rows(session)[0]
    pass_to(berlin(2027, 3, 25, 8))
    before = Due.objects.filter(reaction=TURN).count()
    windows.turn_later(row.pk, settle=lambda: None)
    assert Due.objects.filter(reaction=TURN).count() == before


def test_failure_without_a_last_resort_is_a_difference(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    session = enrolled(version)
    monkeypatch.setattr("flow.services.windows._turn", broken)
    clock.stand(berlin(2027, 3, 23, 8))
    fail_for_good()
    Due.objects.filter(reaction="flow.tasks.last_resort").delete()
    (said,) = differences(version)
    assert said.startswith(f"failed work: {TURN} of {session.participant.code}, talk 1: expected a last resort")


def test_game_that_keeps_a_visit_from_ending_is_ended(
    make_version: Callable[..., Version],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = partners.made(make_version)
    session = in_a_game(version)
    settled: list[bool] = []
    windows.turn_later(rows(session)[0].pk, settle=lambda: settled.append(True))
    assert Group.objects.get().status == "active", "its time is not up"
    clock.stand(grace_of(session))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("flow.services.rounds.is_too_small", broken)
        with pytest.raises(ZeroDivisionError):
            windows.turn(rows(session)[0].pk)
        windows.turn_later(rows(session)[0].pk, settle=lambda: settled.append(True))
    assert settled == [True, True]
    assert Group.objects.get().end_reason == "technical"
    assert not Seat.objects.filter(status="sitting").exists()
    pass_to(clock.now() + TURN_AGAIN_AFTER)
    assert states(session)[0] == "partial"
    assert differences(version) == []


def in_a_game(version: Version) -> Session:
    """Somebody who sits with a program in their first talk."""
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    answer(session)
    runner.drain("jobs")
    answer(newest(session))  # ready
    assert Seat.objects.get(occupant="person").status == "sitting"
    return newest(session)


def grace_of(session: Session) -> Any:
    until = ScheduledSession.objects.get(session=session).grace_until
    assert until is not None
    return until


def test_last_resort_commits_with_what_it_settles(version: Version) -> None:
    session = enrolled(version)

    def lost() -> None:
        raise due.LostClaim("lost", "somebody else has it")

    before = Due.objects.filter(reaction=TURN, outcome="").get().run_after
    with pytest.raises(due.LostClaim):
        windows.turn_later(rows(session)[0].pk, settle=lost)
    assert Due.objects.filter(reaction=TURN, outcome="").get().run_after == before
    assert not transaction.get_connection().in_atomic_block
