"""How a group goes through its rounds."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from events import clock, due, runner
from events.models import Due, Event
from flow.errors import FlowError
from flow.models import Act, Exposure, Match, Placing
from flow.services import games, rounds, sessions
from flow.state import MatchState
from matching.models import Group, Seat
from participants.models import Participant
from scheduling.models import Session
from tests.flow.conftest import act, person
from tests.machinery.people import show_life

MakeGroup = Callable[..., Group]
pytestmark = pytest.mark.django_db


def match_and_seats(group: Group) -> tuple[Match, Seat, Seat]:
    match = group.matches.get(round=1, number=1)
    return match, group.seats.get(role="giver"), group.seats.get(role="taker")


def late(match: Match) -> None:
    """Let the open step's time be up."""
    match.refresh_from_db()
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=10))
    games.close_overdue(match_id=match.pk, rev=match.rev)
    match.refresh_from_db()


def test_group_plays_all_its_rounds_and_pays(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    giver, taker = group.seats.order_by("number")
    for number in (1, 2):
        match = group.matches.get(round=number)
        assert act(match, giver, sent="4") == "stored"
        assert act(match, giver, more="yes") == "stored"
        assert act(match, taker, more="no", words="") == "stored"
        match.refresh_from_db()
        assert match.path == "haggle:2/say"
        act(match, taker, more="no", words="well")
        act(match, giver, more="no")
        match.refresh_from_db()
        assert match.path == "seen"
        act(match, giver)
        act(match, taker)
    group.refresh_from_db()
    assert group.status == "complete"
    assert sorted(placing.points or 0 for placing in Placing.objects.all()) == [6, 6, 8, 8]
    assert set(Participant.objects.values_list("status", "exit")) == {("finished", "completed")}
    assert set(group.seats.values_list("status", flat=True)) == {"done"}


def test_act_is_stored_once_however_often_it_comes(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, _ = match_and_seats(group)
    path = match.path
    answers = [
        games.act(match_id=match.pk, path=path, seat_id=giver.pk, values={"sent": 3}, source="person") for _ in range(3)
    ]
    assert answers == ["stored", "over", "over"]
    assert Act.objects.filter(match=match).count() == 1


def test_refused_value_changes_nothing(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, _ = match_and_seats(group)
    events = Event.objects.count()
    for wrong in ["11", "-1", "--5", "-", "1.5", "", "1e3", "ten", "9" * 40, None, ["3"], {"a": 1}, True]:
        with pytest.raises(FlowError) as refused:
            act(match, giver, sent=wrong)
        assert refused.value.code == "refused"
        assert "sent" in refused.value.errors
    assert not Act.objects.exists()
    assert Event.objects.count() == events


def test_blind_step_shows_nothing_before_it_closes(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, _taker = match_and_seats(group)
    act(match, giver, sent="4")
    act(match, giver, more="no")
    match.refresh_from_db()
    assert match.path == "haggle:1/say"
    assert MatchState(match).acts("say") == {}
    assert MatchState(match).acts("give") == {giver.number: {"sent": 4}}


def test_missing_act_voids_the_match_and_pays_the_other(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    act(match, giver, more="no")
    late(match)
    assert (match.status, match.path, match.void_path) == ("void", "~void", "haggle:1/say")
    assert dict(match.placings.values_list("seat__number", "points")) == {giver.number: 5, taker.number: 0}
    missed = Act.objects.get(match=match, source="timeout")
    assert (missed.seat, missed.values, missed.path) == (taker, {}, "haggle:1/say")
    assert person(taker).strikes == 1
    late(match)
    group.refresh_from_db()
    assert (match.path, group.round) == ("", 2)


def test_strikes_lead_out_and_the_game_ends_when_too_few_are_left(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker", on_timeout={"strikes": 1, "exit": "inactive"})
    match, giver, _taker = match_and_seats(group)
    act(match, giver, sent="4")
    act(match, giver, more="no")
    late(match)
    group.refresh_from_db()
    assert (group.status, group.end_reason) == ("ended", "too_few")
    exits = {seat.role: person(seat).exit for seat in group.seats.all()}
    assert exits == {"giver": "partners_left", "taker": "inactive"}


def test_game_ends_when_the_last_automated_seat_of_a_role_is_gone(make_group: MakeGroup) -> None:
    """People were told that there is one, and the condition gives one: without it theirs is another condition."""
    group = make_group("giver", "giver", "taker", "taker!", "taker!")
    first, second = group.seats.filter(participant=None).order_by("number")
    group.refresh_from_db()
    rounds.leave_seat(group, first)
    group.refresh_from_db()
    assert group.status == "active"
    rounds.leave_seat(group, second)
    group.refresh_from_db()
    assert (group.status, group.end_reason) == ("ended", "too_few")
    assert {person(seat).exit for seat in group.seats.exclude(participant=None)} == {"partners_left"}


def test_an_act_clears_the_strikes(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, _ = match_and_seats(group)
    Participant.objects.filter(seats=giver).update(strikes=1)
    act(match, giver, sent="4")
    assert person(giver).strikes == 0


def test_imputation_is_used_only_where_the_file_names_it(make_group: MakeGroup) -> None:
    rule = {"strikes": 9, "exit": "inactive", "impute": {"give": {"sent": 0}}}
    group = make_group("giver", "taker", on_timeout=rule)
    match, _giver, _ = match_and_seats(group)
    late(match)
    assert (match.status, match.path) == ("open", "haggle:1/say")
    assert Act.objects.get(match=match).source == "timeout"
    late(match)
    assert match.status == "void"


def test_show_ends_by_time_without_voiding(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    act(match, giver, more="no")
    act(match, taker, more="no")
    assert act(match, giver) == "stored"
    late(match)
    assert (match.status, match.path) == ("complete", "")


def test_odd_seat_sits_the_round_out(make_group: MakeGroup) -> None:
    group = make_group("giver", "giver", "taker")
    assert group.matches.count() == 1
    assert group.matches.get().placings.count() == 2


def test_every_seat_gets_its_own_exposure_at_every_step(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    seen = {(e.path, e.seat_id): e.view for e in Exposure.objects.filter(match=match)}
    assert seen["give", taker.pk]["facts"]["sent"] == "?"
    assert seen["give", giver.pk]["asked"] == ["sent"]
    assert seen["haggle:1/say", taker.pk]["facts"]["sent"] == 4
    assert seen["haggle:1/say", taker.pk]["page"] == "say_taker"


def test_automated_seat_gets_a_turn_and_a_person_does_not(make_group: MakeGroup) -> None:
    group = make_group("giver!", "taker")
    seat = group.seats.get(role="giver")
    assert list(Event.objects.filter(kind="turn.opened").values_list("subject_id", flat=True)) == [seat.pk]


def test_leaving_while_others_wait_voids_the_match(make_group: MakeGroup) -> None:
    group = make_group("giver", "giver", "taker", "taker")
    giver = group.seats.get(number=1)
    match = group.matches.get(placings__seat=giver)
    sessions.leave(Session.objects.get(seats=giver).pk)
    match.refresh_from_db()
    giver.refresh_from_db()
    assert (match.status, giver.status) == ("void", "left")
    assert person(giver).exit == "left"
    group.refresh_from_db()
    assert group.status == "active"


def test_who_leaves_earns_nothing_from_the_match_that_the_leaving_ends(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    act(match, giver, more="no")
    sessions.leave(Session.objects.get(seats=giver).pk)  # the giver has acted, and only the taker is waited for
    match.refresh_from_db()
    assert match.status == "void"
    assert dict(match.placings.values_list("seat__number", "points")) == {giver.number: 0, taker.number: 5}
    assert person(giver).settlement.points == 0
    assert person(taker).settlement.points == 5


def test_who_left_earns_nothing_from_a_match_that_goes_on(make_group: MakeGroup) -> None:
    group = make_group("giver", "giver", "taker", "taker", rounds=1)
    match = group.matches.get(number=1)
    giver, taker = match.placings.get(seat__role="giver").seat, match.placings.get(seat__role="taker").seat
    act(match, giver, sent="4")
    act(match, giver, more="no")
    sessions.leave(Session.objects.get(seats=giver).pk)
    act(match, taker, more="no")
    match.refresh_from_db()
    while match.path:
        late(match)
    assert match.status == "complete"
    points = dict(match.placings.values_list("seat__number", "points"))
    assert points[giver.number] == person(giver).settlement.points == 0
    assert (points[taker.number] or 0) > 0


def test_who_is_struck_out_earns_nothing_from_the_missed_match(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker", on_timeout={"strikes": 1, "exit": "inactive"})
    match, giver, taker = match_and_seats(group)
    late(match)
    assert dict(match.placings.values_list("seat__number", "points")) == {giver.number: 0, taker.number: 5}
    assert (person(giver).settlement.points, person(taker).settlement.points) == (0, 5)


def test_each_open_step_has_one_deadline_row(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, _ = match_and_seats(group)
    open_keys = Due.objects.filter(reaction="flow.tasks.close_step", outcome="").values_list("key", flat=True)
    assert f"match:{match.pk}:{match.rev}" in open_keys
    act(match, giver, sent="4")
    match.refresh_from_db()
    assert f"match:{match.pk}:{match.rev}" in open_keys.all()


def test_late_person_is_told_and_nothing_is_stored(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, _ = match_and_seats(group)
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=10))
    assert act(match, giver, sent="4") == "late"
    assert not Act.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_eight_threads_acting_and_closing_leave_one_act_per_seat(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    match.refresh_from_db()
    start, failures = Barrier(8), []

    def work(i: int) -> None:
        try:
            start.wait(10)
            seat, values = (giver, {"more": "no"}) if i % 2 else (taker, {"more": "no", "words": str(i)})
            games.act(match_id=match.pk, path=match.path, seat_id=seat.pk, values=values, source="person")
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert Act.objects.filter(match=match, path="haggle:1/say").count() == 2
    match.refresh_from_db()
    assert match.path == "seen"
    assert Event.objects.filter(kind="step.opened", subject_id=match.pk).count() == 3


def test_game_whose_rules_fail_ends_and_lets_people_go(make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch) -> None:
    group = make_group("giver", "taker", on_timeout={"strikes": 9, "exit": "inactive", "impute": {"give": {"sent": 1}}})
    match, _, _ = match_and_seats(group)
    Match.objects.update(deadline_at=clock.now() - timedelta(seconds=10))

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("flow.services.rounds._expose", broken)
    Due.objects.update(run_after=clock.now() - timedelta(seconds=1))
    for _attempt in range(due.MAX_ATTEMPTS + 1):
        Due.objects.filter(outcome="").update(run_after=clock.now() - timedelta(seconds=1))
        for claim in due.claim("jobs", limit=9):
            runner.run(claim)
    group.refresh_from_db()
    match.refresh_from_db()
    assert (group.status, group.end_reason, match.status) == ("ended", "technical", "void")
    assert set(Participant.objects.values_list("exit", flat=True)) == {"partners_left"}
    assert not Due.objects.filter(outcome="").exclude(reaction__startswith="recruitment.").exists()


def test_act_stands_and_nobody_is_blamed_when_rules_fail(
    make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_group("giver", "taker")
    match, giver, taker = match_and_seats(group)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("flow.services.rounds._expose", broken)
    assert act(match, giver, sent="4") == "stored"
    Match.objects.update(deadline_at=clock.now() - timedelta(seconds=10))
    show_life(Session.objects.get(seats=taker))
    assert Act.objects.get().values == {"sent": 4}
    assert person(giver).strikes == person(taker).strikes == 0
    match.refresh_from_db()
    assert (match.status, match.path) == ("open", "give")


def test_pages_to_read_wait_for_automated_seats_too(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker!")
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    act(match, giver, more="no")
    act(match, taker, more="no")
    assert match.path == "haggle:1/say"
    act(match, giver)
    match.refresh_from_db()
    assert match.path == "seen", "ended before the other seat could have read: it would be known as no person"
    assert Event.objects.filter(kind="turn.opened", subject_id=taker.pk, facts__path="seen").exists()


def test_automated_seat_that_missed_is_shown_that_the_round_is_void_like_anybody(make_group: MakeGroup) -> None:
    group = make_group("giver!", "giver", "taker!", "taker")
    giver = group.seats.get(number=1)
    match = group.matches.get(placings__seat=giver)
    late(match)
    assert match.path == "~void"
    turns = Event.objects.filter(kind="turn.opened", facts__match=match.pk, facts__path="~void")
    assert giver.pk in turns.values_list("subject_id", flat=True)


def test_automated_seat_that_misses_again_and_again_leaves_like_a_person(make_group: MakeGroup) -> None:
    group = make_group("giver!", "giver", "taker", "taker", rounds=3)
    giver = group.seats.get(number=1)
    for number in (1, 2):
        giver.refresh_from_db()
        assert giver.status == "sitting"
        for match in group.matches.filter(round=number):
            if match.placings.filter(seat=giver).exists():
                late(match)
                late(match)
            else:
                while match.path:
                    late(match)
    giver.refresh_from_db()
    assert giver.status == "left"


def test_what_the_game_goes_on_without_is_no_strike_for_anybody(make_group: MakeGroup) -> None:
    rule = {"strikes": 2, "exit": "inactive", "impute": {"give": {"sent": 0}}}
    group = make_group("giver!", "giver", "taker", "taker", on_timeout=rule)
    giver = group.seats.get(number=1)
    match = group.matches.get(placings__seat=giver)
    taker = match.placings.exclude(seat=giver).get().seat
    late(match)
    act(match, taker, more="no")
    late(match)
    giver.refresh_from_db()
    assert (match.void_path, giver.status) == ("haggle:1/say", "sitting")


def test_two_who_miss_at_once_leave_by_their_exits_once(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker", on_timeout={"strikes": 1, "exit": "inactive"})
    match, giver, taker = match_and_seats(group)
    act(match, giver, sent="4")
    late(match)
    assert {person(giver).exit, person(taker).exit} <= {"inactive", "partners_left"}
    assert "inactive" in {person(giver).exit, person(taker).exit}
    group.refresh_from_db()
    assert group.status == "ended"
