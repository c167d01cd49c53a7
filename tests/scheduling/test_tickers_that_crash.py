"""However tickers come (late, twice, shuffled, or killed in the middle), a person's weeks are those of prompt ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import clock, runner
from events.models import Event
from flow.queries import visit_of
from flow.services import sessions, windows
from participants.models import Participant
from scheduling.calendars import next_of
from scheduling.models import ScheduledSession, Session
from screens.services import count_anew, undone
from studies.models import Version
from tests.machinery.people import MakeVersion, make_version, sharing_is_installed  # noqa: F401
from tests.scheduling.test_visits import FILE, START, ZONES, answer, enrolled, newest, next_turn, pass_to
from tests.sizes import sized
from verification.check import check

pytestmark = [pytest.mark.django_db, pytest.mark.sized]

AUTUMN = datetime(2027, 10, 18, 13, 0, tzinfo=UTC)  # as START lies before the change in spring
INTAKE, TALK, FINAL = FILE["waves"]
STUDIES: dict[str, dict[str, Any]] = {
    "some may be missed": FILE,
    "seven, drawn, and late is better than never": FILE
    | {
        "waves": [
            INTAKE,
            TALK
            | {
                "repeat": 7,
                "opens": {"anchor": "enrolment", "every": {"between": ["2d", "3d"]}, "at": "08:00", "jitter": "90m"},
                "closes": {"after": "40h"},
                "grace": "3h",
                "min_gap": "30h",
                "late_start": "allow_until_next",
            },
            FINAL,
        ],
        "attendance": {"max_missed": 4, "max_consecutive_missed": 3, "on_exceed": {"exit": "inactive"}},
    },
}
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Plan:
    """What a person does about one visit.

    Attributes:
        does: Whether they stay away, come and finish it, or come and do not.
        after: When they come, as a share of the window.
        travels_to: The zone in which they say they are when it is over; empty where they say nothing.
    """

    does: str
    after: float
    travels_to: str = ""


@dataclass
class Course:
    """What became of somebody's weeks, and what they did at which instants."""

    acts: list[tuple[datetime, str]] = field(default_factory=list)
    rows: Rows = field(default_factory=list)
    exit: str = ""
    start: datetime = START
    until: datetime = START


