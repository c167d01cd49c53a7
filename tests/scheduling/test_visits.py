"""A study of several waves, from the link to the code: windows that open, are missed, broken off, and cancelled."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from events import clock, runner
from events.models import Due, Event
from exports.scope import Scope
from exports.tables.planned import PLANNED_SESSIONS
from flow.between import calendar_of
from flow.queries import rev_of
from flow.services import sessions, windows
from participants.access import cookie_name
from participants.models import Participant
from participants.services import make_link
from participants.tokens import digest
from recruitment.models import Settlement
from scheduling.models import ScheduledSession, Session
from scheduling.services import TURN
from studies.models import Version
from tests.machinery.people import (  # noqa: F401  fixtures are found by name
    at_once,
    fresh,
    make_version,
    newcomer,
    page,
    send,
    sharing_is_installed,
    show_life,
)
from verification.check import check

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 22, 13, 0, tzinfo=UTC)  # a Monday, six days before clocks go forward in Berlin
ZONES = [
    "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Los_Angeles", "America/St_Johns",
    "America/Santiago", "America/Havana", "America/Sao_Paulo", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut",
    "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Chatham",
    "Pacific/Auckland", "Pacific/Kiritimati",
]  # fmt: skip
SURVEY = {"kind": "survey", "items": "survey.yaml"}
FILE: dict[str, Any] = {
    "waves": [
        {
            "id": "intake",
            "then": "enrol",
            "stages": [
                {
                    "id": "consent",
                    "kind": "consent",
                    "document": "pages/consent.md",
                    "ticks": [{"id": "take_part", "label": "I agree."}],
                    "on_decline": {"exit": "declined"},
                },
                {"id": "before", **SURVEY},
            ],
        },
        {
            "id": "talk",
            "repeat": 3,
            "opens": {"anchor": "enrolment", "offset": "1d", "every": "3d", "at": "08:00"},
            "closes": {"after": "48h"},
            "grace": "4h",
            "min_gap": "20h",
            "stages": [{"id": "feel", **SURVEY}],
        },
        {
            "id": "final",
            "opens": {"anchor": {"wave": "talk", "event": "last_closed_or_completed"}, "offset": "1d"},
            "closes": {"after": "5d"},
            "stages": [{"id": "post", **SURVEY}, {"id": "debrief", "kind": "debrief", "page": "pages/debrief.md"}],
        },
    ],
    "timezone": {"source": "browser_confirmed"},
    "attendance": {"max_missed": 1, "max_excused": 2, "on_exceed": {"exit": "inactive"}},
    "factors": {},
    "conditions": {"cross": []},
    "allocation": {"unit": "participant", "at": "entry", "block_sizes": [1]},
    "groups": {},
    "partners": {},
    "deception": [],
    "told": {"ai_may_be_present": False, "share": "none", "who_knows": "nobody"},
    "payments": {"currency": "GBP", "base": "4.00", "per_wave": {"talk": "1.00"}, "minimum_hourly": "6.00"},
    "sample": {"unit": "participant", "target": 24, "counts": "completed"},
    "texts": {
        "pages/consent.md": "# Taking part\n\nYou come back four times.",
        "pages/exit.md": "# The end\n\nThanks.",
    },
}


@pytest.fixture
def version(make_version: Callable[..., Version]) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    return make_version(**FILE)


def newest(session: Session) -> Session:
    """The person's newest visit."""
    return fresh(Session.objects.filter(participant=session.participant_id).latest("pk"))


def answer(session: Session, *, zone: str = "Europe/Berlin") -> Session:
    """Send what leads on, and return the newest visit."""
    known = {"tick": "yes", "zone": zone}
    here = page(session)
    data = {field.key: known.get(field.kind) or str(field.simulate(Random(1))) for field in here.fields}
    assert send(session, **data) == "stored"
    return newest(session)


def enrolled(version: Version, *, zone: str = "Europe/Berlin") -> Session:
    """Somebody who has finished the first wave and confirmed their zone."""
    session = newcomer(version)
    while session.status == Session.Status.ACTIVE:
        session = answer(session, zone=zone)
    return session


