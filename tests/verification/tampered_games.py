"""Untruths about groups: rounds, matches, steps, acts, points, what was told, what was said."""

import json
from datetime import timedelta

from bots.models import BotTurn
from chat.models import Conversation, Entry
from events.models import Event
from flow.models import Exposure, Match, Placing
from matching.models import Group, Seat
from tests.verification.played import Played
from tests.verification.tampering import act, case, change, copy, event, match, outsider, remove, sql, whole, without

HOUR = timedelta(hours=1)


def ended(played: Played) -> Group:
    """The group that a researcher ended."""
    return Group.objects.get(version=played.version, status="ended")


def talk(played: Played) -> Conversation:
    """A talk in which something was said, in the complete round."""
    return Conversation.objects.get(match=match(played), path="chat")


@case("status of a group")
def group_is_active_again(played: Played) -> None:
    change(whole(played), status="active")


@case("end of a group")
def group_has_no_end(played: Played) -> None:
    change(whole(played), ended_at=None)


@case("forbidden move of a group")
def group_was_never_formed(played: Played) -> None:
    remove(event(whole(played), "group.formed"))


@case("end reason of a group")
def group_ended_for_another_reason(played: Played) -> None:
    change(ended(played), end_reason="technical")


@case("undeclared end of a group")
def reason_is_not_declared(played: Played) -> None:
    group = ended(played)
    change(group, end_reason="boredom")
    change(event(group, "group.ended"), facts=json.dumps({"status": "ended", "reason": "boredom"}))


@case("condition of a group")
def group_is_of_another_condition(played: Played) -> None:
    change(whole(played), condition="label=other")


@case("filling of a group")
def group_is_called_filled(played: Played) -> None:
    change(whole(played), is_filled=True)


@case("round of a group")
def group_is_at_another_round(played: Played) -> None:
    change(whole(played), round=1)


@case("rounds of a group", "rounds of the matches")
def event_of_a_round_is_gone(played: Played) -> None:
    remove(event(whole(played), "round.opened"))


@case("last round of a group")
def group_was_to_play_more_rounds(played: Played) -> None:
    change(whole(played), rounds=3)


@case("numbers of the matches")
def match_has_another_number(played: Played) -> None:
    change(match(played), number=7)


@case("seat in two matches")
def seat_sits_in_two_matches(played: Played) -> None:
    first = match(played)
    copy(Placing.objects.filter(match=first).first(), seat=outsider(first).pk, position="C")


@case("placing of another group's seat")
def seat_of_another_group_is_placed(played: Played) -> None:
    stranger = Seat.objects.filter(group=ended(played)).first()
    assert stranger is not None
    change(act(played, "give"), seat=stranger.pk)
    copy(Placing.objects.filter(match=match(played)).first(), seat=stranger.pk, position="C")


@case("numbers of the seats")
def seat_is_gone(played: Played) -> None:
    change(Seat.objects.get(group=whole(played), number=4), number=9)


@case("status of a seat")
def seat_was_left_without_an_event(played: Played) -> None:
    change(Seat.objects.get(group=whole(played), number=1), status="left")


@case("forbidden move of a seat")
def seat_was_left_after_the_end(played: Played) -> None:
    copy(event(whole(played), "round.opened"), kind="seat.left", facts=json.dumps({"seat": 1}))


@case("seat of somebody who has left")
def seat_is_kept_by_somebody_who_left(played: Played) -> None:
    sql(
        "UPDATE matching_seat SET status = 'sitting' WHERE group_id = %s AND participant_id IS NOT NULL",
        whole(played).pk,
    )


@case("status of a match")
def match_is_void_without_an_event(played: Played) -> None:
    change(match(played), status="void")


@case("path of a match")
def match_is_at_a_step_again(played: Played) -> None:
    change(match(played), path="give")


@case("rev of a match")
def match_has_another_rev(played: Played) -> None:
    change(match(played), rev=3)


@case("void_path of a match")
def match_was_voided_elsewhere(played: Played) -> None:
    change(match(played, 1), void_path="give")


@case("end of a match")
def match_has_no_end(played: Played) -> None:
    change(match(played), closed_at=None)


