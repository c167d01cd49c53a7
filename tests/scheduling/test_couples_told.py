"""What two who meet are told of a visit: when, and for how long the other waits. Not that they can begin for longer."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from events import clock, runner
from exports.own_copy import copy_of
from flow.between import calendar_of
from flow.letters import letter_of
from flow.queries import rev_of
from flow.services import sessions
from scheduling.models import Reminder, Session
from studies.models import Version
from tests.machinery.people import make_version, newcomer, page, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import START, begin, couple_file, enrolled, newest, pass_on, pass_to, person_of, rows
from tests.scheduling.test_changed_visits import browser_of
from tests.scheduling.test_couples import SIX
from tests.scheduling.test_couples_apart import AGAIN, waits_in_vain

pytestmark = pytest.mark.django_db(transaction=True)
REMINDED = {"reminders": [{"at": {"from": "opens", "plus": "0m"}, "if": "not_started"}]}
WAITS = "Your partner waits for you at most 15 minutes."
OWN = "pages/own.md"
BERLIN_AND_LONDON = ("Europe/Berlin", "Europe/London")


def remembered(
    make_version: Callable[..., Version],  # noqa: F811
    *,
    lasts: dict[str, Any] | None = None,
    own: str = "",
) -> Version:
    """The study of two, who are reminded of their talks, maybe in words of the study's own."""
    clock.simulate()
    clock.stand(START)
    rule = REMINDED["reminders"][0] | ({"text": OWN} if own else {})
    said = json.loads(json.dumps(couple_file(lasts=lasts or AGAIN, talk={"reminders": [rule]})))
    more = {"reminders": {"channels": ["email"]}, "texts": said["texts"] | ({OWN: own} if own else {})}
    return make_version(roles=dict(said["groups"]["pair"]["roles"]), **said | more)


def letter(person: Session) -> str:
    row = rows(person)[0]
    reminder = Reminder(pk=1, scheduled=row, number=1, channel="email")
    return letter_of(reminder, row, link="link", stop="stop").text


def until(person: Session) -> str:
    found: str = page(newest(person)).facts["until"]
    return found


def test_page_and_mail_say_when_it_opens_and_how_long_the_partner_waits(
    make_version: Callable[..., Version],  # noqa: F811
) -> None:
    here, away = enrolled(remembered(make_version), newcomer)
    assert until(away) == WAITS
    assert f"It opens on Tuesday, March 23, 18:00. {WAITS}" in letter(away)
    pass_to(SIX, here, away)
    assert until(away) == f"It opened on Tuesday, March 23, 18:00. {WAITS}"
    assert f"It opened on Tuesday, March 23, 18:00. {WAITS}" in letter(away)
    assert "You can begin until" not in letter(away) + until(away)
    with translation.override("de"):
        assert until(away).endswith("Ihr Partner wartet auf Sie höchstens 15 Minuten.")


def test_whoever_is_to_come_later_is_told_of_that_time(make_version: Callable[..., Version]) -> None:  # noqa: F811
    _here, away = waits_in_vain(remembered(make_version))
    assert until(away) == WAITS
    assert f"You meet your partner on Wednesday, March 24, 18:00. {WAITS}" in letter(away)


def test_nothing_tells_until_when_the_partner_s_day_lasts(make_version: Callable[..., Version]) -> None:  # noqa: F811
    """The windows of Berlin and London overlap for half an hour: where they end, it is half past seven in Berlin."""
    own = "# A visit\n\nFrom {{ opens }} to {{ closes }}. {{ link }} {{ stop_link }}\n"
    here, away = enrolled(remembered(make_version, own=own), newcomer, BERLIN_AND_LONDON)
    opens, closes = rows(here)[0].opens_at, rows(here)[0].closes_at
    assert opens is not None
    assert closes is not None
    assert (f"{opens:%H:%M}", f"{closes:%H:%M}") == ("18:00", "18:30"), "in UTC"
    for at in (START, opens):
        pass_to(max(at, clock.now()), here, away)
        found = page(newest(here)).facts
        assert found["closes_seconds"] == 0
        (entry,) = re.findall(r"DTSTART:(\w+)\r\nDTEND:(\w+)", calendar_of(person_of(here)))[:1]
        assert entry == ("20270323T180000Z", "20270323T181500Z"), "as long as anybody waits"
        assert "From Tuesday, March 23, 19:00 to Tuesday, March 23, 19:15." in letter(here)
        visit = copy_of(newest(here)).visits[1]
        assert (visit.opens, visit.closes) == ("2027-03-23 19:00", "")
    html = browser_of(newest(here)).get("/s/").content.decode()
    assert 'data-closes-seconds="0"' in html
    assert "19:30" not in html


def test_calendar_and_mail_have_the_other_time_at_which_the_two_meet(
    make_version: Callable[..., Version],  # noqa: F811
) -> None:
    here, away = waits_in_vain(remembered(make_version))
    assert "DTSTART:20270324T170000Z\r\nDTEND:20270324T171500Z" in calendar_of(person_of(away))
    assert "DTSTART:20270323T" not in calendar_of(person_of(away))
    assert rows(here)[0].state == "started"
    assert f"You meet your partner on Wednesday, March 24, 18:00. {WAITS}" in letter(here)
    assert "You can finish it until" not in letter(here), "it begins anew at the other time"


def test_open_page_turns_when_the_meeting_is_put_off(make_version: Callable[..., Version]) -> None:  # noqa: F811
    here, away = enrolled(remembered(make_version), newcomer)
    pass_to(SIX, here, away)
    before, browser = rev_of(newest(away)), browser_of(newest(away))
    begin(here)
    assert browser.get("/s/poll", {"rev": before}).status_code == 204
    pass_on(920, here)
    told = browser.get("/s/poll", {"rev": before})
    assert told.status_code == 200
    assert "You meet on Wednesday, March 24, 18:00 instead." in told.content.decode()


def test_open_page_turns_when_there_is_no_partner_any_more(make_version: Callable[..., Version]) -> None:  # noqa: F811
    here, gone = enrolled(remembered(make_version, lasts={"on_drop_out": {"then": "end_pair"}}), newcomer)
    pass_to(SIX, here, gone)
    before, browser = rev_of(newest(here)), browser_of(newest(here))
    assert browser.get("/s/poll", {"rev": before}).status_code == 204
    sessions.leave(newest(gone).pk)
    runner.drain("jobs")
    assert rows(here)[0].state == "open"
    told = browser.get("/s/poll", {"rev": before})
    assert told.status_code == 200
    assert "go on alone" in told.content.decode()
    assert "You can begin until" in told.content.decode()


def test_page_names_the_time_of_a_visit_that_is_put_off_once(make_version: Callable[..., Version]) -> None:  # noqa: F811
    """Before that time, and from then on, as long as the other is expected."""
    here, away = waits_in_vain(remembered(make_version))
    told = "Your partner has been here. You meet on Wednesday, March 24, 18:00 instead."
    assert page(newest(away)).facts["next"] == told
    assert sentences(away).count(told) == sentences(away).count("18:00") == 1
    assert "You can begin now" not in sentences(away), "who comes now is told to come then"
    pass_to(SIX + timedelta(days=1, minutes=2), here)
    assert page(newest(away)).facts["next"] == "You can begin now."
    assert sentences(away).count(told) == sentences(away).count("18:00") == 1
    assert sentences(away).count(WAITS) == 1


def sentences(person: Session) -> str:
    """All that the page says of the next visit above its table."""
    facts = page(newest(person)).facts
    return " ".join(facts[name] for name in ("before", "next", "until", "about", "partner"))
