"""Two people who last, when one does not come, another time is found, or somebody takes the partner's place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from typing import Any

import pytest

from events import clock, runner
from events.models import Event
from flow.services import partners, rescue, sessions, windows
from matching.models import Group, Seat
from paradigm import Role
from participants.models import EntryLink
from participants.services import make_link
from participants.tokens import digest
from scheduling.models import Pair, PairVisit, ScheduledSession, Session
from studies import registry
from studies.models import Version
from tests.machinery.people import at_once, make_version, newcomer, page, send, sharing_is_installed  # noqa: F401
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
from tests.scheduling.test_couples import SIX

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Version]
AGAIN = {"on_absent": {"then": "offer_again", "after": "1d"}}


def waits_in_vain(version: Version) -> tuple[Session, Session]:
    """One comes to the first talk and waits, the other does not come."""
    here, away = enrolled(version, newcomer)
    pass_to(SIX, here)
    begin(here)
    pass_on(920, here)
    return here, away


def test_another_time_is_offered_and_both_meet_then(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts=AGAIN)
    here, away = waits_in_vain(version)
    assert page(newest(here)).title == "Your partner has not come"
    assert states(here)[0] == "started"
    assert states(away)[0] == "open"
    (visit,) = visits()
    assert visit.again_at == SIX + timedelta(days=1)
    assert rows(here)[0].closes_at == rows(away)[0].closes_at == visit.closes_at == SIX + timedelta(days=1, minutes=90)
    assert "You meet on Wednesday, March 24, 18:00 instead" in page(newest(away)).facts["next"]
    begin(away)
    assert page(newest(away)).title == "Your partner has been here before"
    pass_to(SIX + timedelta(days=1), here, away)
    pass_to(SIX + timedelta(days=1, seconds=5), here, away)
    go_through(here, away)
    assert states(here)[0] == states(away)[0] == "completed"
    assert reasons(here)[0] == reasons(away)[0] == ""
    assert visits()[0].outcome == "met"
    assert differences(version) == []


def test_message_about_a_meeting_leads_to_it_also_when_it_is_put_off(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts=AGAIN)
    here, away = enrolled(version, newcomer)
    ends_at = rows(away)[0].grace_until
    token = make_link(version.study, participant=away.participant, ends_at=ends_at)
    pass_to(SIX, here)
    begin(here)
    pass_on(920, here)
    later = rows(away)[0].grace_until
    assert ends_at is not None
    assert later is not None
    assert later > ends_at
    assert EntryLink.objects.get(token_sha256=digest(token)).ends_at == later


def test_whoever_has_waited_may_decline_and_is_paid(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts=AGAIN)
    here, away = waits_in_vain(version)
    assert send(newest(here), leave="1") == "stored"
    runner.drain("jobs")
    assert (states(here)[0], reasons(here)[0]) == ("completed", "partner_absent")
    assert (states(away)[0], reasons(away)[0]) == ("excused", "partner_absent"), "they were told to come later"
    assert differences(version) == []


def test_another_time_is_offered_once(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts=AGAIN)
    here, away = waits_in_vain(version)
    pass_to(SIX + timedelta(days=1), here)
    pass_on(920, here)
    assert (states(here)[0], reasons(here)[0]) == ("completed", "partner_absent")
    assert (states(away)[0], reasons(away)[0]) == ("missed", "kept_waiting"), "not there at the other time either"
    assert Event.objects.filter(kind="pair.again").count() == 1
    assert differences(version) == []


def test_another_time_within_the_window(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts={"on_absent": {"then": "offer_again", "after": "30m"}})
    here, away = waits_in_vain(version)
    (visit,) = visits()
    assert visit.again_at == SIX + timedelta(minutes=50), "fifteen of waiting, thirty later, rounded to five"
    assert visit.closes_at == SIX + timedelta(minutes=90)
    begin(away)
    pass_to(visit.again_at, here, away)
    pass_to(visit.again_at + timedelta(seconds=5), here, away)
    go_through(here, away)
    assert states(here)[0] == states(away)[0] == "completed"
    assert differences(version) == []


def test_whoever_is_left_goes_on_alone_to_the_questions(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts={"on_drop_out": {"then": "end_pair"}})
    here, gone = enrolled(version, newcomer)
    sessions.leave(gone.pk)
    pass_to(clock.now(), here)
    assert person_of(here).status == "active"
    assert "go on alone" in page(newest(here)).facts["progress"]
    pass_to(SIX, here)
    meet(here)
    assert states(here)[0] == "completed"
    assert Group.objects.count() == 1
    assert Event.objects.filter(kind="stage.skipped").count() == 2
    assert differences(version) == []


def test_whoever_is_left_may_still_come_to_the_last_visit(make_version: Make) -> None:  # noqa: F811
    rule = {"then": "end_pair", "exit": "partners_left", "still_offer": "final"}
    version = made(make_version, lasts={"on_drop_out": rule})
    here, gone = enrolled(version, newcomer)
    sessions.leave(gone.pk)
    pass_to(clock.now(), here)
    assert states(here) == ["cancelled", "cancelled", "planned"]
    opens = rows(here)[2].opens_at
    assert opens is not None
    pass_to(opens, here)
    meet(here)
    assert person_of(here).exit == "partners_left"
    assert differences(version) == []


def test_program_takes_the_seat_of_whoever_left(make_version: Make, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    anybody = replace(registry.experiment("sharing"), roles={"giver": Role(), "taker": Role()})
    monkeypatch.setattr(registry, "experiment", cache(lambda _: anybody))
    rule = {"then": "replace_with_ai", "partner": "computer"}
    version = made(make_version, lasts={"on_drop_out": rule})
    here, gone = enrolled(version, newcomer)
    sessions.leave(gone.pk)
    pass_to(clock.now(), here)
    pass_to(SIX, here)
    begin(here)
    assert "From now on you meet another one." in page(newest(here)).note
    pass_on(5, here)
    go_through(here)
    assert states(here)[0] == "completed"
    seat = Seat.objects.get(group=Group.objects.latest("pk"), participant=None)
    assert (seat.occupant, seat.partner, seat.label, seat.is_stand_in) == ("policy", "computer", "Program", True)
    assert Group.objects.latest("pk").is_filled
    assert Group.objects.latest("pk").pair is None
    assert differences(version) == []


def test_two_who_are_left_alone_are_a_new_pair(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts={"on_drop_out": {"then": "replace_with_human"}})
    first, second = enrolled(version, newcomer), enrolled(version, newcomer)
    for gone in (first[1], second[1]):
        sessions.leave(gone.pk)
    here = (first[0], second[0])
    pass_to(SIX, *here)
    begin(*here)
    assert "From now on you meet another one." in page(newest(here[0])).note
    go_through(*here)
    runner.drain("jobs")
    made_anew = Pair.objects.latest("pk")
    assert (made_anew.status, made_anew.visit) == ("lasting", 2)
    assert set(made_anew.members.values_list("participant", flat=True)) == {one.participant_id for one in here}
    assert rows(here[0])[1].pair_visit == rows(here[1])[1].pair_visit is not None
    assert differences(version) == []


def test_whoever_is_not_ready_twice_ends_the_visit_and_not_the_study(make_version: Make) -> None:  # noqa: F811
    version = made(make_version)
    here, away = enrolled(version, newcomer)
    pass_to(SIX, here, away)
    begin(here, away)
    assert page(newest(here)).button == "I am ready"
    assert send(newest(here)) == "stored"
    pass_on(120, here, away)
    assert (states(away)[0], reasons(away)[0]) == ("partial", "not_ready")
    assert (states(here)[0], reasons(here)[0]) == ("completed", "partner_absent")
    assert person_of(away).status == person_of(here).status == "active"
    assert differences(version) == []


def test_visit_that_is_excused_for_one_is_let_be_for_both(make_version: Make) -> None:  # noqa: F811
    version = made(make_version)
    one, other = enrolled(version, newcomer)
    rescue.excuse(one.participant.code, number=1, reason="ill")
    runner.drain("jobs")
    assert states(one)[:2] == states(other)[:2] == ["excused", "planned"]
    assert rows(one)[1].opens_at == rows(other)[1].opens_at == SIX + timedelta(days=3)
    assert differences(version) == []


def test_both_arrive_at_once_and_sit_once(make_version: Make) -> None:  # noqa: F811
    version = made(make_version)
    both = enrolled(version, newcomer)
    pass_to(SIX, *both)
    assert at_once([partial(begin, one) for one in both]) == [None, None]
    pass_on(5, *both)  # where each left the asking to the other, the row that makes up for it is due after two seconds
    assert {page(newest(one)).button for one in both} == {"I am ready"}
    pressing = [partial(send, newest(one)) for one in both]
    assert at_once(pressing) == ["stored", "stored"]
    pass_on(5, *both)
    assert Group.objects.filter(pair__isnull=False).count() == 2
    assert PairVisit.objects.get().outcome == "met"
    assert differences(version) == []


def test_one_leaves_the_study_while_the_other_is_let_go(make_version: Make) -> None:  # noqa: F811
    version = made(make_version)
    here, gone = enrolled(version, newcomer)
    pass_to(SIX, here)
    begin(here)
    pass_on(890, here)
    clock.stand(SIX + timedelta(seconds=905))
    stage = newest(here).stage
    work: list[Callable[[], Any]] = [
        partial(sessions.leave, newest(gone).pk), partial(sessions.stage_overdue, newest(here).pk, stage),
        partial(partners.go_on, here.participant_id), partial(windows.turn, rows(gone)[0].pk),
    ]  # fmt: skip
    found = at_once(work)
    assert not [one for one in found if isinstance(one, Exception)]
    for _ in range(3):
        pass_on(10, here)
    go_through(here)
    runner.drain("jobs")
    assert person_of(gone).exit == "left"
    assert person_of(here).exit == "partners_left"
    assert differences(version) == []


def test_three_sweepers_plan_and_open_once(make_version: Make) -> None:  # noqa: F811
    version = made(make_version)
    both = enrolled(version, newcomer)
    assert at_once([partial(partners.go_on, one.participant_id) for one in both] * 3) == ["nothing"] * 6
    assert Event.objects.filter(kind="pair.planned").count() == 1
    clock.stand(SIX)
    keys = [rows(one)[0].pk for one in both] * 3
    assert at_once([partial(windows.turn, key) for key in keys]) == ["open"] * 6
    assert Event.objects.filter(kind="window.opened").count() == 2
    clock.stand(SIX + timedelta(hours=2))
    assert at_once([partial(windows.turn, key) for key in keys]) == ["missed"] * 6
    runner.drain("jobs")
    assert states(both[0])[:2] == states(both[1])[:2] == ["missed", "planned"]
    assert rows(both[0])[1].opens_at == rows(both[1])[1].opens_at is not None
    assert PairVisit.objects.count() == 2
    assert pair().status == "lasting"
    assert differences(version) == []


def test_leaving_in_the_game_ends_it_and_the_visit_goes_on(make_version: Make) -> None:  # noqa: F811
    version = made(make_version)
    here, gone = enrolled(version, newcomer)
    pass_to(SIX, here, gone)
    begin(here, gone)
    for one in (here, gone):
        send(newest(one))
    assert Seat.objects.filter(status="sitting", participant=here.participant_id).exists()
    sessions.leave(newest(gone).pk)
    assert newest(here).status == "active", "the questions after the game"
    go_through(here)
    runner.drain("jobs")
    assert states(here)[0] == "completed"
    assert person_of(here).exit == "partners_left"
    assert not ScheduledSession.objects.filter(state__in=["planned", "open", "started"]).exists()
    assert differences(version) == []
