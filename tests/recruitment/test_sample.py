"""A study ends its recruiting by itself: at its target, after its last day; and a pilot never counts."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from events import clock, due, runner
from events.models import Due, Event
from flow.services import sessions
from matching.models import Group, Seat
from participants import services as people
from participants.errors import ParticipantError
from participants.models import Participant
from recruitment.queries import payments_of
from recruitment.sample import full
from scheduling.models import Session
from studies.models import Allocation, Slot, Study, Version
from studies.problems import StudyError
from studies.services import amend, open_study, pause_study
from tests.machinery.people import MakeVersion, at_stage, fresh, go_on, newcomer, send, study_of

pytestmark = pytest.mark.django_db(transaction=True)
ALONE = {"giver": {"humans": 1}, "taker": {"ai": 1}}
PILOT = Participant.Origin.PILOT


def sampled(make_version: MakeVersion, **sample: Any) -> Version:
    """A study of groups of one person and a program, with a sample rule."""
    said = {"unit": "group", "target": 1, "counts": "started"} | sample
    return make_version(
        roles=ALONE, sample=said, exclusions=[{"id": "x", "rule": "quiz_attempts > 1", "when": "pre_treatment"}]
    )


def finished(version: Version, *, exit_name: str = "completed", **facts: Any) -> Session:
    """Somebody whose group has played to the end, as rows say it."""
    session = at_stage(version, "lobby", **facts)
    send(session)
    group = Group.objects.latest("pk")
    Group.objects.filter(pk=group.pk).update(status=Group.Status.COMPLETE, ended_at=clock.now())
    Seat.objects.filter(group=group).update(status=Seat.Status.DONE)
    sessions.leave(session.pk, exit_name=exit_name)
    return fresh(session)


def refused(version: Version, **facts: Any) -> str:
    with pytest.raises(ParticipantError) as error:
        people.enter(people.make_link(version.study, **facts))
    return error.value.code


def test_study_pauses_by_itself_and_says_why(make_version: MakeVersion) -> None:
    version = sampled(make_version)
    send(at_stage(version, "lobby"))
    assert study_of(version).status == "open"
    Due.objects.filter(reaction__startswith="recruitment").update(run_after=clock.now())
    runner.drain("jobs")
    assert study_of(version).status == "paused"
    event = Event.objects.get(kind="study.paused")
    assert event.facts == {"from": "open", "because": "target", "counted": 1, "target": 1}


def test_nobody_new_is_let_in_even_before_the_study_has_paused(make_version: MakeVersion) -> None:
    version = sampled(make_version)
    here = at_stage(version, "quiz")
    send(at_stage(version, "lobby"))
    assert study_of(version).status == "open"
    before = Participant.objects.count()
    assert refused(version) == "full"
    assert Participant.objects.count() == before
    assert go_on(here).status == "active", "who is there goes on"


def test_visitor_reads_that_nobody_new_can_take_part(make_version: MakeVersion) -> None:
    version = sampled(make_version)
    token = people.make_link(version.study, is_open=True)
    send(at_stage(version, "lobby"))
    answer = Client(headers={"host": "localhost"}).post(f"/j/{token}", {"form_key": "k" * 40})
    assert answer.status_code == 403
    assert "Nobody new can take part any more" in answer.content.decode()


def test_group_that_never_came_to_a_round_has_not_begun(make_version: MakeVersion) -> None:
    version = sampled(make_version)
    session = at_stage(version, "lobby")
    send(session)
    assert full(version) is not None
    sessions.leave(session.pk)
    assert Group.objects.get().status == "ended"
    assert full(version) is None


@pytest.mark.parametrize(
    ("unit", "counts", "is_full"),
    [("group", "started", True), ("group", "completed", False), ("participant", "started", True),
     ("participant", "completed", False), ("participant", "analysable", False)],
)  # fmt: skip
def test_what_has_begun_is_not_complete(make_version: MakeVersion, unit: str, counts: str, is_full: bool) -> None:
    version = sampled(make_version, unit=unit, counts=counts)
    assert full(version) is None
    send(at_stage(version, "lobby"))
    assert (full(version) is not None) is is_full


@pytest.mark.parametrize("unit", ["group", "participant"])
def test_who_is_excluded_is_complete_and_not_analysable(make_version: MakeVersion, unit: str) -> None:
    version = sampled(make_version, unit=unit, counts="analysable")
    session = at_stage(version, "quiz")
    send(session, keep="1", letters="anew")
    session = go_on(session)
    send(session)
    Group.objects.update(status=Group.Status.COMPLETE, ended_at=clock.now())
    Seat.objects.update(status=Seat.Status.DONE)
    sessions.leave(session.pk, exit_name="completed")
    assert full(version) is None
    finished(version)
    reached = full(version)
    assert reached is not None
    assert (reached.because, reached.counted) == ("target", 1)


def test_groups_with_stand_ins_and_of_people_who_withdrew_do_not_count(make_version: MakeVersion) -> None:
    version = sampled(make_version, counts="analysable")
    session = finished(version)
    assert full(version) is not None
    Participant.objects.filter(pk=session.participant_id).update(status="withdrawn")
    assert full(version) is None
    Participant.objects.filter(pk=session.participant_id).update(status="finished")
    Group.objects.update(is_filled=True)
    assert full(version) is None


def test_people_who_left_early_do_not_complete(make_version: MakeVersion) -> None:
    version = sampled(make_version, unit="participant", counts="completed")
    sessions.leave(at_stage(version, "quiz").pk)
    assert full(version) is None
    finished(version)
    assert full(version) is not None


def test_after_the_last_day_nobody_new_comes(make_version: MakeVersion) -> None:
    version = sampled(make_version, target=50, until="2060-01-31")
    amend(study_of(version), {"sample.until": "2026-01-31"}, reason="the term is over")
    assert refused(version) == "full"
    Due.objects.filter(reaction__startswith="recruitment").update(run_after=clock.now())
    runner.drain("jobs")
    assert study_of(version).status == "paused"
    assert Event.objects.get(kind="study.paused").facts["because"] == "until"


def test_the_study_is_looked_at_again_when_its_last_day_is_over(make_version: MakeVersion) -> None:
    version = sampled(make_version, target=50, until="2060-01-31")
    assert newcomer(version).status == "active"
    Due.objects.filter(reaction__startswith="recruitment").update(run_after=clock.now())
    runner.drain("jobs")
    row = Due.objects.get(reaction="recruitment.tasks.look_at_sample", outcome="")
    assert row.run_after == datetime(2060, 2, 1, tzinfo=UTC)
    assert study_of(version).status == "open"


def test_many_steps_are_looked_at_together(make_version: MakeVersion) -> None:
    version = sampled(make_version, target=50, until="2060-01-31")
    for _ in range(3):
        send(at_stage(version, "lobby"))
    looks = Due.objects.filter(reaction="recruitment.tasks.look_at_sample")
    assert looks.filter(outcome="").count() > 3
    looks.update(run_after=clock.now())
    (claim,) = due.claim_ids([looks.latest("pk").pk])
    assert runner.run(claim) == "goes on"
    assert looks.get(outcome="").key == f"{version.study_id}:until"


def test_reopening_needs_a_larger_target_or_a_reason(make_version: MakeVersion) -> None:
    version = sampled(make_version)
    send(at_stage(version, "lobby"))
    pause_study(study_of(version))
    with pytest.raises(StudyError) as error:
        open_study(study_of(version))
    assert error.value.code == "full"
    assert "1 of 1 groups have begun" in str(error.value)
    assert "--reason" in str(error.value)
    assert study_of(version).status == "paused"
    open_study(study_of(version), reason="two sessions were lost to a storm")
    assert newcomer(version).status == "active"
    Due.objects.filter(reaction__startswith="recruitment").update(run_after=clock.now())
    runner.drain("jobs")
    assert study_of(version).status == "open"
    assert Event.objects.filter(kind="study.opened").latest("pk").facts["beyond"] == "target"


def test_study_that_goes_on_after_its_last_day_still_ends_at_its_target(make_version: MakeVersion) -> None:
    version = sampled(make_version, until="2060-01-31")
    amend(study_of(version), {"sample.until": "2026-01-31"}, reason="the term is over")
    newest = Version.objects.select_related("study").latest("pk")
    pause_study(study_of(version))
    open_study(study_of(version), reason="the last group was promised a place")
    assert full(newest) is None
    send(at_stage(version, "lobby"))
    reached = full(newest)
    assert reached is not None
    assert reached.because == "target"
    assert refused(version) == "full"


def test_reason_opens_beyond_everything_that_is_reached(make_version: MakeVersion) -> None:
    version = sampled(make_version, until="2060-01-31")
    send(at_stage(version, "lobby"))
    amend(study_of(version), {"sample.until": "2026-01-31"}, reason="the term is over")
    pause_study(study_of(version))
    with pytest.raises(StudyError, match=r"amend sample\.until and sample\.target, or say why"):
        open_study(study_of(version))
    open_study(study_of(version), reason="one more was promised a place")
    assert Event.objects.filter(kind="study.opened").latest("pk").facts["beyond"] == "until,target"
    assert newcomer(version).status == "active"


def test_larger_target_opens_again_and_a_reason_holds_for_one_version(make_version: MakeVersion) -> None:
    version = sampled(make_version)
    send(at_stage(version, "lobby"))
    pause_study(study_of(version))
    open_study(study_of(version), reason="one more")
    pause_study(study_of(version))
    newest = amend(study_of(version), {"note": "reworded"}, reason="wording")
    with pytest.raises(StudyError):
        open_study(study_of(version))
    amend(study_of(version), {"sample.target": 2}, reason="power")
    open_study(study_of(version))
    assert newcomer(newest).status == "active"


def test_demonstrations_have_no_sample(make_version: MakeVersion) -> None:
    version = make_version(roles=ALONE, is_demo=True, sample={"unit": "group", "target": 1, "counts": "started"})
    send(at_stage(version, "lobby"))
    assert full(Version.objects.select_related("study").get(pk=version.pk)) is None


def test_pilot_waits_is_allocated_and_counted_apart_and_is_paid(make_version: MakeVersion) -> None:
    version = sampled(make_version, target=50, pilot={"target": 2})
    pilot = finished(version, origin=PILOT)
    group = Group.objects.get()
    assert group.origin == "pilot"
    assert Slot.objects.get(holder_id=group.pk, holder_kind="group").stratum == "~pilot"
    assert [one.participant for one in payments_of(study_of(version))] == [pilot.participant.code]
    finished(version)
    taken = Allocation.objects.order_by("pk").values_list("slot__stratum", "slot__number")
    assert list(taken) == [("~pilot", 1), ("", 1)]


def test_people_of_a_pilot_never_meet_those_of_the_study(make_version: MakeVersion) -> None:
    version = make_version(sample={"unit": "group", "target": 5, "pilot": {"target": 9}})
    here = [at_stage(version, "lobby", origin=PILOT), at_stage(version, "lobby"), at_stage(version, "lobby")]
    assert {one.tickets.get().status for one in here} == {"waiting"}
    third = at_stage(version, "lobby")
    assert here[0].tickets.get().status == "waiting"
    assert {one.tickets.get().status for one in (*here[1:], third)} == {"asked"}


def test_pilot_ends_at_its_own_target_and_the_study_goes_on(make_version: MakeVersion) -> None:
    version = sampled(make_version, target=50, pilot={"target": 1})
    at_stage(version, "instructions", origin=PILOT)
    assert refused(version, origin=PILOT) == "full"
    for _ in range(2):
        Due.objects.filter(reaction__startswith="recruitment").update(run_after=clock.now())
        runner.drain("jobs")
        newcomer(version)
    assert study_of(version).status == "open"
    assert Event.objects.get(kind="study.pilot_full").facts == {"target": 1}


def test_pilot_fills_no_sample(make_version: MakeVersion) -> None:
    version = sampled(make_version, pilot={"target": 9})
    finished(version, origin=PILOT)
    assert full(version) is None
    assert not Study.objects.get(pk=version.study_id).participants.filter(origin="link").exists()


def test_pilot_must_be_declared(make_version: MakeVersion) -> None:
    version = sampled(make_version)
    with pytest.raises(ParticipantError) as error:
        people.make_link(version.study, origin=PILOT)
    assert error.value.code == "no_pilot"
