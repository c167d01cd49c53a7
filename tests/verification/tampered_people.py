"""Untruths about people: statuses, pay, forms, conditions, due work."""

import json
from datetime import timedelta

from django.db import connection

from events import clock
from events.models import Due, Event
from flow.models import Act, Submission
from matching.models import Group
from participants.models import Participant
from recruitment.models import Settlement
from studies.models import Allocation, Slot
from tests.verification.played import Played
from tests.verification.tampering import (
    act,
    case,
    change,
    copy,
    event,
    match,
    person,
    remove,
    session,
    sql,
    ticket,
    whole,
    without,
)


@case("status of the study")
def study_is_paused_without_an_event(played: Played) -> None:
    change(played.study, status="paused")


@case("forbidden move of a study")
def study_is_opened_twice(played: Played) -> None:
    copy(event(played.study, "study.opened"))


@case("status of a participant")
def participant_withdraws_without_an_event(played: Played) -> None:
    change(person(played), status="withdrawn")


@case("withdrawal of a participant")
def withdrawal_has_no_time(played: Played) -> None:
    change(person(played, "withdrawn"), withdrawn_at=None)


@case("erasure of a participant", "erasure that nobody asked for", "rows of an erased person")
def somebody_counts_as_erased(played: Played) -> None:
    change(person(played), erased_at=clock.now())


@case("request of deletion")
def request_of_who_asked_is_gone(played: Played) -> None:
    remove(person(played, "no_group").erasure)


@case("request of deletion")
def request_of_somebody_who_never_asked(played: Played) -> None:
    copy(person(played, "no_group").erasure, participant=person(played).pk)


@case("end of a request of deletion")
def request_is_open_again(played: Played) -> None:
    change(person(played, "no_group").erasure, done_at=None)


@case("tombstones of an erased person")
def tombstone_says_more_than_was_deleted(played: Played) -> None:
    change(person(played, "no_group").tombstones.get(what="answers"), rows=1000)


@case("exit of a participant")
def participant_left_by_another_exit(played: Played) -> None:
    change(person(played), exit="left")


@case("undeclared exit")
def exit_is_not_declared(played: Played) -> None:
    facts = json.dumps({"exit": "backdoor", "status": "finished"})
    change(event(session(played), "session.finished"), facts=facts)
    change(person(played), exit="backdoor")


@case("end of a participant")
def participant_has_no_end(played: Played) -> None:
    change(person(played), ended_at=None)


@case("forbidden move of a participant", "forbidden move of a session")
def session_is_finished_twice(played: Played) -> None:
    copy(event(session(played), "session.finished"))


@case("forbidden move of a participant")
def nobody_entered(played: Played) -> None:
    remove(event(person(played), "participant.entered"))


@case("visits of a participant")
def participant_comes_twice(played: Played) -> None:
    copy(session(played), repeat=2)


@case("status of a session")
def session_is_active_again(played: Played) -> None:
    change(session(played), status="active")


@case("end of a session")
def session_has_no_end(played: Played) -> None:
    change(session(played), finished_at=None)


@case("stage of a session")
def session_is_elsewhere(played: Played) -> None:
    change(session(played), stage=1)


@case("stage of a session")
def session_is_nowhere(played: Played) -> None:
    change(session(played), stage=99)


@case("status of a ticket", "end of a ticket")
def ticket_waits_again(played: Played) -> None:
    change(ticket(played), status="waiting", ended_at=None)


@case("forbidden move of a ticket")
def ticket_is_seated_without_an_answer(played: Played) -> None:
    remove(event(ticket(played), "ticket.ready"))


@case("event of a ticket")
def event_of_a_ticket_tells_another_past(played: Played) -> None:
    seated = event(ticket(played), "ticket.seated")
    change(seated, facts=json.dumps(seated.facts | {"before": "left"}))


@case("settlement")
def nobody_is_paid(played: Played) -> None:
    remove(Settlement.objects.get(participant=person(played)))


@case("settlement")
def somebody_is_paid_before_the_end(played: Played) -> None:
    active = Participant.objects.filter(study=played.study, status="active").first()
    assert active is not None
    copy(Settlement.objects.get(participant=person(played)), participant=active.pk)


@case("pay, bonus_minor", "pay, event")
def bonus_is_too_high(played: Played) -> None:
    paid = Settlement.objects.get(participant=person(played))
    change(paid, bonus_minor=paid.bonus_minor + 1)


@case("pay, points")
def points_of_a_settlement_are_others(played: Played) -> None:
    change(Settlement.objects.get(participant=person(played)), points=1)


@case("pay, explanation")
def explanation_tells_another_amount(played: Played) -> None:
    change(Settlement.objects.get(participant=person(played)), explanation="[]")


@case("pay, code", "pay, exit")
def code_is_that_of_another_exit(played: Played) -> None:
    other = Settlement.objects.get(participant=person(played, "withdrawn"))
    change(Settlement.objects.get(participant=person(played)), code=other.code, exit="withdrawn")


@case("pay, waiting_minor")
def waiting_was_longer(played: Played) -> None:
    change(ticket(played), waited_seconds=3600)


@case("pay, event")
def settlement_is_told_twice(played: Played) -> None:
    copy(event(person(played), "participant.settled"))


@case("form without an act")
def act_of_a_stored_form_is_gone(played: Played) -> None:
    remove(act(played, "result", source="person"))


@case("act without a form", "acknowledged form lost")
def form_of_an_act_is_gone(played: Played) -> None:
    remove(Submission.objects.get(key=act(played, "give").key))