def rows(session: Session) -> list[ScheduledSession]:
    return list(ScheduledSession.objects.filter(participant=session.participant_id).order_by("number"))


def states(session: Session) -> list[str]:
    return [row.state for row in rows(session)]


def pass_to(at: datetime) -> None:
    """Let time pass, and everything be done that is due by then."""
    clock.stand(at)
    runner.drain("jobs")


def take_part(session: Session) -> Session:
    """Begin the visit that is open, and finish it."""
    assert page(session).button == "Begin"
    session = answer(session)
    while session.status == Session.Status.ACTIVE:
        session = answer(session)
    return session


def berlin(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A time in Berlin before and after clocks go forward, on 28 March 2027 at one o'clock UTC."""
    at = datetime(year, month, day, hour, minute, tzinfo=UTC)
    return at - timedelta(hours=1 if at < datetime(2027, 3, 28, 2, tzinfo=UTC) else 2)


def test_whole_course_from_the_link_to_the_code(version: Version) -> None:
    session = enrolled(version)
    assert [row.planned_open for row in rows(session)] == [
        berlin(2027, 3, 23, 8), berlin(2027, 3, 26, 8), berlin(2027, 3, 29, 8), None,
    ]  # fmt: skip
    assert "Tuesday, March 23, 08:00" in page(session).facts["next"]
    assert page(session).button == ""
    for day in (23, 26, 29):
        pass_to(berlin(2027, 3, day, 8))
        session = take_part(session)
    assert states(session) == ["completed"] * 3 + ["planned"]
    pass_to(berlin(2027, 3, 30, 8))
    session = take_part(session)
    person = Participant.objects.get(pk=session.participant_id)
    assert (person.status, person.exit) == ("finished", "completed")
    assert Settlement.objects.get(participant=person).total_minor == 700, "the base, and a pound for each talk"
    assert states(session) == ["completed"] * 4
    assert page(session).facts["code"]
    assert [str(each) for each in check(version.study).differences] == []
    exported = list(PLANNED_SESSIONS.rows(Scope(version.study)))
    assert [row["number"] for row in exported] == [1, 2, 3, 4]
    assert {str(row["begun_after_s"]) for row in exported} == {"0.000"}
    assert float(str(exported[0]["since_before_s"])) == (berlin(2027, 3, 23, 8) - START).total_seconds()


def test_zone_is_asked_before_visits_are_planned(version: Version) -> None:
    session = newcomer(version)
    while not any(field.kind == "zone" for field in page(session).fields):
        session = answer(session)
    assert rows(session) == []
    assert sessions.submit(session.pk, **_form(session, zone="Berlin")).outcome == "refused"
    session = answer(session)
    assert Participant.objects.get(pk=session.participant_id).zone == "Europe/Berlin"
    assert {row.zone for row in rows(session)} == {"Europe/Berlin"}


def _form(session: Session, **data: str) -> dict[str, Any]:
    return {"key": uuid4(), "rev": rev_of(fresh(session)), "data": data}


def test_missed_visits_are_rows_and_too_many_end_the_part(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 25, 8))
    assert states(session) == ["missed", "planned", "planned", "planned"]
    assert rows(session)[0].reason == "not_begun"
    pass_to(berlin(2027, 3, 26, 9))
    assert states(session)[1] == "open", "one may be missed"
    pass_to(berlin(2027, 3, 28, 9))
    assert states(session) == ["missed", "missed", "cancelled", "cancelled"]
    assert Participant.objects.get(pk=session.participant_id).exit == "inactive"
    assert [str(each) for each in check(version.study).differences] == []
    assert [row["state"] for row in PLANNED_SESSIONS.rows(Scope(version.study))] == states(session)


def test_visit_that_is_not_finished_counts_in_part(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 25, 7))
    session = answer(session)
    assert session.status == Session.Status.ACTIVE
    form = _form(session, **{field.key: str(field.simulate(Random(1))) for field in page(session).fields})
    pass_to(berlin(2027, 3, 25, 11))
    assert states(session)[0] == "started", "it closed at eight, and may be finished until twelve"
    pass_to(berlin(2027, 3, 25, 12))
    assert (states(session)[0], rows(session)[0].reason) == ("partial", "not_finished")
    assert sessions.submit(session.pk, **form).outcome == "stale"
    assert rows(session)[1].opens_at == berlin(2027, 3, 26, 8)
    assert [str(each) for each in check(version.study).differences] == []


