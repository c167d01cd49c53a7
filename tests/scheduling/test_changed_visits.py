"""Visits that are changed on the way: planned by another clock, counted from the one before, or excused."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.test import Client

from events import clock, runner
from events.models import Due, Event
from flow import pace
from flow.errors import FlowError
from flow.forms import FORM
from flow.framing import told_of_silence
from flow.services import rescue, sessions, windows
from participants.access import cookie_name
from participants.models import Participant
from participants.tokens import digest
from recruitment.models import Settlement
from scheduling.models import Session
from studies.models import Version
from tests.machinery.people import (  # noqa: F401  fixtures are found by name
    MakeVersion,
    at_once,
    make_version,
    newcomer,
    page,
    sharing_is_installed,
    show_life,
)
from tests.scheduling.test_visits import (
    FILE,
    START,
    answer,
    berlin,
    enrolled,
    newest,
    pass_to,
    rows,
    states,
    take_part,
)
from verification.check import check

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(make_version: MakeVersion) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    return make_version(**FILE)


def to_zone(browser: Client, zone: str, **more: str) -> Any:
    """Send the form about another clock, as the page has it."""
    html = browser.get("/s/zone").content.decode()
    form = dict(re.findall(r'<input type="hidden" name="(key|rev)" value="([^"]*)">', html))
    return browser.post("/s/zone", urlencode({**form, "zone": zone, **more}), content_type=FORM)


def browser_of(session: Session) -> Client:
    """A browser that carries the person's cookie."""
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest("secret"))
    browser = Client(headers={"host": "localhost"})
    browser.cookies[cookie_name()] = "secret"
    return browser