@case("event after the end of a match", "step opened before its turn")
def step_opens_after_the_end(played: Played) -> None:
    copy(event(match(played), "step.opened"))


@case("step opened before its turn")
def step_opens_while_another_is_open(played: Played) -> None:
    closed = Event.objects.filter(kind="step.closed", facts__match=match(played).pk).first()
    remove(closed)


@case("step of match.voided")
def another_step_is_voided(played: Played) -> None:
    voided = Event.objects.filter(kind="match.voided", facts__match=match(played, 1).pk).first()
    assert voided is not None
    change(voided, facts=json.dumps(voided.facts | {"path": "give"}))


@case("step of step.closed")
def another_step_is_closed(played: Played) -> None:
    closed = Event.objects.filter(kind="step.closed", facts__match=match(played).pk).first()
    assert closed is not None
    change(closed, facts=json.dumps(closed.facts | {"path": "result"}))


@case("rev of a step")
def rev_of_a_step_does_not_grow(played: Played) -> None:
    opened = event(match(played), "step.opened", last=True)
    change(opened, facts=json.dumps(opened.facts | {"rev": 2}))


@case("forbidden move of a match")
def match_is_complete_after_it_was_void(played: Played) -> None:
    change(event(match(played, 1), "match.closed"), facts=json.dumps({"status": "complete"}))


@case("order of steps")
def step_was_left_out(played: Played) -> None:
    one = match(played)
    sql("UPDATE events_event SET facts = facts || '{\"path\": \"bargain:9/say\"}' WHERE facts->>'path' = 'guess' AND "
        "facts->>'match' = %s", str(one.pk))  # fmt: skip


@case("order of steps")
def match_ends_before_its_last_step(played: Played) -> None:
    one = match(played)
    sql("DELETE FROM events_event WHERE facts->>'path' = 'result' AND facts->>'match' = %s", str(one.pk))


@case("order of steps")
def loop_went_on_though_all_said_no(played: Played) -> None:
    sql("""UPDATE flow_act SET values = '{"more": "no"}' WHERE path = 'bargain:1/say'""")
    sql("""UPDATE flow_act SET values = '{"more": "yes"}' WHERE path = 'bargain:1/say'
           AND match_id NOT IN (SELECT match_id FROM flow_act WHERE path = 'bargain:2/say')""")


@case("points that cannot be reckoned")
def rules_raise(played: Played) -> None:
    change(act(played, "give"), values=json.dumps({"given": "many"}))


@case("order of steps")
def rules_of_the_order_raise(played: Played) -> None:
    change(act(played, "bargain:1/say"), values="[]")


@case("act doubled")
def act_is_there_twice(played: Played) -> None:
    without("flow_act", "act_once")
    copy(act(played, "result", source="policy"))


@case("act of a seat that is not in the match")
def act_is_by_a_seat_that_was_not_placed(played: Played) -> None:
    copy(act(played, "result"), seat=outsider(match(played)).pk)


@case("act at a step that never opened")
def act_is_at_a_step_that_never_opened(played: Played) -> None:
    copy(act(played, "result"), path="bargain:9/say")


@case("act that was not asked for")
def act_is_by_a_role_that_is_not_asked(played: Played) -> None:
    guess = act(played, "guess")
    copy(guess, seat=guess.match.acts.get(path="give").seat_id)


@case("act before its step")
def act_is_before_its_step(played: Played) -> None:
    one = act(played, "give")
    change(one, at=one.at - HOUR)


@case("act after its step")
def act_is_after_its_step(played: Played) -> None:
    one = act(played, "give")
    change(one, at=one.at + HOUR)


@case("act missing")
def decision_is_missing(played: Played) -> None:
    remove(act(played, "guess"))


@case("source of an act")
def person_acts_as_a_policy(played: Played) -> None:
    change(act(played, "give"), source="policy")


@case("source of an act")
def policy_acts_as_a_person(played: Played) -> None:
    change(act(played, "result", source="policy"), source="person", key="")


@case("timeouts of a void match")
def missing_act_is_not_recorded(played: Played) -> None:
    remove(act(played, "bargain:1/say", round_number=1, source="timeout"))


@case("turn without its act")
def act_of_a_turn_is_gone(played: Played) -> None:
    remove(act(played, "result", source="policy"))