plans = st.lists(
    st.builds(
        Plan,
        does=st.sampled_from(["stays away", "finishes", "finishes", "breaks off"]),
        after=st.floats(0, 0.99),
        travels_to=st.sampled_from(["", "", "", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Chatham"]),
    ),
    min_size=8,
    max_size=8,
)


class KilledError(Exception):
    """A process died before its COMMIT."""


def person_of(session: Session) -> Participant:
    return Participant.objects.select_related("version").get(pk=session.participant_id)


def kept(session: Session) -> Rows:
    """What must be the same whoever moved the windows. When a visit was cancelled depends on who came when."""
    found = []
    for row in ScheduledSession.objects.filter(participant=session.participant_id).order_by("number"):
        ended = row.ended_at if row.state != "cancelled" else None
        begun = row.session.started_at if row.session else None
        found.append((row.number, row.zone, row.state, row.reason, row.opens_at, row.closes_at, begun, ended))
    return found


def as_planned(version: Version, zone: str, start: datetime, plan: Sequence[Plan]) -> Course:
    """The weeks of a person, with a worker that is always there."""
    clock.stand(start)
    session, course = enrolled(version, zone=zone), Course(start=start)
    for one in plan:
        row = next_of(person_of(session))
        if row is None:
            break
        assert row.opens_at is not None
        assert row.closes_at is not None
        assert row.grace_until is not None
        if one.does == "stays away":
            promptly(row.closes_at)
        else:
            at = row.opens_at + one.after * (row.closes_at - row.opens_at)
            promptly(at)
            act(session, one.does)
            course.acts.append((at, one.does))
            if one.does == "breaks off":
                promptly(row.grace_until)
        if one.travels_to and person_of(session).status == "active":
            at = clock.now() + timedelta(minutes=7)
            promptly(at)
            act(session, one.travels_to)
            course.acts.append((at, one.travels_to))
    while (turn := next_turn()) is not None:
        promptly(turn)
    course.rows, course.exit, course.until = kept(session), person_of(session).exit, clock.now()
    return course


def promptly(until: datetime) -> None:
    """Let time pass, each thing being done at its instant."""
    while (at := next_turn()) is not None and at <= until:
        pass_to(max(at, clock.now()))
    pass_to(max(until, clock.now()))


def act(session: Session, what: str) -> None:
    """Somebody loads their page, and does one thing."""
    look(session)
    if what in ("finishes", "breaks off"):
        here = answer(newest(session))
        assert here.status == Session.Status.ACTIVE, "a visit was begun"
        while what == "finishes" and here.status == Session.Status.ACTIVE:
            here = answer(here)
    else:
        windows.change_zone(session.participant_id, what)


def look(session: Session) -> None:
    """What a browser causes that stays at the page, until nothing more is due."""
    for _ in range(20):
        visit = visit_of(session.participant)
        assert visit is not None
        if not sessions.show_life(visit):
            return


def with_tickers(version: Version, zone: str, planned: Course, chance: Random) -> Course:
    """The same person does the same at the same instants; tickers come as they like."""
    clock.stand(planned.start)
    session, course = enrolled(version, zone=zone), Course(start=planned.start)
    for at, what in planned.acts:
        in_the_meantime(session, at, chance)
        clock.stand(max(at, clock.now()))
        storm(session, chance)
        act(session, what)
    in_the_meantime(session, planned.until, chance)
    pass_to(max(planned.until, clock.now()) + timedelta(hours=chance.randint(0, 50)))
    course.rows, course.exit = kept(session), person_of(session).exit
    return course


def in_the_meantime(session: Session, until: datetime, chance: Random) -> None:
    """At a few instants before, some ticker comes; or none."""
    gap = until - clock.now()
    for share in sorted(chance.random() for _ in range(chance.randint(0, 3))):
        at = until - (1 - share) * gap
        clock.stand(max(at, clock.now()))
        storm(session, chance)


def storm(session: Session, chance: Random) -> None:
    """Tickers turn any of the person's visits, in any order, some twice, some only until they are killed."""
    keys = list(ScheduledSession.objects.filter(participant=session.participant_id).values_list("pk", flat=True))
    for key in chance.sample(keys, k=chance.randint(0, len(keys))) * chance.randint(1, 2):
        if chance.random() < 0.3:
            with pytest.raises(KilledError):
                windows.turn(key, settle=killed)
        else:
            windows.turn(key)
    if chance.random() < 0.3:
        runner.drain("jobs")


def killed() -> None:
    raise KilledError


@pytest.fixture(params=sorted(STUDIES))
def version(request: pytest.FixtureRequest, make_version: MakeVersion) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    return make_version(is_simulated=True, **STUDIES[request.param])


# each example begins anew in the same version, and leaves nothing behind
@settings(
    max_examples=sized(test=6, long=150),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    zone=st.sampled_from(ZONES),
    start=st.sampled_from([START, AUTUMN]),
    plan=plans,
    chance=st.randoms(use_true_random=False),
)
def test_tickers_that_are_late_doubled_shuffled_or_killed_change_nothing(
    version: Version, zone: str, start: datetime, plan: Sequence[Plan], chance: Random
) -> None:
    """In every zone, in weeks in which clocks go forward in the north and back in the south, or the other way round."""
    found: list[Course] = []
    with undone():
        count_anew()
        found.append(as_planned(version, zone, start, plan))
    with undone():
        count_anew()  # the same pseudonym, from which spacing is drawn
        found.append(with_tickers(version, zone, found[0], chance))
        each_opened_once()
        assert [str(one) for one in check(version.study, late_after_seconds=1e9).differences] == []
    prompt, other = found
    assert (other.rows, other.exit) == (prompt.rows, prompt.exit)


def each_opened_once() -> None:
    """Exactly one opening of each window that ever opened, and none of the others."""
    opened = list(Event.objects.filter(kind="window.opened").values_list("subject_id", flat=True))
    assert len(opened) == len(set(opened))
    for row in ScheduledSession.objects.all():
        must = row.state in ("completed", "partial", "started", "open") or row.reason == "not_begun"
        assert row.pk in opened if must else row.state in ("cancelled", "missed", "planned")
