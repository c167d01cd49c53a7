"""The pages between two visits in a real browser: what a person sees of their way, and researchers of everybody's."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, expect
from playwright.sync_api import Page as Tab
from pytest_django.live_server_helper import LiveServer

from events import clock
from participants.access import cookie_name
from participants.models import Participant
from participants.services import make_link
from participants.tokens import digest
from scheduling.models import Session
from studies.models import Membership, Version
from tests.browser import look
from tests.machinery.people import MakeVersion, make_version, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import made
from tests.scheduling.test_changed_visits import PAID
from tests.scheduling.test_couples_apart import AGAIN, waits_in_vain
from tests.scheduling.test_horizon import COUNTED, file_with
from tests.scheduling.test_visits import FILE, START, answer, berlin, enrolled, pass_to, take_part

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECRET = "a-secret-of-the-test"
SIZES = (("light", 1280), ("dark", 390))


@pytest.fixture
def version(make_version: MakeVersion, live_server: LiveServer, settings: LazySettings) -> Version:  # noqa: F811
    """A study of five visits, about which pages can be asked for."""
    settings.ORIGIN = live_server.url
    cache.clear()
    clock.simulate()
    clock.stand(START)
    talk = FILE["waves"][1] | {"minutes": 5}
    return make_version(**FILE | {"payments": PAID, "waves": [FILE["waves"][0], talk, FILE["waves"][2]]})


def on_the_way(version: Version) -> Session:
    """Somebody who came to the first talk, missed the second, and may begin the third."""
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    session = take_part(session)
    pass_to(berlin(2027, 3, 29, 9))
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest(SECRET))
    return session


def contexts(
    chromium: Browser, live_server: LiveServer, *, name: str, value: str
) -> Iterator[tuple[str, BrowserContext]]:
    """Windows of both sizes, in light and in dark, that carry a cookie."""
    for scheme, width in SIZES:
        facts: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
        context = chromium.new_context(**facts)
        context.add_cookies([{"url": live_server.url, "name": name, "value": value}])
        yield str(width), context
        context.close()


def by_keyboard(tab: Tab, *, most: int = 60) -> list[str]:
    """What comes into focus, one after the other, when somebody presses the tab key."""
    found = []
    for _ in range(most):
        tab.keyboard.press("Tab")
        found.append(
            tab.evaluate(
                "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"
            )
        )
    return found


def test_home_is_accessible_fits_a_phone_and_is_reached_by_keyboard(
    version: Version, chromium: Browser, live_server: LiveServer
) -> None:
    on_the_way(version)
    for width, context in contexts(chromium, live_server, name=cookie_name(), value=SECRET):
        tab = context.new_page()
        complaints = look.listen(tab)
        tab.goto(f"{live_server.url}/s/")
        expect(tab.locator(".way li")).to_have_count(5)
        look.check(tab)
        look.picture(tab, f"home-{width}")
        reached = by_keyboard(tab)
        for name in ("Begin", "Put your visits into your calendar", "A copy of my data, and deleting them"):
            assert name in reached, reached
        tab.goto(f"{live_server.url}/s/zone")
        look.check(tab)
        expect(tab.locator("[data-zone-clock]")).to_contain_text("There it is")
        assert [one for one in complaints if "WebSocket" not in one] == []


def test_home_of_a_visit_that_is_put_off_names_its_time_once_and_fits_a_phone(
    make_version: MakeVersion,  # noqa: F811
    chromium: Browser,
    live_server: LiveServer,
    settings: LazySettings,
) -> None:
    settings.ORIGIN = live_server.url
    cache.clear()
    _here, away = waits_in_vain(made(make_version, lasts=AGAIN))
    Participant.objects.filter(pk=away.participant_id).update(token_sha256=digest(SECRET))
    for _width, context in contexts(chromium, live_server, name=cookie_name(), value=SECRET):
        tab = context.new_page()
        tab.goto(f"{live_server.url}/s/")
        lead = tab.locator("#visit .lead")
        expect(lead).to_have_text("Your partner has been here. You meet on Wednesday, March 24, 18:00 instead.")
        assert tab.locator("#visit").inner_text().count("18:00") == 1
        expect(tab.get_by_role("button", name="Begin")).to_be_visible()
        look.check(tab)


def test_pages_of_whoever_is_not_told_how_many_there_are(
    make_version: MakeVersion,  # noqa: F811
    live_server: LiveServer,
    chromium: Browser,
    settings: LazySettings,
) -> None:
    settings.ORIGIN = live_server.url
    cache.clear()
    clock.simulate()
    clock.stand(START)
    version = make_version(**file_with() | {"payments": PAID})
    on_the_way(version)
    token = make_link(version.study)
    for width, context in contexts(chromium, live_server, name=cookie_name(), value=SECRET):
        tab = context.new_page()
        tab.goto(f"{live_server.url}/s/")
        expect(tab.locator(".way li")).to_have_count(4)
        assert COUNTED.findall(look.read(tab)) == []
        look.check(tab)
        look.picture(tab, f"home-uncounted-{width}")
        context.clear_cookies()
        tab.goto(f"{live_server.url}/j/{token}")
        expect(tab.locator(".prose")).to_contain_text("There are between 4 and 8 visits on different days.")
        look.check(tab)
        look.picture(tab, f"door-uncounted-{width}")


def test_home_turns_by_itself_when_the_visit_opens(
    version: Version, chromium: Browser, live_server: LiveServer
) -> None:
    session = enrolled(version)
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest(SECRET))
    clock.stand(berlin(2027, 3, 23, 8) - timedelta(seconds=2))
    _width, context = next(contexts(chromium, live_server, name=cookie_name(), value=SECRET))
    tab = context.new_page()
    tab.goto(f"{live_server.url}/s/")
    expect(tab.locator("h1")).to_have_text("Thank you. See you again")
    clock.stand(berlin(2027, 3, 23, 8))
    expect(tab.locator("h1")).to_have_text("Your next visit is open", timeout=10_000)
    context.close()


def test_copy_of_ones_own_data_is_saved_as_a_file_and_can_be_read(
    version: Version, chromium: Browser, live_server: LiveServer, tmp_path: Path
) -> None:
    session = on_the_way(version)
    for width, context in contexts(chromium, live_server, name=cookie_name(), value=SECRET):
        tab = context.new_page()
        tab.goto(f"{live_server.url}/s/")
        tab.get_by_role("link", name="A copy of my data").click()
        expect(tab.locator("h1")).to_have_text("My data")
        look.check(tab)
        look.picture(tab, f"my-data-{width}")
        with tab.expect_download() as saved:
            tab.get_by_role("button", name="Download it to read").click()
        page = tmp_path / f"{width}.html"
        saved.value.save_as(page)
        with tab.expect_download() as saved:
            tab.get_by_role("button", name="Download it for programs").click()
        saved.value.save_as(tmp_path / "copy.json")
        copy = json.loads((tmp_path / "copy.json").read_text())
        assert [one["state"] for one in copy["visits"]] == ["done", "done", "missed", "open now", "to come"]
        assert copy["clock"] == "Europe/Berlin"
        assert copy["visits"][1]["opens"] == "2027-03-23 08:00"
        assert session.participant.code not in page.read_text()
        tab.goto(page.as_uri())
        expect(tab.locator("h1")).to_have_text("A copy of my data")
        look.check_access(tab)
        look.check_width(tab)
        look.check_words(tab)
        look.picture(tab, f"copy-of-my-data-{width}")


def busy(version: Version) -> None:
    """A dozen people at every point of the way."""
    people = [enrolled(version) for _ in range(12)]
    pass_to(berlin(2027, 3, 23, 9))
    for session in people[:7]:
        take_part(session)
    for session in people[7:9]:
        answer(session)
    pass_to(berlin(2027, 3, 27, 21))


def test_researchers_pages_are_accessible_and_fit_a_phone(
    version: Version, chromium: Browser, live_server: LiveServer
) -> None:
    busy(version)
    user = User.objects.create(username="researcher", is_staff=True)
    Membership.objects.create(study=version.study, user=user, role="owner")
    signed_in = Client()
    signed_in.force_login(user)
    key = signed_in.cookies[configured.SESSION_COOKIE_NAME].value
    for width, context in contexts(chromium, live_server, name=configured.SESSION_COOKIE_NAME, value=key):
        for name in ("visits", "board", "study"):
            tab = context.new_page()
            complaints = look.listen(tab)
            tab.goto(f"{live_server.url}{reverse(name, args=[version.study.slug])}")
            look.check_access(tab)
            look.check_width(tab)
            assert tab.evaluate(UNBOXED) == [], "every table scrolls in a box of its own"
            look.picture(tab, f"researcher-{name}-{width}")
            assert complaints == []
        tab = context.new_page()
        tab.goto(f"{live_server.url}{reverse('visits', args=[version.study.slug])}")
        assert "People by visits" in by_keyboard(tab), "whoever has no mouse scrolls it, too"
        tab.get_by_role("link", name="At risk").click()
        expect(tab.get_by_role("heading", name="People at risk")).to_be_visible()
        look.picture(tab, f"researcher-at-risk-{width}")


UNBOXED = """() => [...document.querySelectorAll('table')].filter((table) => {
  const box = table.closest('[role=region]');
  return !box || box.tabIndex !== 0 || !box.getAttribute('aria-label');
}).map((table) => table.outerHTML.slice(0, 80))"""
