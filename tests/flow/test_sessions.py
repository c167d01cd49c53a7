"""What becomes of a form, and what the page says next."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client

from events import clock
from events.models import Event
from flow.errors import FlowError
from flow.models import Act, Match, Submission
from flow.queries import page_of, rev_of
from flow.services import sessions
from flow.services.locking import retry_lock
from matching.models import Group
from participants.models import Participant
from participants.tokens import digest
from scheduling.models import Session
from studies import definition
from tests.machinery.people import show_life

MakeGroup = Callable[..., Group]
pytestmark = pytest.mark.django_db


def session_of(group: Group, number: int) -> Session:
    session = group.seats.get(number=number).session
    assert session is not None
    return Session.objects.select_related("participant__version__study").get(pk=session.pk)


def send(session: Session, key: UUID | None = None, rev: str | None = None, **data: str) -> str:
    rev = rev_of(session) if rev is None else rev
    return sessions.submit(session.pk, key=key or uuid4(), rev=rev, data=data).outcome


def test_form_is_taken_once_under_its_key(make_group: MakeGroup) -> None:
    session = session_of(make_group("giver", "taker"), 1)
    key, rev = uuid4(), rev_of(session)
    assert [send(session, key, rev, sent="4") for _ in range(3)] == ["stored"] * 3
    assert Act.objects.get().key == str(key)
    assert Submission.objects.get().stage == "game"


def test_same_key_with_another_body_is_a_conflict(make_group: MakeGroup) -> None:
    session = session_of(make_group("giver", "taker"), 1)
    key, rev = uuid4(), rev_of(session)
    send(session, key, rev, sent="4")
    with pytest.raises(FlowError) as refused:
        send(session, key, rev, sent="5")
    assert refused.value.code == "conflict"
    assert Act.objects.get().values == {"sent": 4}


def test_stale_page_changes_nothing(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    session = session_of(group, 1)
    old = rev_of(session)
    send(session, sent="4")
    assert send(session, rev=old, sent="9") == "stale"
    assert send(session, rev="garbage", more="no") == "stale"
    assert Act.objects.get().values == {"sent": 4}


def test_refused_form_leaves_no_row(make_group: MakeGroup) -> None:
    session = session_of(make_group("giver", "taker"), 1)
    events = Event.objects.count()
    result = sessions.submit(session.pk, key=uuid4(), rev=rev_of(session), data={"sent": "many"})
    assert (result.outcome, list(result.errors)) == ("refused", ["sent"])
    assert (Submission.objects.count(), Act.objects.count(), Event.objects.count()) == (0, 0, events)


def test_form_after_the_deadline_is_kept_as_late_and_not_counted(make_group: MakeGroup) -> None:
    session = session_of(make_group("giver", "taker"), 1)
    Match.objects.update(deadline_at=clock.now() - timedelta(seconds=10))
    assert send(session, sent="4") == "late"
    assert not Act.objects.exists()
    assert Submission.objects.get().outcome == "late"


def test_waiting_seat_cannot_act_for_the_other(make_group: MakeGroup) -> None:
    session = session_of(make_group("giver", "taker"), 2)
    assert page_of(session).fields == ()
    assert send(session, sent="4") == "stale", "stored would say that it counts"
    assert not Act.objects.exists()


def test_page_follows_the_game(make_group: MakeGroup) -> None:
    group = make_group("giver", "giver", "taker", rounds=1)
    by_number = {n: session_of(group, n) for n in (1, 2, 3)}
    page = page_of(by_number[1])
    assert [field.key for field in page.fields] == ["sent"]
    assert (page.title, page.button, page.where) == ("The page give_giver", "Send", "Step 1 of 1")
    assert "You have 10 points." in page.html
    assert page_of(by_number[2]).title == "The page sit_out"
    send(by_number[1], sent="4")
    send(by_number[1], more="no")
    done = page_of(by_number[1])
    assert (done.fields, done.button) == ((), "")
    assert "Saved" in done.note


def test_page_changes_its_revision_only_when_it_changes(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    giver, taker = session_of(group, 1), session_of(group, 2)
    before = rev_of(giver), rev_of(taker)
    assert (rev_of(giver), rev_of(taker)) == before
    send(giver, sent="4")
    opened = rev_of(taker)
    assert opened != before[1]
    send(giver, more="no")
    assert rev_of(taker) == opened, "a blind act must not show in the other's page"


def test_revision_cannot_be_made_from_row_numbers_alone(make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch) -> None:
    giver = session_of(make_group("giver", "taker"), 1)
    before = rev_of(giver)
    other = definition.version_of(giver.participant.version_id)
    other.seed = "another"
    monkeypatch.setattr(definition, "version_of", lambda _: other)
    assert [one != two for one, two in zip(before.split("."), rev_of(giver).split("."), strict=True)] == [True, True]


def test_leaving_twice_is_harmless_and_ends_in_one_exit(make_group: MakeGroup) -> None:
    group = make_group("giver", "giver", "taker", "taker")
    session = session_of(group, 1)
    for _ in range(2):
        sessions.leave(session.pk)
    assert Participant.objects.get(pk=session.participant_id).exit == "left"
    assert Event.objects.filter(kind="session.finished").count() == 1
    assert send(session, rev="x", sent="4") == "stale"


def test_withdrawal_is_marked(make_group: MakeGroup) -> None:
    session = session_of(make_group("giver", "taker"), 1)
    sessions.leave(session.pk, withdraw=True)
    person = Participant.objects.get(pk=session.participant_id)
    assert (person.status, person.exit) == ("withdrawn", "withdrawn")
    ended = Event.objects.get(kind="session.finished", subject_id=session.pk)
    assert ended.facts == {"exit": "withdrawn", "status": "withdrawn"}


def test_sign_of_life_acts_on_a_passed_deadline(make_group: MakeGroup) -> None:
    group = make_group("giver", "taker")
    Match.objects.update(deadline_at=clock.now() - timedelta(seconds=10))
    show_life(session_of(group, 2))
    assert group.matches.get().status == "void"


@pytest.mark.django_db(transaction=True)
def test_eight_threads_with_one_key_store_one_act(make_group: MakeGroup) -> None:
    session = session_of(make_group("giver", "taker"), 1)
    key, rev, start, outcomes = uuid4(), rev_of(session), Barrier(8), []

    def work() -> None:
        try:
            start.wait(10)
            outcomes.append(send(session, key, rev, sent="4"))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes == ["stored"] * 8
    assert Act.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_with_two_keys_store_one_act(make_group: MakeGroup) -> None:
    session = session_of(make_group("giver", "taker"), 1)
    rev, start, outcomes = rev_of(session), Barrier(4), []

    def work(value: str) -> None:
        try:
            start.wait(10)
            outcomes.append(send(session, rev=rev, sent=value))
        finally:
            connection.close()

    threads = [Thread(target=work, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["stale", "stale", "stale", "stored"]
    assert Act.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_deadlock_is_tried_again_and_never_shown() -> None:
    tries = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")
        return "done"

    assert retry_lock(work) == "done"
    assert len(tries) == 3


def test_form_whose_place_is_gone_is_answered_with_the_page_that_is(
    make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_group("giver", "taker")
    giver = group.seats.get(role="giver")
    session = Session.objects.get(seats=giver)
    secret = "s" * 43
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest(secret))
    client = Client(headers={"host": "localhost"})
    client.cookies["seat"] = secret

    def gone(*_: object, **__: object) -> None:
        raise FlowError("not_here", "the session's seat kept changing; try again")

    monkeypatch.setattr("flow.services.sessions.submit", gone)
    form = urlencode({"key": str(uuid4()), "rev": rev_of(session), "sent": "3"})
    answer = client.post("/s/", form, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 409
    assert "That page was over already." in answer.content.decode()