@case("act without a form", "acknowledged form altered")
def form_that_came_too_late_became_an_act(played: Played) -> None:
    change(Submission.objects.get(key=act(played, "give").key), outcome="late")


@case("holder of a slot")
def slots_are_exchanged(played: Played) -> None:
    held = Slot.objects.filter(version=played.version, holder_kind="group")
    first = held.first()
    assert first is not None
    other = held.exclude(condition=first.condition).first()
    assert other is not None
    sql("DROP INDEX slot_one_holder")
    change(first, holder_id=other.holder_id)


@case("condition of a group's slot")
def group_plays_another_condition_than_its_slot_has(played: Played) -> None:
    facts = event(whole(played), "group.formed").facts | {"condition": "label=other"}
    change(event(whole(played), "group.formed"), facts=json.dumps(facts))
    change(whole(played), condition="label=other")


@case("condition of a slot")
def condition_was_not_drawn(played: Played) -> None:
    first = Slot.objects.filter(version=played.version).first()
    assert first is not None
    change(first, condition="label=other")


@case("numbers of slots")
def slot_is_missing(played: Played) -> None:
    free = Slot.objects.filter(version=played.version, holder_id=None).first()
    assert free is not None
    remove(free)


@case("blocks of slots")
def block_is_missing(played: Played) -> None:
    sql("UPDATE studies_slot SET block = block + 1 WHERE version_id = %s", played.version.pk)


@case("slot taken from its holder", "slot taken by who has one")
def slot_is_taken_twice(played: Played) -> None:
    taken = Allocation.objects.filter(slot__version=played.version).first()
    assert taken is not None
    copy(taken)


@case("slot taken before its turn")
def slot_is_taken_before_its_turn(played: Played) -> None:
    taken = Allocation.objects.filter(slot__version=played.version, slot__stratum="").order_by("pk")
    first, second = taken[0], taken[1]
    change(first, slot=second.slot_id)
    change(second, slot=first.slot_id)


@case("slot returned by another", "slot of a group", "holder of a slot")
def slot_is_returned_by_another(played: Played) -> None:
    taken = Allocation.objects.filter(slot__version=played.version).first()
    other = Group.objects.filter(version=played.version).exclude(pk=taken.unit_id if taken else 0).first()
    assert taken is not None
    assert other is not None
    copy(taken, act="returned", unit_id=other.pk)


@case("sequence of a group")
def group_is_of_another_origin(played: Played) -> None:
    change(whole(played), origin="demo")


@case("overdue work")
def nobody_works(played: Played) -> None:
    due = Due.objects.filter(outcome="").first()
    assert due is not None
    change(due, run_after=clock.now() - timedelta(days=1))


@case("failed work")
def failure_is_not_told(played: Played) -> None:
    due = Due.objects.filter(reaction="bots.turns.take_turn").exclude(outcome="").first()
    assert due is not None
    change(due, outcome="failed", error_code="crashed")


@case("failed work")
def failure_has_no_last_resort(played: Played) -> None:
    due = Due.objects.filter(reaction="flow.tasks.close_step").first()
    assert due is not None
    change(due, outcome="failed", done_at=clock.now(), error_code="crashed")
    Event.objects.create(kind="due.failed", subject_kind="due", subject_id=due.pk)


@case("failed work")
def nothing_makes_up_for_a_failure(played: Played) -> None:
    due = Due.objects.filter(reaction="flow.tasks.form_groups").first()
    assert due is not None
    change(due, outcome="failed", done_at=clock.now(), error_code="crashed")
    Event.objects.create(kind="due.failed", subject_kind="due", subject_id=due.pk)


@case("acknowledged form lost")
def acknowledged_form_is_gone(played: Played) -> None:
    sql("DELETE FROM flow_submission WHERE key = %s", played.ledger[0].key)


@case("acknowledged form altered")
def acknowledged_form_has_another_body(played: Played) -> None:
    sql("UPDATE flow_submission SET body_sha256 = %s WHERE key = %s", "0" * 64, played.ledger[0].key)


@case("acknowledged form doubled")
def acknowledged_form_is_there_twice(played: Played) -> None:
    copy(Submission.objects.get(key=played.ledger[-1].key), session=session(played, "declined").pk)


@case("acknowledged form altered", "points")
def act_is_not_what_was_sent(played: Played) -> None:
    change(act(played, "give"), values=json.dumps({"given": 0, "note": "other"}))


@case("acknowledged form doubled", "act doubled")
def form_became_two_acts(played: Played) -> None:
    without("flow_act", "act_once")
    copy(act(played, "give"))


@case("acknowledged form altered")
def word_is_not_what_was_sent(played: Played) -> None:
    sql("UPDATE chat_entry SET text = 'something else' WHERE key = ANY(%s)", [one.key for one in played.ledger])


@case("acknowledged form altered")
def readiness_was_not_sent(played: Played) -> None:
    spoken = [one for one in played.ledger if one.data.get("then") == "more" and one.data.get("message")]
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT entry.key, entry.seat_id, talk.match_id FROM chat_entry entry
               JOIN chat_conversation talk ON talk.id = entry.conversation_id WHERE entry.key = ANY(%s)
               AND NOT EXISTS (SELECT FROM flow_act act WHERE act.match_id = talk.match_id AND act.path = 'chat'
                               AND act.seat_id = entry.seat_id)""",
            [[one.key for one in spoken]],
        )
        key, seat, talk = cursor.fetchone()
    like = Act.objects.filter(match=match(played), path="result").first()
    assert like is not None
    copy(like, match=talk, seat=seat, path="chat", key=key)