def test_answer_after_the_grace_is_late_though_no_worker_came(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 25, 7))
    session = answer(session)
    form = _form(session, **{field.key: str(field.simulate(Random(1))) for field in page(session).fields})
    clock.stand(berlin(2027, 3, 25, 13))
    assert sessions.submit(session.pk, **form).outcome == "late"
    assert states(session)[0] == "partial"
    assert rows(session)[0].ended_at == berlin(2027, 3, 25, 12)


def test_gap_after_a_late_visit_moves_the_next(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 25, 7))
    session = answer(session)
    clock.stand(berlin(2027, 3, 25, 11, 30))
    session = answer(session)
    assert rows(session)[1].planned_open == berlin(2027, 3, 26, 8)
    assert rows(session)[1].opens_at == berlin(2027, 3, 26, 8), "twenty hours and a half later"
    assert rows(session)[0].state == "completed"


def test_page_opens_a_window_that_no_worker_has_opened(version: Version) -> None:
    session = enrolled(version)
    clock.stand(berlin(2027, 3, 23, 8))
    assert states(session)[0] == "planned"
    assert show_life(session) is True
    assert states(session)[0] == "open"
    runner.drain("jobs")
    assert Event.objects.filter(kind="window.opened").count() == 1
    assert page(session).button == "Begin"


def test_weeks_without_a_worker_are_caught_up_with(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 5, 1, 8))
    assert states(session) == ["missed", "missed", "cancelled", "cancelled"]
    assert [str(each) for each in check(version.study).differences] == []


def test_second_tab_begins_nothing(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    forms = [_form(session) for _ in range(2)]
    assert [sessions.submit(session.pk, **form).outcome for form in forms] == ["stored", "stale"]
    assert sessions.submit(newest(session).pk, **forms[0]).outcome == "stored", "sent again, and answered as before"
    assert Session.objects.filter(participant=session.participant_id, wave="talk").count() == 1
    assert rows(session)[0].session is not None


@pytest.mark.parametrize(("withdraw", "exit_name"), [(False, "left"), (True, "withdrawn")])
def test_whoever_leaves_between_visits_has_no_more(version: Version, withdraw: bool, exit_name: str) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    session = take_part(session)
    sessions.leave(session.pk, withdraw=withdraw)
    person = Participant.objects.get(pk=session.participant_id)
    assert person.exit == exit_name
    assert Settlement.objects.get(participant=person).total_minor == 100, "one talk"
    assert states(session) == ["completed"] + ["cancelled"] * 3
    pass_to(berlin(2027, 4, 20, 9))
    assert states(session) == ["completed"] + ["cancelled"] * 3
    assert [str(each) for each in check(version.study).differences] == []


@pytest.mark.parametrize(("withdraw", "exit_name"), [(False, "left"), (True, "withdrawn")])
def test_leaving_from_a_page_before_the_visit_begun_meanwhile_ends_that_visit(
    version: Version, withdraw: bool, exit_name: str
) -> None:
    before = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    begun = answer(before)
    assert begun.status == Session.Status.ACTIVE
    windows.change_zone(before.participant_id, "Asia/Tokyo")
    assert newest(before).participant.zone == "Europe/Berlin", "not while a visit goes on"
    sessions.leave(before.pk, withdraw=withdraw)
    assert newest(before).status == Session.Status.FINISHED
    assert newest(before).participant.exit == exit_name
    assert not Session.objects.filter(status="active").exists()
    assert [str(each) for each in check(version.study).differences] == []


@pytest.mark.django_db(transaction=True)
def test_leaving_while_the_next_visit_is_begun_leaves_none_open(version: Version) -> None:
    before = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    form = _form(before)
    both: list[Callable[[], object]] = [partial(sessions.leave, before.pk), partial(_outcome, before, form)]
    at_once(both)
    assert newest(before).participant.status == "finished"
    assert not Session.objects.filter(status="active").exists()
    assert [str(each) for each in check(version.study).differences] == []


def test_home_page_in_a_browser(version: Version) -> None:
    session = enrolled(version)
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest("secret"))
    browser = Client(headers={"host": "localhost"})
    browser.cookies[cookie_name()] = "secret"
    answer = browser.get("/s/")
    kept = answer.cookies[cookie_name()]
    assert (kept.value, kept["max-age"]) == ("secret", 365 * 24 * 3600), "it lasts from this visit on"
    said = answer.content.decode()
    assert "Your next visit opens on Tuesday, March 23, 08:00." in said
    assert "Europe / Berlin" in said
    assert 'href="/s/leave"' in said
    assert "If you leave now" in browser.get("/s/leave").content.decode()
    agreed = browser.get("/s/consent").content.decode()
    assert "You come back four times." in agreed
    assert "You agreed on March 22, 2027." in agreed
    assert "<li>I agree.</li>" in agreed
    calendar = browser.get("/s/visits.ics")
    assert calendar["Content-Type"].startswith("text/calendar")
    assert calendar.content.decode().count("BEGIN:VEVENT") == 3, "the day of the last is not known yet"
    assert "DTSTART:20270323T070000Z" in calendar.content.decode()
    assert session.participant.code not in calendar_of(Participant.objects.get(pk=session.participant_id))
    link = f"/j/{make_link(version.study)}"
    assert browser.get(link).headers["Location"] == "/s/", "the one link leads to where they are"
    landing = Client(headers={"host": "localhost"}).get(link).content.decode()
    assert "There are 5 visits on different days." in landing


