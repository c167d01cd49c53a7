"""Outside the staffed hours no conversation begins, where the study file says so; and nobody loses anything by it."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from events import clock
from events.models import Due, Event
from flow.queries import page_of, rev_of
from flow.services import sessions, visits
from matching.models import Ticket
from participants.models import Participant
from scheduling.models import Session
from studies.models import Study
from tests.chat.rooms import make_version
from tests.chat.safe_rooms import past_guards
from tests.studies.test_safety_checks import DECLARED, said

pytestmark = pytest.mark.django_db
SUNDAY = datetime(2027, 3, 7, 12, tzinfo=UTC)
MONDAY = datetime(2027, 3, 8, 7, tzinfo=UTC)  # 8:00 in Berlin
TEXTS = {"pages/void.md": "# Please wait\n\nIt takes a moment.", "pages/exit.md": "# Thank you\n\nThat was all."}


@pytest.fixture(autouse=True)
def it_is_sunday() -> None:
    """Nobody is there."""
    clock.simulate()
    clock.stand(SUNDAY)


def arrive(*, outside: str = "closed", study: dict[str, Any] | None = None) -> Session:
    """Somebody comes to the door of a conversation."""
    declared = deepcopy(DECLARED)
    declared["staffed"]["outside"] = outside
    version = make_version(said(declared, model=False), TEXTS)
    if study:
        with past_guards():
            Study.objects.filter(pk=version.study_id).update(**study)
    n = Participant.objects.count()
    person = Participant.objects.create(
        study=version.study, version=version, code=f"p{n:010d}", token_sha256=f"{n:064d}", origin="link"
    )
    person.refresh_from_db()
    return sessions.start(person)


def press(session: Session) -> str:
    """Press the button of the page."""
    return sessions.submit(session.pk, key=uuid4(), rev=rev_of(session), data={}).outcome


def kinds(session: Session) -> list[str]:
    """What happened to a session."""
    found = Event.objects.filter(subject_kind="session", subject_id=session.pk).order_by("pk")
    return [kind for kind in found.values_list("kind", flat=True) if kind in ("talk.shut", "stage.opened")]


def test_whoever_comes_at_night_is_told_when_and_goes_on_then() -> None:
    session = arrive()
    page = page_of(session)
    assert page.title == "Your conversation cannot begin now"
    assert page.button == ""
    assert "Monday, March 8, 08:00" in page.html
    assert "Friday 08:00" in page.html
    assert not Ticket.objects.exists(), "nobody waits for somebody who waits"
    shut = rev_of(session)
    clock.stand(MONDAY)
    session = Session.objects.get(pk=session.pk)
    assert rev_of(session) != shut, "the page changes by itself"
    assert page_of(session).button == "Go on"
    assert press(session) == "stored"
    assert Ticket.objects.count() == 1
    assert kinds(session) == ["talk.shut", "stage.opened"]
    assert Session.objects.get(pk=session.pk).facts.get("closed") is None


def test_button_that_is_pressed_too_early_leads_to_the_same_page() -> None:
    session = arrive()
    assert press(session) == "stored"
    session = Session.objects.get(pk=session.pk)
    assert page_of(session).title == "Your conversation cannot begin now"
    assert kinds(session) == ["talk.shut", "talk.shut"]


def test_while_somebody_is_there_and_where_it_is_open_nobody_waits() -> None:
    assert kinds(arrive(outside="open")) == ["stage.opened"]
    clock.stand(MONDAY)
    assert kinds(arrive()) == ["stage.opened"]


@pytest.mark.parametrize("exempt", ["is_demo", "is_simulated"])
def test_demonstrations_and_simulations_are_never_closed(exempt: str) -> None:
    assert kinds(arrive(study={exempt: True})) == ["stage.opened"]


def test_silence_until_the_hours_begin_ends_nothing() -> None:
    session = arrive()

    def look() -> str:
        sessions.end_if_gone(session.pk, settle=lambda: None)
        return str(Session.objects.get(pk=session.pk).status)

    clock.stand(SUNDAY + timedelta(hours=3))
    assert look() == Session.Status.ACTIVE
    watched = Due.objects.get(reaction="flow.tasks.end_if_gone", outcome="")
    clock.stand(MONDAY + timedelta(minutes=59))
    assert look() == Session.Status.ACTIVE
    clock.stand(MONDAY + timedelta(minutes=61))
    assert look() == Session.Status.FINISHED
    assert Participant.objects.get().exit == visits.LEFT
    assert watched.run_after > SUNDAY
