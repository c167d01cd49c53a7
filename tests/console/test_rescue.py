"""Helping people who are stuck: from the command line, with a reason, and never past what the study file declares."""

import re
from datetime import timedelta
from io import StringIO
from itertools import count
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from console.services import Demo
from events import clock
from events.models import Due, Event
from flow.deadlines import stream_of
from flow.models import Match
from flow.queries import rev_of
from flow.services import games, rescue, sessions
from matching.models import Group, Seat
from participants.models import Participant
from participants.services import enter
from scheduling.models import Session
from studies import definition

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "they rang and said that their computer froze"
_numbers = count(1)


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip()


def newcomer(demo: Demo) -> Participant:
    """Somebody at the consent page."""
    return enter(demo.play_token, form_key=f"{next(_numbers):x}".rjust(32, "0")).participant


def at(demo: Demo, stage: str) -> Participant:
    """Somebody at another stage, with its time running."""
    person = newcomer(demo)
    stages = [one.id for one in definition.definition(person.version).stages]
    Session.objects.filter(participant=person).update(stage=stages.index(stage))
    return person


def playing(demo: Demo) -> Group:
    """A group of four people and two policies in its first round."""
    version = demo.study.versions.get()
    group = Group.objects.create(
        version=version, code=f"gplaying{next(_numbers)}", stage="game", condition="label=hidden", rounds=4
    )
    roles = ["selector", "selector", "candidate", "candidate", "candidate", "candidate"]
    for number, role in enumerate(roles, start=1):
        person = at(demo, "game") if number <= 4 else None
        facts = (
            {"kind": "human", "occupant": "person"}
            if person
            else {"kind": "ai", "occupant": "policy", "policy": "fair"}
        )
        session = person.sessions.get() if person else None
        Seat.objects.create(group=group, number=number, role=role, participant=person, session=session, **facts)
    games.begin(group.pk)
    return group


def person_in(group: Group, number: int) -> Participant:
    person = group.seats.get(number=number).participant
    assert person is not None
    return person


@pytest.mark.parametrize(
    "words",
    [["extend"], ["move", "quiz"], ["end", "--exit", "left"], ["link"], ["replace", "fair", "--exit", "inactive"]],
)
def test_nothing_is_done_without_a_reason(demo: Demo, words: list[str]) -> None:
    person = at(demo, "quiz")
    before = Event.objects.count()
    with pytest.raises(CommandError, match="say why"):
        run("participant", words[0], person.code, *words[1:])
    assert Event.objects.count() == before


def test_show_says_where_somebody_is(demo: Demo) -> None:
    group = playing(demo)
    said = run("participant", "show", person_in(group, 1).code)
    for part in ("game (game)", f"group            {group.code}", "step             ask", "round            1 of 4"):
        assert part in said
    assert "hidden" not in said
    said = run("group", "show", group.code)
    assert "seat 5     candidate, policy, sitting" in said
    assert f"seat 1     selector, {person_in(group, 1).code}, sitting, at game, last seen " in said
    assert re.search(r"at ask, time left: \d+ s; not acted yet: [12]", said)
    with pytest.raises(CommandError, match="no participant has the code"):
        run("participant", "show", "pnobody")


def test_extend_moves_the_deadline_of_the_step_and_its_row(demo: Demo) -> None:
    group = playing(demo)
    person = person_in(group, 1)
    match = Match.objects.get(placings__seat__participant=person)
    before = match.deadline_at
    assert before is not None
    run("participant", "extend", person.code, "--seconds", "300", "--reason", WHY)
    match.refresh_from_db()
    assert match.deadline_at == before + timedelta(seconds=300)
    (row,) = Due.objects.filter(key=f"match:{match.pk}:{match.rev}", outcome="")
    assert row.run_after > match.deadline_at
    event = Event.objects.get(kind="rescue.extend")
    assert (event.subject_kind, event.subject_id, event.facts["reason"]) == ("participant", person.pk, WHY)