def test_people_in_many_zones_come_and_stay_away_across_both_changes_of_clocks(version: Version) -> None:
    chance = Random(7)
    people = [enrolled(version, zone=zone) for zone in ZONES]
    decided: set[int] = set()
    while (at := next_turn()) is not None:
        pass_to(max(at, clock.now()))
        for open_now in ScheduledSession.objects.filter(state="open").exclude(pk__in=decided):
            decided.add(open_now.pk)
            if chance.random() < 0.8:
                take_part(next(one for one in map(newest, people) if one.participant_id == open_now.participant_id))
    opened = ScheduledSession.objects.filter(state__in=["completed", "missed"])
    assert Event.objects.filter(kind="window.opened").count() == opened.count() == len(decided) > 60
    assert {(row.closes_at or START) - (row.opens_at or START) for row in opened.filter(wave="talk")} == {
        timedelta(hours=48)
    }
    local = [(row.opens_at or START).astimezone(ZoneInfo(row.zone)) for row in opened.filter(wave="talk")]
    assert {(at.hour, at.minute) for at in local} == {(8, 0)}
    assert {Participant.objects.get(pk=one.participant_id).status for one in people} == {"finished"}
    assert not ScheduledSession.objects.filter(state__in=["planned", "open", "started"]).exists()
    assert [str(each) for each in check(version.study).differences] == []


def next_turn() -> datetime | None:
    """When the next planned visit is to be moved."""
    turns = Due.objects.filter(reaction=TURN, outcome="").order_by("run_after")
    return turns.values_list("run_after", flat=True).first()


@pytest.mark.django_db(transaction=True)
def test_three_tickers_open_a_window_exactly_once(version: Version) -> None:
    session = enrolled(version)
    clock.stand(berlin(2027, 3, 23, 8))
    key = rows(session)[0].pk
    assert at_once([lambda: windows.turn(key)] * 3) == ["open"] * 3
    assert Event.objects.filter(kind="window.opened", subject_id=key).count() == 1
    forms = [_form(session) for _ in range(3)]
    found = at_once([partial(_outcome, session, form) for form in forms])
    assert sorted(map(str, found)) == ["stale", "stale", "stored"]
    assert Session.objects.filter(participant=session.participant_id).count() == 2


def _outcome(session: Session, form: dict[str, Any]) -> str:
    return sessions.submit(session.pk, **form).outcome
