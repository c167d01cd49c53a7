"""What each stage shows, takes, refuses and keeps."""

from datetime import timedelta

import pytest
from django.db import transaction

from events import clock, due, runner
from events.models import Due
from flow.deadlines import GONE_AFTER, WATCH
from flow.framing import kept_on_leaving
from flow.models import Exposure, Match
from flow.services import sessions
from flow.stages.limits import limit_of, move_limit
from matching.models import Group, Seat, Ticket
from measures.models import Answer
from participants.models import Consent, Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies.definition import text_sha256
from tests.machinery.people import (
    MakeVersion,
    at_stage,
    fresh,
    go_on,
    good_value,
    let_pass,
    newcomer,
    page,
    send,
    stage_id,
)

pytestmark = pytest.mark.django_db(transaction=True)


def seated(version_of: MakeVersion, **facts: object) -> list[Session]:
    """Three people whose group has just been formed."""
    version = version_of(**facts)
    here = [at_stage(version, "lobby") for _ in range(3)]
    for one in here:
        send(one)
    return [fresh(one) for one in here]


def right_check() -> str:
    return "told_no" if "hidden" in Group.objects.get().condition else "told_yes"


def after_the_game(version_of: MakeVersion) -> list[Session]:
    """The same three, having played one round."""
    here = seated(version_of, game={"parameters": {"rounds": 1}})
    for one in here:
        send(one, told=right_check())
    for _ in range(8):
        for one in here:
            if stage_id(fresh(one)) == "game" and page(one).button:
                go_on(one)
        runner.drain("bots")
    return [fresh(one) for one in here]


def test_consent_keeps_the_words_the_boxes_and_the_language(make_version: MakeVersion) -> None:
    version = make_version()
    session = newcomer(version)
    assert page(session).fields[0].label == "I agree to take part for 20 minutes."
    assert send(session, take_part="yes") == "stored"
    kept = Consent.objects.get()
    assert (kept.agreed, kept.ticks, kept.language) == (True, {"take_part": True}, "en")
    assert kept.document_sha256 == text_sha256(version, "pages/consent.md")
    assert stage_id(fresh(session)) == "instructions"


@pytest.mark.parametrize("data", [{}, {"take_part": ""}, {"take_part": "no"}, {"take_part": "true"}, {"other": "yes"}])
def test_consent_needs_the_required_box(make_version: MakeVersion, data: dict[str, str]) -> None:
    session = newcomer(make_version())
    assert send(session, **data) == "refused"
    assert not Consent.objects.exists()
    assert stage_id(fresh(session)) == "consent"


def test_box_that_is_not_required_may_stay_empty_and_is_kept_as_no(make_version: MakeVersion) -> None:
    ticks = [{"id": "take_part", "label": "Yes."}, {"id": "share", "label": "Share.", "required": False}]
    session = newcomer(make_version(consent={"ticks": ticks}))
    assert send(session, take_part="yes") == "stored"
    assert Consent.objects.get().ticks == {"take_part": True, "share": False}


def test_declining_is_kept_and_leaves_without_pay(make_version: MakeVersion) -> None:
    session = newcomer(make_version())
    assert send(session, decline="1", take_part="yes") == "stored"
    assert (Consent.objects.get().agreed, Consent.objects.get().ticks) == (False, {"take_part": False})
    assert Participant.objects.get().exit == "declined"
    assert Settlement.objects.get().total_minor == 0


def test_instructions_have_a_way_back_and_end_after_the_last(make_version: MakeVersion) -> None:
    session = at_stage(make_version(instructions={"pages": ["pages/instructions.md"] * 3}), "instructions")
    assert page(session).where.endswith("Page 1 of 3")
    assert "also" not in page(session).facts
    send(session)
    assert page(session).facts["also"][0]["name"] == "back"
    send(session, back="1")
    assert page(session).where.endswith("Page 1 of 3")
    for _ in range(3):
        send(session)
    assert stage_id(fresh(session)) == "quiz"


def test_instructions_show_the_parameters(make_version: MakeVersion) -> None:
    session = at_stage(make_version(game={"parameters": {"rounds": 7, "endowment": 8}}), "instructions")
    assert "7 rounds with 8 points" in page(session).html


