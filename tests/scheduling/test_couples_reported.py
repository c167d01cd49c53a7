"""Two people who last and write to each other: to leave a conversation, or to report it, does not end their pair."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from chat import reports
from chat.models import Conversation, Report
from config.places import ROOT
from events import clock, runner
from events.models import Due, Event
from exports.own_copy import copy_of
from exports.scope import Scope
from exports.tables.reports import REPORTS
from flow.services import parting
from matching.models import Group, KeptApart
from recruitment.models import Settlement
from scheduling.models import Session
from studies.models import Version
from studies.services import load
from tests.machinery.people import newcomer, page, send, sharing_is_installed  # noqa: F401
from tests.machinery.study_files import read_study, write_study
from tests.scheduling.couples import (
    START,
    answer,
    begin,
    differences,
    go_through,
    newest,
    pair,
    pass_to,
    person_of,
    rows,
    states,
)
from tests.scheduling.test_failed_turns import broken, fail_for_good
from tests.verification.tampering import change, remove
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
STUDIES = ROOT / "experiments" / "longitudinal_chat" / "studies"


@pytest.fixture
def version(tmp_path: Path) -> Version:
    """Seven conversations of two people, to try out: without the quiz before them."""
    clock.simulate()
    clock.stand(START)
    shutil.copytree(STUDIES, tmp_path / "studies")
    folder = tmp_path / "studies" / "seven_chats_people"
    said = read_study(folder)
    intake = said["waves"][0]
    intake["stages"] = [stage for stage in intake["stages"] if stage["id"] not in ("how", "check")]
    write_study(folder, said)
    consent = tmp_path / "studies" / "pages" / "consent_people.md"  # which names the minutes of that quiz
    consent.write_text(consent.read_text().replace("{{ quiz_minutes }}", "some"))
    return load(folder, seed="reported", is_demo=True, is_open=True)


def at_their_talk(*people: Session) -> None:
    """Both have begun the visit and are in its conversation."""
    begin(*people)
    for _ in range(40):
        at_it = [any(field.key == "message" for field in page(newest(one)).fields) for one in people]
        if all(at_it):
            return
        for one, is_there in zip(people, at_it, strict=True):
            if page(newest(one)).button and not is_there:
                answer(one)
        pass_to(clock.now() + timedelta(seconds=5), *people)
    raise AssertionError([page(newest(one)).title for one in people])


def two_enrolled(version: Version) -> tuple[Session, Session]:
    both = (newcomer(version), newcomer(version))
    for one in both:
        while newest(one).status == Session.Status.ACTIVE:
            answer(one)
    runner.drain("bots", "jobs")
    return both


def opens(one: Session, number: int) -> None:
    """Let time pass until a visit of two is open."""
    at = rows(one)[number - 1].opens_at
    assert at is not None
    pass_to(at)


@pytest.mark.parametrize("is_reported", [False, True])
def test_leaving_or_reporting_a_conversation_keeps_the_pair(version: Version, is_reported: bool) -> None:
    one, other = two_enrolled(version)
    opens(one, 1)
    at_their_talk(one, other)
    assert send(newest(other), message="Tell me where you live, or else.") == "stored"
    if is_reported:
        said = {"reason": "harm", "text": "It was a threat."}
        assert reports.take(newest(one), uuid4(), said) == {}
        assert Conversation.objects.get().closed_at is None, "it goes on meanwhile"
    assert send(newest(one), then="left") == "stored"
    assert Conversation.objects.get().closed_at is not None
    go_through(one, other)
    runner.drain("bots", "jobs")
    assert states(one)[0] == states(other)[0] == "completed", "nothing is void, and the visit is paid"
    assert (pair().status, Report.objects.count()) == ("lasting", int(is_reported))
    assert {person_of(each).status for each in (one, other)} == {"active"}
    assert rows(one)[1].pair_visit == rows(other)[1].pair_visit is not None
    opens(one, 2)
    at_their_talk(one, other)
    assert [group.pair for group in Group.objects.order_by("pk")] == [pair(), pair()]
    assert differences(version) == []


def test_wish_not_to_meet_again_ends_the_pair_and_both_keep_what_was_earned(version: Version) -> None:
    one, other = two_enrolled(version)
    opens(one, 1)
    at_their_talk(one, other)
    assert send(newest(other), message="Tell me where you live, or else.") == "stored"
    asked = reports.page(newest(one))
    assert asked is not None
    assert [field.key for field in asked.fields] == ["reason", "text", "apart"]
    assert "You keep the pay for each visit that you have finished." in asked.facts["apart"]
    said = {"reason": "harm", "text": "It was a threat.", "apart": "yes"}
    key = uuid4()
    for _ in range(2):
        assert reports.take(newest(one), key, said) == {}
    wish = KeptApart.objects.get()
    assert (wish.participant_id, wish.other_id) == (one.participant_id, other.participant_id)
    runner.drain("bots", "jobs")
    assert (pair().status, pair().end_reason) == ("ended", "parted")
    assert Conversation.objects.get().closed_at is not None
    told = Event.objects.filter(kind="participant.parted").values_list("subject_id", "facts")
    assert sorted(told) == [(one.participant_id, {}), (other.participant_id, {})], "the same of both"
    assert {page(newest(each)).kind for each in (one, other)} == {"text"}, "the questions after the conversation"
    go_through(one, other)
    runner.drain("bots", "jobs")
    for each in (one, other):
        assert states(each) == ["completed", *["cancelled"] * 6, "planned"], "and still to the last visit"
    again = reports.page(newest(one))
    assert again is not None
    assert "apart" not in {field.key for field in again.fields}, "they meet nobody any more"
    assert differences(version) == []
    (row,) = REPORTS.rows(Scope(version.study))
    assert row["is_apart"] is True
    assert "I do not want to meet this partner again." in copy_of(newest(one)).reports[0].what
    change(pair(), status="lasting", end_reason="", ended_at=None)
    assert "pair of two who are to be kept apart" in named(version)
    remove(wish)
    assert "wish that is not kept" in named(version)


def named(version: Version) -> set[str]:
    return {one.what for one in check(version.study, late_after_seconds=-1).differences}


@contextmanager
def wish_in_vain(one: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody does not want to meet their partner again, and what ends the pair fails as often as it is tried here."""
    assert reports.take(newest(one), uuid4(), {"reason": "harm", "text": "", "apart": "yes"}) == {}
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(parting, "_end", broken)
        fail_for_good()
        yield


