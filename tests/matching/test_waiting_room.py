"""Waiting, being asked, leaving with pay, being seated: rows and services together."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from events import clock
from events.models import Due, Event
from flow.framing import kept_on_leaving
from flow.services import forming, sessions
from matching import rules
from matching.models import Group, Seat, Ticket
from participants.models import Participant
from recruitment.models import Settlement
from scheduling.models import Session
from tests.machinery.people import (
    FOLDER,
    MakeVersion,
    at_once,
    at_stage,
    fresh,
    let_pass,
    page,
    send,
    show_life,
    stage_id,
    ticket,
)
from tests.machinery.study_files import read_study

pytestmark = pytest.mark.django_db(transaction=True)


def form(session: Session) -> int:
    return forming.form_groups(session.participant.version_id, "lobby")


def statuses(*people: Session) -> list[str]:
    return [ticket(one).status for one in people]


def test_page_never_tells_how_many_are_people(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "lobby")
    said = page(session)
    assert said.note == "More players are needed. We cannot say yet how long it takes."
    assert said.poll_seconds == 5
    assert [one["name"] for one in said.facts["also"]] == ["leave"]
    assert said.facts["also"][0]["label"] == "Leave now with £1.00 and the pay for waiting"


def test_page_counts_where_everyone_is_a_person(make_version: MakeVersion) -> None:
    version = make_version(roles={"giver": {"humans": 2}, "taker": {"humans": 1}})
    here = [at_stage(version, "lobby") for _ in range(2)]
    assert page(here[0]).note.startswith("1 more player is needed.")


def test_expected_wait_is_said_once_enough_have_come(make_version: MakeVersion) -> None:
    version = make_version(roles={"giver": {"humans": 4}, "taker": {"humans": 4}})
    here = [at_stage(version, "lobby") for _ in range(4)]
    for n, one in enumerate(here):
        let_pass(55 * (n + 1), one)
    assert page(here[0]).note == "4 more players are needed. It takes about 4 minutes."


def test_nobody_is_seated_before_saying_ready(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    assert statuses(*here) == ["asked"] * 3
    send(here[0])
    send(here[1])
    assert statuses(*here) == ["ready", "ready", "asked"]
    assert not Group.objects.exists()
    assert page(here[0]).button == ""
    assert page(here[0]).note.startswith("Thank you")


def test_ready_twice_is_ready_once(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    at_once([lambda: send(here[0])] * 4)
    assert statuses(*here) == ["ready", "asked", "asked"]
    assert Event.objects.filter(kind="ticket.ready").count() == 1


def test_question_and_answer_wake_the_page(make_version: MakeVersion) -> None:
    version = make_version()
    first = at_stage(version, "lobby")
    rev = fresh(first).rev
    for _ in range(2):
        at_stage(version, "lobby")
    assert fresh(first).rev > rev


def test_silent_person_is_sent_back_once_and_away_with_pay_the_second_time(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    send(here[0])
    send(here[1])
    let_pass(23, *here)
    form(here[0])
    assert statuses(*here) == ["ready", "ready", "asked"]
    assert ticket(here[2]).misses == 1
    let_pass(23, *here)
    form(here[0])
    assert statuses(*here) == ["ready", "ready", "expired"]
    assert fresh(here[2]).participant.exit == "no_group"
    settled = Settlement.objects.get()
    assert (settled.base_minor, settled.waiting_minor) == (100, 10)


def test_next_in_the_queue_is_asked_when_somebody_does_not_answer(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(4)]
    assert statuses(*here) == ["asked", "asked", "asked", "waiting"]
    send(here[0])
    send(here[1])
    let_pass(23, *here)
    Ticket.objects.filter(session=here[2]).update(seen_at=ticket(here[2]).seen_at - timedelta(minutes=1))
    form(here[0])
    assert statuses(*here) == ["ready", "ready", "waiting", "asked"]
    send(here[3])
    assert statuses(*here) == ["seated", "seated", "waiting", "seated"]


def test_late_answer_is_no_answer(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    let_pass(23, *here)
    send(here[0])
    assert ticket(here[0]).ready_at is None


def test_who_was_away_is_not_asked_and_on_return_a_group_is_looked_for(make_version: MakeVersion) -> None:
    version = make_version()
    away = at_stage(version, "lobby")
    Ticket.objects.update(seen_at=ticket(away).seen_at - rules.PRESENT * 2)
    others = [at_stage(version, "lobby") for _ in range(2)]
    assert statuses(away, *others) == ["waiting"] * 3
    show_life(away)
    assert statuses(away, *others) == ["asked"] * 3


def test_leaving_the_waiting_room_pays_its_exit_and_each_minute_begun(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "lobby")
    let_pass(125, session)
    assert send(session, leave="1") == "stored"
    assert ticket(session).status == "left"
    assert ticket(session).waited_seconds == pytest.approx(125, abs=3)
    settled = Settlement.objects.get()
    assert (settled.exit, settled.base_minor, settled.waiting_minor) == ("no_group", 100, 30)


def test_leaving_the_study_ends_the_waiting_too(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "lobby")
    sessions.leave(session.pk, withdraw=True)
    assert ticket(session).status == "left"
    person = Participant.objects.get()
    assert (person.status, person.exit) == ("withdrawn", "no_group")
    assert Settlement.objects.get().waiting_minor == 10


def test_whoever_leaves_goes_by_the_exit_of_their_own_where_there_is_one(make_version: MakeVersion) -> None:
    """By the button and by the page that says what leaving means; who waited in vain goes by the other."""
    version = make_version(lobby={"on_leave": {"exit": "partners_left"}})  # it pays in full
    one, other = (at_stage(version, "lobby") for _ in range(2))
    assert page(one).facts["also"][0]["label"] == "Leave now with the pay for waiting"
    assert kept_on_leaving(fresh(one)).startswith("If you leave now, you are paid in full")
    assert send(one, leave="1") == "stored"
    sessions.leave(other.pk)
    third = at_stage(version, "lobby")
    let_pass(603, third)
    sessions.stage_overdue(third.pk, fresh(third).stage)
    assert [fresh(each).participant.exit for each in (one, other, third)] == [
        "partners_left", "partners_left", "no_group",
    ]  # fmt: skip


def test_longest_wait_ends_with_pay(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "lobby")
    let_pass(603, session)
    sessions.stage_overdue(session.pk, fresh(session).stage)
    assert ticket(session).status == "expired"
    assert fresh(session).participant.exit == "no_group"
    assert Settlement.objects.get().waiting_minor == 110


def test_end_of_the_wait_does_not_take_away_a_place_that_is_being_offered(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    session = fresh(here[0])
    Session.objects.filter(pk=session.pk).update(facts={"until": "2020-01-01T00:00:00+00:00"})
    sessions.stage_overdue(session.pk, session.stage)
    assert statuses(*here) == ["asked"] * 3
    for one in here:
        send(one)
    assert Group.objects.count() == 1


def test_time_away_is_not_paid(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "lobby")
    let_pass(300, session)
    Ticket.objects.update(seen_at=ticket(session).joined_at + timedelta(seconds=30))
    sessions.leave(session.pk)
    assert ticket(session).waited_seconds == 45


def test_who_looks_where_nothing_has_changed_writes_nothing(make_version: MakeVersion) -> None:
    version = make_version()
    for one in [at_stage(version, "lobby") for _ in range(3)][:2]:
        send(one)
    written: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        written.extend([sql] if re.match(r"\s*(INSERT|UPDATE|DELETE)", sql) else [])
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        forming.form_groups(version.pk, "lobby", waits=False)
    assert not written
    with connection.execute_wrapper(note):
        forming.form_groups(version.pk, "lobby")
    assert [sql for sql in written if "events_due" in sql], "whoever does the work of a row plans the next look"
    joined, ready = (settings.REACTIONS[kind] for kind in ("ticket.joined", "ticket.ready"))
    assert all(one.after_seconds < forming.SOON.total_seconds() for one in (*joined, *ready)), "the row comes before"


def test_sign_of_life_of_who_only_waits_moves_nobody(make_version: MakeVersion) -> None:
    alone = at_stage(make_version(), "lobby")
    before = ticket(alone).seen_at
    assert not show_life(alone)
    assert ticket(alone).seen_at > before
    Ticket.objects.update(seen_at=clock.now() - rules.PRESENT - timedelta(seconds=1))
    assert show_life(alone), "who was away may be seated by it"


def test_stand_ins_come_only_where_the_study_file_says_so(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "lobby")
    assert ticket(session).status == "waiting"
    let_pass(500, session)
    form(session)
    assert not Group.objects.exists()


def test_stand_ins_are_seated_after_their_time_under_the_label_of_a_person(make_version: MakeVersion) -> None:
    version = make_version(fill={"after_seconds": 8})
    session = at_stage(version, "lobby")
    assert ticket(session).status == "asked"
    send(session)
    ready_at = ticket(session).ready_at
    assert ready_at is not None
    Due.objects.filter(reaction="flow.tasks.form_groups").update(outcome="done", done_at=ready_at)
    form(session)
    due = Due.objects.get(reaction="flow.tasks.form_groups", outcome="")
    assert (due.run_after - ready_at).total_seconds() == pytest.approx(8, abs=1)
    assert not Group.objects.exists()
    let_pass(8, session)
    show_life(session)
    group = Group.objects.get()
    assert group.is_filled
    stand_ins = group.seats.filter(is_stand_in=True)
    assert {(seat.kind, seat.occupant, seat.partner, seat.policy) for seat in stand_ins} == {
        ("ai", "policy", "person", "half")
    }
    assert stand_ins.count() == 2
    person = group.seats.get(participant=session.participant)
    assert {seat.label for seat in stand_ins} == {person.label}
    assert stage_id(fresh(session)) == "briefing"


def test_preview_never_meets_people_who_take_part(make_version: MakeVersion) -> None:
    version = make_version()
    live = [at_stage(version, "lobby") for _ in range(2)]
    preview = at_stage(version, "lobby", origin="preview")
    assert statuses(*live, preview) == ["waiting"] * 3
    live.append(at_stage(version, "lobby"))
    assert statuses(*live, preview) == ["asked"] * 3 + ["waiting"]
    for one in live:
        send(one)
    assert Group.objects.get().origin == "live"


def test_automated_seats_carry_what_was_drawn_for_them(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    for one in here:
        send(one)
    seat = Seat.objects.get(occupant="policy")
    assert (seat.kind, seat.partner, seat.policy, seat.participant) == ("ai", "computer", "half", None)
    assert set(seat.settings) == {"delay", "asked_if_ai", "numbers"}
    assert Seat.objects.filter(occupant="person", settings={}).count() == 3


def test_automated_seats_carry_how_they_say_things_where_the_file_does(make_version: MakeVersion) -> None:
    partners = read_study(FOLDER)["partners"]
    partners["computer"]["delivery"] = {"floor": "one", "bubbles": 2}
    version = make_version(partners=partners)
    here = [at_stage(version, "lobby") for _ in range(3)]
    for one in here:
        send(one)
    settings = Seat.objects.get(occupant="policy").settings
    assert (settings["delivery"]["floor"], settings["delivery"]["bubbles"]) == ("one", 2)
    assert settings["delivery"]["if_interrupted"] == "keep"


def test_every_status_follows_from_its_events(make_version: MakeVersion) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    send(here[0])
    let_pass(23, *here[1:])
    form(here[0])
    for one in here:
        kinds = list(
            Event.objects.filter(subject_kind="ticket", subject_id=ticket(one).pk)
            .order_by("pk")
            .values_list("kind", flat=True)
        )
        last = {"ticket.ready": "ready", "ticket.asked": "asked", "ticket.back": "waiting"}[kinds[-1]]
        assert ticket(one).status == last
        assert kinds[0] == "ticket.joined"


def test_who_is_not_asked_is_seated_however_late_and_sent_away_only_when_the_longest_wait_is_over(
    make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when hundreds come at once: seating takes minutes, and nobody is asked a question that no page shows."""
    roles = {"giver": {"humans": 1}, "taker": {"ai": 1}}
    version = make_version(roles=roles, lobby={"asks_ready": False, "max_wait_seconds": 600})
    with monkeypatch.context() as slow:
        slow.setattr(forming, "try_after_commit", lambda *_: None)
        late, later = at_stage(version, "lobby"), at_stage(version, "lobby")
    assert statuses(late, later) == ["ready", "ready"]
    let_pass(590, late)
    let_pass(700, later)
    sessions.stage_overdue(later.pk, fresh(later).stage)
    assert form(late) == 1
    assert statuses(late, later) == ["seated", "expired"]
