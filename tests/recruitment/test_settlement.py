"""The one reckoning of each person, from rows."""

import pytest

from events.models import Event
from flow.models import Match, Placing
from flow.services import sessions
from matching.models import Group
from participants.models import Participant
from recruitment.errors import RecruitmentError
from recruitment.models import Settlement
from recruitment.queries import codes_of, payments_of
from recruitment.services import settle
from tests.machinery.people import MakeVersion, at_once, at_stage, fresh, newcomer, page, send

pytestmark = pytest.mark.django_db(transaction=True)


def test_settling_many_times_at_once_reckons_once(make_version: MakeVersion) -> None:
    session = newcomer(make_version())
    Participant.objects.update(status="finished", exit="completed")
    rows = at_once([lambda: settle(session.participant)] * 6)
    assert len({row.pk for row in rows if isinstance(row, Settlement)}) == 1
    assert Settlement.objects.get().total_minor == 400
    assert Event.objects.filter(kind="participant.settled").count() == 1


def test_nobody_is_settled_before_an_exit(make_version: MakeVersion) -> None:
    session = newcomer(make_version())
    with pytest.raises(RecruitmentError) as refused:
        settle(session.participant)
    assert refused.value.code == "not_ended"
    assert not Settlement.objects.exists()


def test_undeclared_exit_is_refused_with_the_declared_ones(make_version: MakeVersion) -> None:
    session = newcomer(make_version())
    Participant.objects.update(status="finished", exit="nowhere")
    with pytest.raises(RecruitmentError, match="completed, declined") as refused:
        settle(session.participant)
    assert refused.value.code == "exit_unknown"


def test_points_are_paid_once_they_are_given_and_of_an_undecided_match_not(make_version: MakeVersion) -> None:
    version = make_version(roles={"giver": {"humans": 1}, "taker": {"ai": 1}})
    session = at_stage(version, "lobby")
    send(session)
    group = Group.objects.get()
    seat = group.seats.get(session=session)
    for number, status in ((1, "complete"), (2, "void"), (3, "open")):
        match = Match.objects.create(group=group, round=number, number=1, status=status, path="give")
        Placing.objects.create(match=match, seat=seat, position="A", points=10 * number if number < 3 else None)
    sessions.leave(session.pk)
    settled = Settlement.objects.get()
    assert (settled.points, settled.bonus_minor, settled.base_minor) == (30, 60, 0)
    waiting = {"what": "waiting", "amount_minor": 10, "because": {"minutes": "1", "per_minute": "0.10"}}
    assert settled.explanation == [
        {"what": "bonus", "amount_minor": 60, "because": {"points": "30", "rate": "0.02"}},
        waiting,
    ]
    assert settled.total_minor == 70


def test_each_exit_has_its_own_code_and_people_share_it(make_version: MakeVersion) -> None:
    version = make_version()
    here = [newcomer(version) for _ in range(3)]
    sessions.leave(here[0].pk)
    sessions.leave(here[1].pk)
    send(here[2], decline="1")
    codes = [Settlement.objects.get(participant=one.participant).code for one in here]
    assert codes[0] == codes[1] != codes[2]
    assert len(set(codes_of(version).values())) == len(codes_of(version))
    assert set(codes_of(version).values()).isdisjoint(codes_of(make_version()).values())


def test_withdrawal_keeps_the_pay(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    sessions.leave(session.pk, withdraw=True)
    assert fresh(session).participant.status == "withdrawn"
    assert Settlement.objects.get().exit == "withdrawn"


def test_last_page_gives_the_number_that_payments_has_to_whoever_is_paid(make_version: MakeVersion) -> None:
    """Of several who share a completion code it tells which line is theirs, also where the data are deleted."""
    session = at_stage(make_version(), "lobby")
    sessions.leave(session.pk, withdraw=True)
    (line,) = payments_of(session.participant.study)
    facts = page(session).facts
    assert (facts["own_code"], facts["has_data"]) == (line.participant, False)
    declined = newcomer(make_version())
    send(declined, decline="1")
    assert "own_code" not in page(declined).facts, "nothing is owed, and nothing kept"