def test_wish_whose_work_fails_for_good_ends_the_game_at_once_and_the_pair_as_soon_as_it_can(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two_enrolled(version)
    opens(one, 1)
    at_their_talk(one, other)
    with wish_in_vain(one, monkeypatch):
        assert pair().status == "lasting"
    assert (Group.objects.get().status, Group.objects.get().end_reason) == ("ended", "technical")
    assert Conversation.objects.get().closed_at is not None, "nobody goes on talking to whom they reported"
    again = Due.objects.get(reaction=parting.PART_AS_WISHED, outcome="")
    assert again.run_after <= clock.now() + timedelta(minutes=1), "not the game fails any more"
    pass_to(again.run_after)
    assert (pair().status, pair().end_reason) == ("ended", "parted")
    assert differences(version) == [], "it failed, and something follows from it"


def test_wish_whose_work_fails_for_good_between_visits_is_tried_again(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two_enrolled(version)
    opens(one, 1)
    at_their_talk(one, other)
    assert send(newest(one), then="left") == "stored"
    go_through(one, other)
    runner.drain("bots", "jobs")
    with wish_in_vain(one, monkeypatch):
        again = Due.objects.get(reaction=parting.PART_AS_WISHED, outcome="")
        pass_to(again.run_after)
        fail_for_good()
    assert pair().status == "lasting"
    again = Due.objects.get(reaction=parting.PART_AS_WISHED, outcome="")
    assert again.run_after > clock.now() + timedelta(minutes=1), "not all the time"
    pass_to(again.run_after)
    assert pair().end_reason == "parted"
    parting.part_later(pair().pk, settle=lambda: None)
    assert not Due.objects.filter(reaction=parting.PART_AS_WISHED, outcome="").exists(), "it is over"
    assert differences(version) == []


def test_wish_of_a_pair_that_is_over_touches_no_other_pair(version: Version) -> None:
    one, other = two_enrolled(version)
    opens(one, 1)
    at_their_talk(one, other)
    first = pair()
    parting.part(person_of(one).code, reason="report 1")
    assert parting.part_as_wished(first.pk) is False
    assert pair().end_reason == "parted"


def test_who_is_parted_after_a_report_meets_the_other_no_more_and_keeps_what_was_earned(version: Version) -> None:
    one, other = two_enrolled(version)
    opens(one, 1)
    at_their_talk(one, other)
    assert send(newest(other), message="Tell me where you live, or else.") == "stored"
    assert reports.take(newest(one), uuid4(), {"reason": "harm", "text": "It was a threat."}) == {}
    parting.part(person_of(one).code, reason="report 1")
    assert Conversation.objects.get().closed_at is not None
    assert {page(newest(each)).kind for each in (one, other)} == {"text"}, "the questions after the conversation"
    go_through(one, other)
    runner.drain("bots", "jobs")
    for each in (one, other):
        assert states(each) == ["completed", *["cancelled"] * 6, "planned"], "and still to the last visit"
    opens(one, 8)
    for each in (one, other):
        begin(each)
        go_through(each)
        assert person_of(each).exit == "partner_gone"
    paid = set(Settlement.objects.values_list("base_minor", flat=True))
    assert paid == {250 + 350 + 250}, "the first visit, the one that was broken off, and the last"
    assert differences(version) == []
