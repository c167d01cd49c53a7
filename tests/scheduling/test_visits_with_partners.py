"""Visits in which a person meets an automated partner: each has its own waiting room, group and game."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from events import clock, runner
from flow.debriefing import standing_of
from flow.framing import kept_on_leaving
from flow.services import games, rounds, sessions, windows
from matching.models import Group, Seat, Ticket
from participants.models import Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies.models import Version
from tests.machinery.people import (  # noqa: F401  fixtures are found by name
    FOLDER,
    make_version,
    page,
    sharing_is_installed,
)
from tests.machinery.study_files import read_study
from tests.scheduling.test_visits import FILE, START, answer, berlin, enrolled, newest, pass_to, rows, states
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)


def with_partners() -> dict[str, Any]:
    """The waves of `test_visits`, each talk being a game with a program."""
    base = read_study(FOLDER)
    stages = {stage["id"]: stage for stage in base["waves"][0]["stages"]}
    game = stages["game"] | {"parameters": {"rounds": 1, "endowment": 12}}
    intake, talk, final = FILE["waves"]
    return FILE | {
        "waves": [intake, talk | {"repeat": 2, "stages": [stages["lobby"], game, *talk["stages"]]}, final],
        "roles": {"giver": {"humans": 1}, "taker": {"ai": 1}},
        "groups": base["groups"] | {"pair": {"partners": {"human": "person", "ai": "computer"}}},
        "partners": {name: one | {"label": {"all": ""}} for name, one in base["partners"].items()},
        "deception": base["deception"],
        "told": base["told"],
        "texts": {**FILE["texts"], "pages/consent.md": "# Taking part\n\nSome players may be programs.\n"},
        "payments": base["payments"] | {"per_wave": {"talk": "1.00"}},
    }


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:  # noqa: F811
    return made(make_version)


def made(make_version: Callable[..., Version], **facts: Any) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    said = with_partners() | facts
    said["groups"] = {"pair": said["groups"]["pair"] | {"roles": said.pop("roles")}}
    return make_version(**said)


def go_through(session: Session) -> Session:
    """Play the visit that is open to its end."""
    session = newest(session)
    for _ in range(20):
        if session.status != Session.Status.ACTIVE:
            return session
        if page(session).button:
            answer(session)
        clock.shift(timedelta(seconds=5))
        runner.drain("bots", "jobs")
        session = newest(session)
    raise AssertionError(f"never came through the visit: {page(session).title}")


def test_each_visit_has_a_group_of_its_own(version: Version) -> None:
    session = enrolled(version)
    for day in (23, 26):
        pass_to(berlin(2027, 3, day, 8))
        answer(session)
        session = go_through(session)
    assert states(session) == ["completed", "completed", "planned"]
    groups = Group.objects.order_by("pk")
    assert [group.status for group in groups] == ["complete", "complete"]
    met = [group.seats.get(occupant="person").session for group in groups]
    assert [(one.wave, one.repeat) for one in met if one] == [("talk", 1), ("talk", 2)]
    assert [str(each) for each in check(version.study, late_after_seconds=1e6).differences] == []


def met_and_left(version: Version) -> Session:
    """Somebody who met a partner in two visits, and left in a later one in which one meets nobody."""
    session = enrolled(version)
    for day in (23, 26):
        pass_to(berlin(2027, 3, day, 8))
        answer(session)
        session = go_through(session)
    pass_to(berlin(2027, 3, 27, 9))
    session = answer(session)
    assert (session.wave, session.status) == ("final", "active")
    sessions.leave(session.pk)
    return newest(session)


def test_whoever_leaves_in_a_visit_after_the_deception_is_told_of_it(version: Version) -> None:
    session = met_and_left(version)
    assert standing_of(session) == "now"
    assert page(session).facts["told"] == "last_page"
    only = enrolled(version)
    sessions.leave(only.pk)
    assert standing_of(newest(only)) == "nothing", "who met nobody has nothing to be told"


def test_debrief_of_a_group_waits_for_those_who_are_between_two_visits(
    make_version: Callable[..., Version],  # noqa: F811
) -> None:
    waves = with_partners()["waves"]
    waves[2]["stages"][1] = waves[2]["stages"][1] | {"when": "group_done"}
    version = made(make_version, waves=waves, attendance={"max_missed": 2, "on_exceed": {"exit": "inactive"}})
    other, session = enrolled(version), met_and_left(version)
    assert standing_of(session) == "now"
    Seat.objects.create(
        group=Group.objects.latest("pk"), number=9, role="giver", kind="human", occupant="person", status="done",
        participant=other.participant, session=other,
    )  # fmt: skip
    assert newest(other).participant.status == "active", "between two visits"
    assert standing_of(session) == "later"
    sessions.leave(other.pk)
    assert standing_of(session) == "now"


def test_grace_that_ends_in_the_middle_of_a_game_ends_the_visit_and_not_the_study(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    answer(session)
    runner.drain("jobs")
    session = newest(session)
    answer(session)  # ready
    assert Seat.objects.get(occupant="person").status == "sitting"
    clock.stand(rows(session)[0].grace_until or START)
    windows.turn(rows(session)[0].pk)
    runner.drain("bots", "jobs")
    assert (states(session)[0], rows(session)[0].reason) == ("partial", "not_finished")
    assert not Seat.objects.filter(status="sitting", occupant="person").exists()
    assert Participant.objects.get(pk=session.participant_id).status == "active"
    assert [str(each) for each in check(version.study, late_after_seconds=1e6).differences] == []


def test_whoever_waits_at_the_end_of_the_grace_waits_no_more(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    answer(session)
    row = rows(session)[0]
    clock.stand(row.grace_until or START)
    windows.turn(row.pk)
    assert Ticket.objects.get().status == "left"
    assert states(session)[0] == "partial"


def test_visit_whose_game_ends_early_is_completed_and_paid_and_is_the_last(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    answer(session)
    session = go_through(session)
    said = kept_on_leaving(session)
    assert "You keep the pay for each visit that you have finished." in said
    pass_to(berlin(2027, 3, 26, 8))
    answer(session)
    runner.drain("jobs")
    answer(newest(session))  # ready
    seat = Seat.objects.get(occupant="person", status="sitting")
    assert kept_on_leaving(newest(session)) == said, "the base was earned in the visit before"
    assert "only to those" not in said
    with transaction.atomic():
        rounds.end(games.lock_group(seat.group_id), "too_few")
    session = go_through(session)
    assert session.participant.exit == "partners_left"
    assert states(session) == ["completed", "completed", "cancelled"]
    assert Settlement.objects.get(participant=session.participant).base_minor == 600, "the base, and both visits"
    assert [str(each) for each in check(version.study, late_after_seconds=1e6).differences] == []