def quiz_answers(session: Session) -> dict[str, str]:
    return {field.key: good_value(session, field) for field in page(session).fields}


def test_quiz_keeps_every_attempt_and_asks_only_what_was_wrong(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    answers = quiz_answers(session)
    assert len(answers) >= 2
    wrong_key = next(key for key, field in zip(answers, page(session).fields, strict=True) if field.kind == "points")
    assert send(session, **answers | {wrong_key: "0"}) == "stored"
    again = page(session)
    assert [field.key for field in again.fields] == [wrong_key]
    assert again.errors[wrong_key].code == "wrong"
    assert again.values == {wrong_key: "0"}
    assert again.note == "One answer is not right yet. Please try it again."
    assert send(session, **{wrong_key: answers[wrong_key]}) == "stored"
    assert stage_id(fresh(session)) == "lobby"
    kept = Answer.objects.filter(stage="quiz")
    assert sorted(kept.values_list("attempt", "is_correct").distinct()) == [(1, False), (1, True), (2, True)]
    assert kept.count() == len(answers) + 1


def test_quiz_never_sends_what_is_right(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    shown = repr(page(session))
    assert "correct" not in shown
    assert "explain" not in shown


def test_quiz_refuses_what_is_missing_without_counting_it(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    assert send(session) == "refused"
    assert not Answer.objects.exists()


def test_quiz_ends_by_its_time_with_its_exit(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    until = limit_of(session)
    assert until is not None
    assert page(session).deadline_at == until
    sessions.stage_overdue(session.pk, session.stage)
    assert stage_id(fresh(session)) == "quiz"
    assert page(session).facts["at_zero"] == "If the time runs out, the study ends for you, and you get £0.50."
    let_pass(303, session)
    sessions.stage_overdue(session.pk, session.stage)
    assert Participant.objects.get().exit == "failed_quiz"
    assert Settlement.objects.get().total_minor == 50


def test_quiz_sent_after_its_time_is_too_late(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    answers = quiz_answers(session)
    let_pass(303, session)
    send(session, **answers)
    assert Participant.objects.get().exit == "failed_quiz"
    assert not Answer.objects.exists()


def test_limit_may_be_moved_later(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    let_pass(303, session)
    session = fresh(session)
    with transaction.atomic():
        move_limit(session, clock.now() + timedelta(seconds=60))
        session.save()
    sessions.stage_overdue(session.pk, session.stage)
    assert stage_id(fresh(session)) == "quiz"


def test_briefing_shows_the_page_of_the_condition_and_keeps_the_check(make_version: MakeVersion) -> None:
    here = seated(make_version)
    is_hidden = "hidden" in Group.objects.get().condition
    assert ("You will not be told" if is_hidden else "Each player is marked") in page(here[0]).html
    assert send(here[0], told=right_check()) == "stored"
    assert stage_id(fresh(here[0])) == "game"
    kept = Answer.objects.get(stage="briefing")
    assert (kept.item, kept.is_correct, kept.attempt) == ("told", True, 1)


def test_briefing_explains_once_and_lets_go_on_after_the_second_try(make_version: MakeVersion) -> None:
    session = seated(make_version)[0]
    wrong = {"told_no": "told_yes", "told_yes": "told_no"}[right_check()]
    send(session, told=wrong)
    assert stage_id(fresh(session)) == "briefing"
    assert page(session).errors["told"].code == "wrong"
    send(session, told=wrong)
    assert stage_id(fresh(session)) == "game"
    assert list(Answer.objects.filter(stage="briefing").values_list("attempt", "is_correct")) == [
        (1, False),
        (2, False),
    ]


def test_briefing_goes_on_by_itself_and_the_game_begins(make_version: MakeVersion) -> None:
    here = seated(make_version)
    for one in here:
        let_pass(93, one)
        sessions.stage_overdue(one.pk, one.stage)
    assert {stage_id(fresh(one)) for one in here} == {"game"}
    assert Group.objects.get().round == 1


def test_survey_keeps_each_answer_with_its_place_in_a_seeded_order(make_version: MakeVersion) -> None:
    session = after_the_game(make_version)[0]
    order = [field.key for field in page(session).fields]
    assert sorted(order) == ["age", "fair", "share_ai", "words"]
    assert order == [field.key for field in page(session).fields]
    assert send(session, fair="9", share_ai="50") == "refused"
    assert not Answer.objects.filter(stage="after").exists()
    assert send(session, fair="5", share_ai="50", words="no") == "stored"
    kept = dict(Answer.objects.filter(stage="after").order_by("position").values_list("item", "value"))
    assert list(kept) == order
    assert kept == {"age": None, "fair": 5, "share_ai": 50, "words": "no"}


def test_debrief_tells_who_everyone_was(make_version: MakeVersion) -> None:
    here = after_the_game(make_version)
    met = []
    for one in here:
        session = go_on(one)
        said = page(session)
        assert "Some players were AI" in said.html
        assert said.view is not None
        met += [row for table in said.view.tables for row in table.rows]
    assert len(met) == 3
    assert {row[2] for row in met} == {"A person", "An AI"}
    assert {row[0] for row in met} == {1}


def test_debrief_says_what_this_seat_was_shown_and_not_what_others_were(make_version: MakeVersion) -> None:
    session = go_on(after_the_game(make_version)[0])
    seat = Seat.objects.get(session=session)
    Seat.objects.update(label="What others were shown")
    match = Match.objects.get(placings__seat=seat)
    others = sorted(match.placings.exclude(seat=seat), key=lambda placing: placing.position)
    card = {"position": others[0].position, "label": "Blue", "text": ""}
    Exposure.objects.create(match=match, path="late", seat=seat, view={"cards": [card]}, sha256="0")
    view = page(session).view
    assert view is not None
    told = [row[3] for row in view.tables[0].rows]
    assert told[0] == "Blue"
    assert "What others were shown" not in told


def test_deleting_one_s_data_at_the_debrief_leaves_the_pay_as_it_is(make_version: MakeVersion) -> None:
    session = go_on(after_the_game(make_version)[0])
    assert send(session, withdraw="1") == "stored"
    person = fresh(session).participant
    assert (person.status, person.exit) == ("withdrawn", "completed")
    assert Settlement.objects.get().base_minor == 400
    assert page(session).note.startswith("You asked us to delete your data. We do it as soon as no group plays")


def test_last_page_has_the_code_and_every_line_of_the_pay(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "lobby")
    let_pass(61, session)
    send(session, leave="1")
    end = page(session)
    settled = Settlement.objects.get()
    assert end.kind == "end"
    assert end.facts["code"] == settled.code
    assert end.view is not None
    assert [tuple(row) for row in end.view.tables[0].rows] == [
        ("Your time", "", "£1.00"),
        ("Waiting", "2 started minutes, at £0.10 each", "£0.20"),
        ("Total", "", "£1.20"),
    ]
    assert "You earned £1.20" in end.html


@pytest.mark.parametrize("withdraw", [False, True])
def test_every_way_out_of_the_waiting_room_pays_the_same(make_version: MakeVersion, withdraw: bool) -> None:
    session = at_stage(make_version(), "lobby")
    assert kept_on_leaving(session) == "If you leave now, you are paid £1.00 and your waiting time."
    let_pass(61, session)
    sessions.leave(session.pk, withdraw=withdraw)
    assert Settlement.objects.get().total_minor == 120
    person = fresh(session).participant
    assert (person.exit, person.status) == ("no_group", "withdrawn" if withdraw else "finished")


def test_waiting_room_says_what_follows_when_the_time_is_up(make_version: MakeVersion) -> None:
    version = make_version()
    session = at_stage(version, "lobby")
    paid = "You then get £1.00 and your pay for waiting."
    assert page(session).facts["at_zero"] == f"If no group is complete when the time is up, your part ends here. {paid}"
    for _ in range(2):
        at_stage(version, "lobby")
    assert page(session).facts["at_zero"] == "If you do not press in time, we ask you once more."
    Ticket.objects.update(misses=1)
    assert page(session).facts["at_zero"] == f"If you do not press in time, your part ends here. {paid}"


def test_decision_that_was_sent_is_not_asked_for_any_more(make_version: MakeVersion) -> None:
    here = seated(make_version)
    for one in here:
        send(one, told=right_check())
    asked = [one for one in here if page(one).fields]
    assert asked
    before = page(asked[0])
    go_on(asked[0])
    after = page(asked[0])
    if after.where == before.where and not after.button:
        assert (after.title, after.note) == ("Waiting for the other players", "Saved.")
        assert "You cannot change your answer any more." in after.html
        assert before.html not in after.html


def test_who_leaves_after_meeting_others_is_told_the_truth_on_the_last_page(make_version: MakeVersion) -> None:
    here = seated(make_version)
    for one in here:
        send(one, told=right_check())
    sessions.leave(here[0].pk)
    Group.objects.update(status="active", ended_at=None)
    early = page(here[0])
    assert "When your group has finished, this page will explain" in early.html
    assert "Some players were AI" not in early.html
    assert early.view is not None
    assert "Whom you met" not in [table.caption for table in early.view.tables]
    Group.objects.update(status="ended", ended_at=clock.now())
    said = page(here[0])
    assert "Some players were AI" in said.html
    assert said.view is not None
    assert "Whom you met" in [table.caption for table in said.view.tables]


def test_who_met_nobody_is_told_nothing(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    sessions.leave(session.pk)
    assert "Some players were AI" not in page(session).html


def test_everyone_has_one_seat_and_it_is_done_after_the_game(make_version: MakeVersion) -> None:
    here = after_the_game(make_version)
    assert Seat.objects.filter(session__in=here, status="done").count() == 3


def look_after(session: Session, *, silent_for: timedelta, there_for: timedelta = GONE_AFTER) -> None:
    """The hour is over: what the platform does about somebody who was heard of so long ago."""
    now = clock.now()
    Participant.objects.filter(pk=session.participant_id).update(seen_at=now - silent_for)
    Session.objects.filter(pk=session.pk).update(stage_opened_at=now - there_for)
    Due.objects.filter(reaction=WATCH, key=f"session:{session.pk}", outcome="").update(run_after=now)
    (claim,) = [claim for claim in due.claim("jobs", limit=99) if claim.reaction == WATCH]
    assert runner.run(claim) == "done"


def test_who_closed_the_browser_in_the_last_round_leaves_with_what_was_earned(make_version: MakeVersion) -> None:
    gone, *others = after_the_game(make_version)
    assert stage_id(gone) == "after"
    look_after(gone, silent_for=GONE_AFTER)
    person = Participant.objects.get(pk=gone.participant_id)
    assert (person.status, person.exit) == ("finished", "left"), "this study declares no exit of its own for it"
    earned = Settlement.objects.get(participant=person)
    assert earned.base_minor > 0, "the game was played to its end"
    assert {one.status for one in map(fresh, others)} == {Session.Status.ACTIVE}
    assert Due.objects.filter(reaction=WATCH, outcome="").count() == len(others)


@pytest.mark.parametrize(
    ("stage", "silent_for", "there_for"),
    [
        ("instructions", GONE_AFTER - timedelta(seconds=20), GONE_AFTER),  # heard of since
        ("instructions", GONE_AFTER, GONE_AFTER - timedelta(seconds=20)),  # moved on to this page since
        ("quiz", GONE_AFTER, GONE_AFTER),  # a page that ends by itself
    ],
)
def test_who_may_still_be_there_is_looked_after_again(
    make_version: MakeVersion, stage: str, silent_for: timedelta, there_for: timedelta
) -> None:
    session = at_stage(make_version(), stage)
    look_after(session, silent_for=silent_for, there_for=there_for)
    assert fresh(session).status == Session.Status.ACTIVE
    again = Due.objects.get(reaction=WATCH, outcome="")
    assert clock.now() < again.run_after <= clock.now() + GONE_AFTER


def test_nobody_is_looked_after_when_the_visit_is_over(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "instructions")
    assert Due.objects.filter(reaction=WATCH, outcome="").count() == 1
    sessions.leave(session.pk)
    assert not Due.objects.filter(reaction=WATCH, outcome="").exists()