def test_extend_reaches_the_pages_of_all_in_the_match(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    group = playing(demo)
    match = Match.objects.get(placings__seat=group.seats.get(number=1))
    visits = list(Session.objects.filter(seats__placings__match=match).select_related("participant"))
    before = [rev_of(session) for session in visits]
    woken = pointers(monkeypatch)
    rescue.extend(person_in(group, 1).code, seconds=60, reason=WHY)
    assert woken == {stream_of(session) for session in visits}
    assert len(woken) > 1
    for session, old in zip(visits, before, strict=True):
        assert rev_of(session) != old


def test_extend_and_move_reach_the_page_of_a_stage(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    session = newcomer(demo).sessions.get()
    woken = pointers(monkeypatch)
    for change in (
        lambda: rescue.move(session.participant.code, stage="quiz", reason=WHY),
        lambda: rescue.extend(session.participant.code, seconds=100, reason=WHY),
    ):
        woken.clear()
        old = rev_of(session)
        change()
        session.refresh_from_db()
        assert rev_of(session) != old
        assert woken == {stream_of(session)}


def test_answer_on_its_way_counts_when_time_is_extended(demo: Demo) -> None:
    group = playing(demo)
    session = person_in(group, 1).sessions.get()
    rev = rev_of(session)
    rescue.extend(person_in(group, 1).code, seconds=60, reason=WHY)
    assert rev_of(session) != rev
    assert sessions.submit(session.pk, key=uuid4(), rev=rev, data={}).outcome == "stored"


def pointers(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The streams that are woken from now on."""
    woken: set[str] = set()
    monkeypatch.setattr("events.announce.pointer", lambda stream, **_seq: woken.add(stream))
    return woken


def test_extend_says_how_long_it_is_unless_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("participant", "extend", "--help")
    assert "how much more; 60 unless given" in capsys.readouterr().out


def test_extend_counts_from_now_when_time_was_up(demo: Demo) -> None:
    group = playing(demo)
    person = person_in(group, 1)
    Match.objects.update(deadline_at=clock.now() - timedelta(seconds=1))
    until = rescue.extend(person.code, seconds=60, reason=WHY)
    assert timedelta(seconds=55) < until - clock.now() <= timedelta(seconds=60)


def test_extend_moves_the_deadline_of_a_stage(demo: Demo) -> None:
    person = newcomer(demo)
    rescue.move(person.code, stage="quiz", reason=WHY)
    until = rescue.extend(person.code, seconds=100, reason=WHY)
    assert timedelta(seconds=690) < until - clock.now() <= timedelta(seconds=700)
    with pytest.raises(CommandError, match="no time limit"):
        run("participant", "extend", newcomer(demo).code, "--reason", WHY)


def test_move_takes_somebody_forward_and_back(demo: Demo) -> None:
    person = newcomer(demo)
    for stage in ("after", "instructions"):
        run("participant", "move", person.code, stage, "--reason", WHY)
        assert f"stage            {stage} " in run("participant", "show", person.code)
    with pytest.raises(CommandError, match="nobody can be moved to"):
        run("participant", "move", person.code, "game", "--reason", WHY)


def test_move_is_refused_in_a_running_group_and_possible_after_it(demo: Demo) -> None:
    group = playing(demo)
    person = person_in(group, 2)
    with pytest.raises(CommandError, match="running group"):
        run("participant", "move", person.code, "after", "--reason", WHY)
    run("group", "end", group.code, "--reason", WHY)
    group.refresh_from_db()
    assert (group.status, group.end_reason) == ("ended", "researcher")
    run("participant", "move", person.code, "debrief", "--reason", WHY)
    assert Event.objects.filter(kind__in=["rescue.end_group", "rescue.move"]).count() == 2


def test_end_leaves_by_a_declared_exit_with_its_pay(demo: Demo) -> None:
    group = playing(demo)
    person = person_in(group, 3)
    with pytest.raises(CommandError, match="declares no exit"):
        run("participant", "end", person.code, "--exit", "fired", "--reason", WHY)
    run("participant", "end", person.code, "--exit", "inactive", "--reason", WHY)
    person.refresh_from_db()
    assert (person.status, person.exit, person.settlement.exit) == ("finished", "inactive", "inactive")
    assert group.seats.get(number=3).status == "left"
    with pytest.raises(CommandError, match="has left already"):
        run("participant", "end", person.code, "--exit", "left", "--reason", WHY)


def test_replace_seats_a_declared_stand_in_and_flags_the_group(demo: Demo) -> None:
    group = playing(demo)
    person = person_in(group, 4)
    with pytest.raises(CommandError, match="changes the treatment"):
        run("participant", "replace", person.code, "selfish", "--exit", "inactive", "--reason", WHY)
    assert group.seats.count() == 6
    run("participant", "replace", person.code, "noisy", "--exit", "inactive", "--reason", WHY)
    group.refresh_from_db()
    new = group.seats.get(number=7)
    assert (new.role, new.policy, new.is_stand_in, new.participant, new.status) == (
        "candidate",
        "noisy",
        True,
        None,
        "sitting",
    )
    assert group.is_filled
    assert group.status == "active"
    person.refresh_from_db()
    assert person.exit == "inactive", "as the researcher says, and not that they chose to leave"
    old = group.seats.get(number=4)
    assert (old.status, old.participant) == ("left", person)


def test_replace_is_refused_where_no_other_person_sits(demo: Demo) -> None:
    group = playing(demo)
    person = person_in(group, 4)
    group.seats.filter(number__lt=4).update(status="left")
    with pytest.raises(CommandError, match="use `participant end`"):
        run("participant", "replace", person.code, "noisy", "--exit", "inactive", "--reason", WHY)
    assert group.seats.count() == 6
    assert group.seats.get(number=4).status == "sitting"


def test_link_revokes_the_old_and_prints_the_new_once(demo: Demo) -> None:
    person = newcomer(demo)
    first = run("participant", "link", person.code, "--reason", WHY)
    second = run("participant", "link", person.code, "--reason", WHY)
    browser = Client()
    way_in = second.rpartition("/j/")[2]
    assert browser.post(reverse("landing", args=[way_in])).status_code in (302, 303)
    assert browser.get("/s/").status_code == 200
    assert Client().post(reverse("landing", args=[first.rpartition("/j/")[2]])).status_code >= 400
    assert way_in not in str(list(Event.objects.values_list("facts", flat=True)))