@case("act without its turn")
def turn_of_an_act_was_missed(played: Played) -> None:
    one = act(played, "result", source="policy")
    change(BotTurn.objects.get(match=one.match_id, path=one.path, seat=one.seat_id), outcome="missed")


@case("void match without a reason")
def match_of_an_ended_group_is_void_for_no_reason(played: Played) -> None:
    remove(event(ended(played), "group.ended"))


@case("points")
def points_are_more(played: Played) -> None:
    placing = Placing.objects.filter(match=match(played)).first()
    assert placing is not None
    change(placing, points=(placing.points or 0) + 1)


@case("points")
def points_are_missing(played: Played) -> None:
    change(Placing.objects.filter(match=match(played)).first(), points=None)


@case("points")
def open_match_has_points(played: Played) -> None:
    open_one = Match.objects.filter(group__version=played.version, status="open").first()
    change(Placing.objects.filter(match=open_one).first(), points=1)


@case("points")
def who_missed_a_void_match_is_paid(played: Played) -> None:
    missed = act(played, "bargain:1/say", round_number=1, source="timeout")
    change(Placing.objects.get(match=missed.match_id, seat=missed.seat_id), points=5)


@case("points")
def who_had_left_is_paid(played: Played) -> None:
    left = Seat.objects.get(group=ended(played), status="left")
    change(Placing.objects.get(seat=left), points=5)


@case("points")
def who_stayed_in_a_void_match_is_not_paid(played: Played) -> None:
    change(Placing.objects.filter(seat__group=ended(played), seat__status="done", points=5).first(), points=0)


@case("hash of an exposure")
def view_was_another(played: Played) -> None:
    change(Exposure.objects.filter(match=match(played)).first(), view=json.dumps({"page": "other"}))


@case("exposure missing")
def exposure_is_missing(played: Played) -> None:
    remove(Exposure.objects.filter(match=match(played)).first())


@case("exposure doubled")
def exposure_is_there_twice(played: Played) -> None:
    without("flow_exposure", "exposure_once")
    copy(Exposure.objects.filter(match=match(played)).first())


@case("exposure to who was not there")
def seat_was_told_that_does_not_sit_there(played: Played) -> None:
    copy(Exposure.objects.filter(match=match(played)).first(), seat=outsider(match(played)).pk)


@case("numbers of entries")
def entry_is_gone(played: Played) -> None:
    remove(talk(played).entries.order_by("seq").first())


@case("last number of a conversation", "numbers of entries")
def last_number_is_higher(played: Played) -> None:
    one = talk(played)
    change(one, last_seq=one.last_seq + 1)


@case("events of a conversation", "last number of a conversation")
def event_of_an_entry_is_gone(played: Played) -> None:
    remove(event(talk(played), "chat.entry"))


@case("end of a conversation")
def talk_was_never_closed(played: Played) -> None:
    change(talk(played), closed_at=None)


@case("conversation missing")
def talk_is_gone(played: Played) -> None:
    one = talk(played)
    sql("DELETE FROM chat_entry WHERE conversation_id = %s", one.pk)
    remove(one)


@case("conversation at a step that never opened")
def talk_is_at_a_step_that_never_opened(played: Played) -> None:
    copy(talk(played), path="other")


@case("entry of a seat that is not in the match")
def entry_is_by_a_seat_that_was_not_placed(played: Played) -> None:
    change(talk(played).entries.first(), seat=outsider(match(played)).pk)


@case("entry of a role that may not speak")
def entry_is_by_a_role_that_may_not_speak(played: Played) -> None:
    change(talk(played).entries.select_related("seat").first().seat, role="observer")  # type: ignore[union-attr]


@case("entry after the end of its talk")
def entry_is_after_the_end_of_the_talk(played: Played) -> None:
    one = talk(played).entries.first()
    assert one is not None
    change(one, at=one.at + HOUR)


@case("entry doubled")
def entry_is_there_twice_under_its_key(played: Played) -> None:
    one, last = Entry.objects.filter(conversation=talk(played)).order_by("seq")[:2]
    without("chat_entry", "entry_key_once")
    change(last, key=one.key, seat=one.seat_id)
