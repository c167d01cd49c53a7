"""Two people who last: they meet first in the intake, and then in visits that are planned for both."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from events import announce, clock
from exports.scope import Scope
from exports.tables.pairs import PAIRS
from exports.tables.participants import SESSIONS
from exports.tables.planned import PLANNED_SESSIONS
from flow.deadlines import stream_of
from flow.services import sessions, windows
from matching.models import Group, Seat
from recruitment.models import Settlement
from scheduling.pairs import SHORT, end, locked_pair_of
from studies.models import Version
from tests.machinery.people import make_version, newcomer, page, send, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import (
    begin,
    differences,
    enrolled,
    go_through,
    made,
    meet,
    newest,
    pair,
    pass_on,
    pass_to,
    person_of,
    reasons,
    rows,
    states,
    visits,
)

pytestmark = pytest.mark.django_db(transaction=True)
SIX = datetime(2027, 3, 23, 17, tzinfo=UTC)  # six in the evening in Berlin, on the first day after enrolment


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:  # noqa: F811
    return made(make_version)


def test_whole_course_of_two(version: Version) -> None:
    both = enrolled(version, newcomer)
    assert (pair().status, pair().visit) == ("lasting", 1)
    one, other = both
    assert [row.opens_at for row in rows(one)][:2] == [SIX, None]
    assert [row.planned_open for row in rows(one)][:2] == [row.planned_open for row in rows(other)][:2]
    assert rows(one)[0].pair_visit == rows(other)[0].pair_visit
    assert "You meet your partner then" in page(newest(one)).facts["partner"]
    for day in (0, 3):
        at = SIX + timedelta(days=day) - timedelta(hours=1 if day == 6 else 0)
        pass_to(at, *both)
        meet(*both)
    assert states(one)[:2] == states(other)[:2] == ["completed"] * 2
    assert [visit.outcome for visit in visits()] == ["met", "met"]
    groups = Group.objects.order_by("pk")
    assert [group.pair for group in groups] == [pair()] * 3
    assert {frozenset(group.seats.values_list("participant", flat=True)) for group in groups} == {
        frozenset(one.participant_id for one in both)
    }
    pass_to(SIX + timedelta(days=4, hours=2), *both)
    meet(*both)
    assert {person_of(each).exit for each in both} == {"completed"}
    assert set(Settlement.objects.values_list("base_minor", flat=True)) == {600}
    assert differences(version) == []
    (row,) = PAIRS.rows(Scope(version.study))
    assert (row["first_visit"], row["last_visit"], row["visits_met"]) == (1, 3, 3)
    same = [each["is_same_partner"] for each in SESSIONS.rows(Scope(version.study))]
    assert sorted(map(str, same)) == sorted(map(str, [None, True, True, None] * 2))
    planned = list(PLANNED_SESSIONS.rows(Scope(version.study)))
    assert [each["pair"] for each in planned] == [pair().code, pair().code, None] * 2


def test_window_is_where_both_overlap_by_their_own_clocks(make_version: Callable[..., Version]) -> None:  # noqa: F811
    both = enrolled(made(make_version, talk={"closes": {"after": "3h"}}), newcomer, ("Europe/Berlin", "Europe/London"))
    first = visits()[0]
    assert (first.opens_at, first.closes_at) == (SIX + timedelta(hours=1), SIX + timedelta(hours=3))
    assert "19:00" in page(newest(both[0])).facts["next"]
    assert "18:00" in page(newest(both[1])).facts["next"]
    assert differences(both[0].participant.version) == []


def test_visit_of_too_short_an_overlap_is_let_be_or_ends_the_pair(make_version: Callable[..., Version]) -> None:  # noqa: F811
    far = ("Europe/Berlin", "America/New_York")
    both = enrolled(made(make_version), newcomer, far)
    assert states(both[0]) == states(both[1]) == ["excused", "excused", "planned"]
    assert reasons(both[0])[:2] == ["short", "short"]
    assert differences(both[0].participant.version) == []


def test_short_overlap_may_end_the_pair(make_version: Callable[..., Version]) -> None:  # noqa: F811
    version = made(make_version, lasts={"on_short": "end_pair"})
    both = enrolled(version, newcomer, ("Europe/Berlin", "America/New_York"))
    assert (pair().status, pair().end_reason) == ("ended", "short")
    assert {person_of(each).exit for each in both} == {"partners_left"}
    assert differences(version) == []


def test_whoever_has_waited_is_let_go_and_paid_and_the_other_has_missed(version: Version) -> None:
    here, away = enrolled(version, newcomer)
    pass_to(SIX, here)
    begin(here)
    assert page(newest(here)).note == "Your partner is not here yet."
    pass_on(920, here)
    assert (states(here)[0], reasons(here)[0]) == ("completed", "partner_absent")
    assert (states(away)[0], reasons(away)[0]) == ("missed", "kept_waiting")
    assert pair().status == "lasting"
    assert Group.objects.count() == 1
    assert states(here)[1] == states(away)[1] == "planned"
    assert rows(here)[1].opens_at == rows(away)[1].opens_at
    assert differences(version) == []


def test_three_who_wait_are_not_paired_anew(version: Version) -> None:
    first, second = enrolled(version, newcomer), enrolled(version, newcomer)
    pass_to(SIX, *first, *second)
    begin(first[0], second[0])
    pass_on(60, first[0], second[0])
    assert Group.objects.count() == 2
    assert page(newest(first[0])).button == ""
    begin(first[1])
    go_through(*first)
    assert states(first[0])[0] == states(first[1])[0] == "completed"
    assert states(second[0])[0] == "started"
    assert Group.objects.latest("pk").pair == Seat.objects.filter(session=newest(first[1])).latest("pk").group.pair
    assert differences(version) == []


def test_whoever_leaves_the_study_ends_the_pair_and_the_other_leaves_by_the_exit(version: Version) -> None:
    here, gone = enrolled(version, newcomer)
    sessions.leave(gone.pk)
    pass_to(clock.now(), here)
    assert (pair().status, pair().end_reason) == ("ended", "left")
    assert person_of(here).exit == "partners_left"
    assert states(here) == ["cancelled"] * 3
    assert differences(version) == []


def test_whoever_leaves_while_the_other_waits(version: Version) -> None:
    here, gone = enrolled(version, newcomer)
    pass_to(SIX, here, gone)
    begin(here)
    sessions.leave(newest(gone).pk)
    pass_to(clock.now(), here)
    go_through(here)
    assert person_of(here).exit == "partners_left"
    assert states(here)[0] == "completed"
    assert differences(version) == []


def test_another_clock_moves_the_visits_of_both(make_version: Callable[..., Version]) -> None:  # noqa: F811
    version = made(make_version, talk={"closes": {"after": "3h"}})
    both = enrolled(version, newcomer)
    windows.change_zone(both[0].participant_id, "Europe/London")
    later = SIX + timedelta(hours=1)
    assert [rows(each)[0].opens_at for each in both] == [later, later]
    assert [rows(each)[0].closes_at for each in both] == [later + timedelta(hours=2)] * 2
    assert differences(version) == []


def test_whoever_ends_the_visit_in_the_waiting_room_does_not_keep_the_other_waiting(version: Version) -> None:
    here, other = enrolled(version, newcomer)
    pass_to(SIX, here, other)
    begin(here)
    assert send(newest(here), leave="1") == "stored"
    assert (states(here)[0], reasons(here)[0]) == ("partial", "left_waiting")
    begin(other)
    assert (states(other)[0], reasons(other)[0]) == ("completed", "partner_absent")
    assert differences(version) == []


def test_sockets_are_told_each_ones_own_revision_and_no_key(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    both = enrolled(version, newcomer)
    told: list[tuple[str, int]] = []
    monkeypatch.setattr(announce, "pointer", lambda *, stream, seq: told.append((stream, seq)))
    turned = newest(both[0])
    turned.rev += 100
    turned.save(update_fields=["rev"])
    with transaction.atomic():
        ended = locked_pair_of(person_of(both[0]))
        assert ended is not None
        end(ended, reason=SHORT)
    assert dict(told) == {stream_of(newest(one)): newest(one).rev for one in both}
    assert len(set(dict(told).values())) == 2, "each has a number of their own"