def test_another_zone_moves_what_is_not_open_yet(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    session = enrolled(version)
    browser = browser_of(session)
    pass_to(berlin(2027, 3, 23, 9))
    was = rows(session)
    assert "the clock of Europe / Berlin" in browser.get("/s/zone").content.decode()
    assert to_zone(browser, "Nowhere").status_code == 422
    assert to_zone(browser, "Asia/Tokyo").status_code == 303
    assert to_zone(browser, "Asia/Tokyo").status_code == 303
    assert Event.objects.filter(kind="zone.changed").count() == 1, "the same again is no change"
    monkeypatch.setattr(pace, "is_too_fast", lambda _person: True)
    assert to_zone(browser, "Europe/London").status_code == 429
    monkeypatch.undo()
    said = browser.get("/s/").content.decode()
    assert "Saved." in said
    assert "Tuesday, March 23, 16:00" in said, "of a visit that is open, too, by the clock that the page names"
    assert "Tuesday, March 23, 08:00" not in said
    now = rows(session)
    assert (now[0].state, now[0].opens_at, now[0].zone) == ("open", was[0].opens_at, "Europe/Berlin")
    assert [row.zone for row in now[1:]] == ["Asia/Tokyo"] * 3
    assert [row.planned_open for row in now[1:3]] == [
        datetime(2027, 3, 25, 23, tzinfo=UTC), datetime(2027, 3, 28, 23, tzinfo=UTC),
    ]  # fmt: skip
    session = take_part(session)
    pass_to(datetime(2027, 3, 25, 23, tzinfo=UTC))
    assert states(session)[:2] == ["completed", "open"]
    assert [str(each) for each in check(version.study).differences] == []


def test_another_zone_moves_the_next_opening_too(version: Version) -> None:
    session = enrolled(version)
    windows.change_zone(session.participant_id, "America/New_York")
    assert rows(session)[0].opens_at == datetime(2027, 3, 23, 12, tzinfo=UTC)
    pass_to(berlin(2027, 3, 23, 8))
    assert states(session)[0] == "planned"
    pass_to(datetime(2027, 3, 23, 12, tzinfo=UTC))
    assert states(session)[0] == "open"
    assert Event.objects.filter(kind="window.opened").count() == 1


KEY = "3f0e5a52-3f9c-4c0e-9a52-2b1d6f1e7a10"


def test_form_about_the_clock_counts_once_and_only_so_often(version: Version) -> None:
    session = enrolled(version)
    browser = browser_of(session)
    assert browser.post("/s/zone", "zone=Asia%2FTokyo", content_type=FORM).status_code == 400, "no form of ours"
    assert to_zone(browser, "Asia/Tokyo", key=KEY).status_code == 303
    assert to_zone(browser, "Europe/London").status_code == 303
    assert to_zone(browser, "Asia/Tokyo", key=KEY).status_code == 303
    assert newest(session).participant.zone == "Europe/London", "sent again, it changes nothing again"
    assert to_zone(browser, "Asia/Seoul", key=KEY).status_code == 303
    assert "Your first answer was saved already." in browser.get("/s/").content.decode()
    assert to_zone(browser, "Europe/Paris").status_code == 303
    refused = to_zone(browser, "Europe/Berlin")
    assert refused.status_code == 422
    assert "three times within a day" in refused.content.decode()
    assert newest(session).participant.zone == "Europe/Paris"
    assert Event.objects.filter(kind="zone.changed").count() == 3
    pass_to(START + timedelta(days=1, seconds=1))
    assert to_zone(browser, "Europe/Berlin").status_code == 303
    assert newest(session).participant.zone == "Europe/Berlin"
    assert [str(each) for each in check(version.study).differences] == []


@pytest.mark.django_db(transaction=True)
def test_form_about_the_clock_sent_twice_at_once_is_one_change(version: Version) -> None:
    session = enrolled(version)
    change = partial(windows.change_zone, session.participant_id, "Asia/Tokyo", key=UUID(KEY), rev="r")
    assert at_once([change] * 3) == ["stored"] * 3
    assert Event.objects.filter(kind="zone.changed").count() == 1


def test_form_about_the_clock_is_over_once_the_visit_has_begun(version: Version) -> None:
    session = enrolled(version)
    browser = browser_of(session)
    pass_to(berlin(2027, 3, 23, 9))
    form = browser.get("/s/zone").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|rev)" value="([^"]*)">', form))
    answer(session)
    assert windows.change_zone(session.participant_id, "Asia/Tokyo", key=UUID(hidden["key"]), rev="r") == "stale"
    assert newest(session).participant.zone == "Europe/Berlin"
    late = browser.post("/s/zone", urlencode({**hidden, "zone": "Asia/Tokyo"}), content_type=FORM)
    assert late.status_code == 404, "there is no such page while a visit goes on"


def test_visit_that_can_be_begun_at_once_is_open_at_once(make_version: MakeVersion) -> None:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    talk = FILE["waves"][1] | {"opens": {"anchor": "enrolment", "offset": "0d", "every": "3d"}}
    version = make_version(**FILE | {"waves": [FILE["waves"][0], talk, FILE["waves"][2]]})
    session = enrolled(version)
    assert states(session) == ["open", "planned", "planned", "planned"]
    assert page(session).button == "Begin", "nobody is told that it is still to come"
    assert take_part(session).status == "finished"
    assert [str(each) for each in check(version.study).differences] == []


def test_excused_visits_are_neither_attended_nor_missed(version: Version) -> None:
    session = enrolled(version)
    code = session.participant.code
    pass_to(berlin(2027, 3, 25, 9))
    rescue.excuse(code, number=1, reason="ill")
    pass_to(berlin(2027, 3, 26, 9))
    assert states(session)[:2] == ["excused", "open"]
    rescue.excuse(code, number=2, reason="still ill")
    assert states(session) == ["excused", "excused", "planned", "planned"]
    assert rows(session)[2].opens_at == berlin(2027, 3, 29, 8)
    with pytest.raises(FlowError, match="max_excused is 2"):
        rescue.excuse(code, number=3, reason="once more")
    with pytest.raises(FlowError, match="no visit 4 that is next"):
        rescue.excuse(code, number=4, reason="too early")
    pass_to(berlin(2027, 3, 31, 9))
    assert Participant.objects.get(pk=session.participant_id).status == "active", "one may be missed"
    assert [str(each) for each in check(version.study).differences] == []


@pytest.mark.parametrize("anchor", ["previous_ended", "previous_opened"])
def test_visits_counted_from_the_one_before_are_planned_when_that_is_over(
    make_version: MakeVersion,  # noqa: F811
    anchor: str,
) -> None:
    clock.simulate()
    clock.stand(START)
    talk = FILE["waves"][1] | {"opens": {"anchor": anchor, "offset": "2d"}, "closes": {"after": "1d"}}
    version = make_version(**FILE | {"waves": [FILE["waves"][0], talk, FILE["waves"][2]]})
    session = enrolled(version)
    first = rows(session)[0].planned_open
    assert first is not None
    assert [row.planned_open for row in rows(session)] == [first, None, None, None]
    windows.change_zone(session.participant_id, "Asia/Tokyo")
    assert [row.planned_open is None for row in rows(session)] == [False, True, True, True]
    pass_to(first + timedelta(hours=3))
    session = take_part(session)
    since = first if anchor == "previous_opened" else clock.now()
    assert rows(session)[1].opens_at == since + timedelta(days=2)
    pass_to(since + timedelta(days=3))
    assert states(session)[1:3] == ["missed", "planned"]
    since += timedelta(days=2 if anchor == "previous_opened" else 3)
    assert rows(session)[2].opens_at == since + timedelta(days=2)
    assert [str(each) for each in check(version.study).differences] == []


def test_whoever_closes_the_question_about_the_clock_may_answer_it_days_later(version: Version) -> None:
    session = newcomer(version)
    while not any(field.kind == "zone" for field in page(session).fields):
        session = answer(session)
    assert told_of_silence(session) == ""
    pass_to(START + timedelta(hours=2))
    pass_to(START + timedelta(days=2))
    session = answer(newest(session))
    assert Participant.objects.get(pk=session.participant_id).status == "active"
    assert states(session) == ["planned"] * 4
    pass_to(START + timedelta(days=9))
    assert Participant.objects.get(pk=session.participant_id).zone == "Europe/Berlin", "it was answered in time"
    assert [str(each) for each in check(version.study).differences] == []


PAID = FILE["payments"] | {"per_wave": {"intake": "0.50", "talk": "1.00"}}


def at_the_question(version: Version) -> Session:
    """Somebody who has finished the first visit, and has yet to say what their clock shows."""
    session = newcomer(version)
    while not any(field.kind == "zone" for field in page(session).fields):
        session = answer(session)
    return session


def test_whoever_never_says_what_their_clock_shows_is_planned_by_the_zone_of_the_study(
    make_version: MakeVersion,  # noqa: F811
) -> None:
    clock.simulate()
    clock.stand(START)
    version = make_version(**FILE | {"timezone": {"source": "browser_confirmed", "zone": "Asia/Tokyo"}})
    session = at_the_question(version)
    assert "within 7 days. Otherwise your visits open by the clock of Asia / Tokyo" in page(session).html
    pass_to(START + timedelta(days=7))
    assert rows(session) == [], "a moment is left"
    pass_to(START + timedelta(days=7, seconds=2))
    assert newest(session).participant.zone == "Asia/Tokyo"
    assert states(session) == ["planned"] * 4
    assert "open by the clock of Asia / Tokyo" in page(newest(session)).note
    assert Event.objects.filter(kind="zone.assumed", subject_id=session.pk).count() == 1
    assert windows.change_zone(session.participant_id, "Europe/Berlin") == "stored"
    assert page(newest(session)).note == ""
    pass_to(START + timedelta(days=40))
    assert [str(each) for each in check(version.study).differences] == []


def test_page_takes_the_zone_of_the_study_where_no_worker_has_come(make_version: MakeVersion) -> None:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    version = make_version(**FILE | {"timezone": {"source": "browser_confirmed", "zone": "Asia/Tokyo"}})
    session = at_the_question(version)
    clock.stand(START + timedelta(days=8))
    assert show_life(session) is True
    assert page(newest(session)).kind == "home"
    runner.drain("jobs")
    assert Event.objects.filter(kind="zone.assumed").count() == 1


@pytest.mark.parametrize("waits", [True, False])
def test_whoever_never_says_it_where_the_study_names_no_zone_leaves_with_the_pay_for_the_first_visit(
    make_version: MakeVersion,  # noqa: F811
    waits: bool,
) -> None:
    clock.simulate()
    clock.stand(START)
    version = make_version(**FILE | {"payments": PAID})
    session = at_the_question(version)
    assert "within 7 days. Otherwise your part in the study ends." in page(session).html
    if waits:
        pass_to(START + timedelta(days=8))
    else:
        sessions.leave(session.pk)
    person = Participant.objects.get(pk=session.participant_id)
    assert (person.status, person.exit, person.zone) == ("finished", "left", "")
    assert Settlement.objects.get(participant=person).total_minor == 50, "all of the first visit was done"
    assert not Due.objects.filter(outcome="", reaction__startswith="flow.").exists(), "nobody waits for them any more"
    assert [str(each) for each in check(version.study).differences] == []


def test_researchers_are_told_the_stages_of_the_visit_that_goes_on(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    session = answer(session)
    with pytest.raises(FlowError, match=r'moved to "before" in this visit; possible: feel$'):
        rescue.move(session.participant.code, stage="before", reason="asked for it")
