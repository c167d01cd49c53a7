"""Behind the curtain in a real browser, through the real views: news come, typing stays, and one message is said."""

import mimetypes
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Route, expect
from playwright.sync_api import Page as Tab

from events import runner
from studies.models import Membership
from tests.bots import answers
from tests.bots.meetings import say
from tests.bots.talking import reply, texts
from tests.browser import look
from tests.chat.conftest import games_are_installed  # noqa: F401  a fixture is found by name
from tests.console.test_wizards import SECRET, asked, at, study_of, waiting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ORIGIN = "http://localhost:9"
Made = TypeVar("Made")


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


@pytest.fixture(params=[("light", 1280), ("dark", 390)], ids=["desk", "phone"])
def tab(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Tab]:
    scheme, width = request.param
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def serve(tab: Tab, client: Client) -> None:
    """Let the real views answer the tab's requests; after a form, the page that it leads to."""

    def answer(route: Route) -> None:
        asked_for = route.request
        url = urlsplit(asked_for.url)
        if url.path.startswith("/static/"):
            name = url.path.removeprefix("/static/")
            file = settings.STATICFILES_DIRS[0] / name
            route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(name)[0])
            return
        where = f"{url.path}?{url.query}" if url.query else url.path
        headers = {"X-Fragment": "1"} if asked_for.headers.get("x-fragment") == "1" else {}
        try:
            if asked_for.method == "POST":
                kind = "application/x-www-form-urlencoded"
                got = client.post(where, asked_for.post_data or "", content_type=kind, follow=True)
            else:
                got = client.get(where, headers=headers)
        finally:
            connection.close()
        route.fulfill(status=got.status_code, body=got.content, content_type="text/html; charset=utf-8")

    tab.context.route("**/*", answer)


def apart(work: Callable[[], Made]) -> Made:
    """Do in a thread of its own what runs coroutines: the browser's driver has the loop of this one."""

    def closed() -> Made:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closed).result()


def drain() -> None:
    apart(lambda: runner.drain("bots"))


def test_somebody_sits_down_changes_the_draft_and_it_is_said(tab: Tab) -> None:
    match = apart(waiting)
    user = User.objects.create(username="ana", is_staff=True)
    Membership.objects.create(study=study_of(match), user=user, role="wizard")
    client = Client()
    client.force_login(user)
    complaints = look.listen(tab)
    serve(tab, client)
    tab.goto(ORIGIN + at(match))
    expect(tab.get_by_text(SECRET)).to_have_count(0)
    tab.get_by_role("button", name="Sit down").click()
    expect(tab.get_by_text(SECRET)).to_be_visible()
    look.check_access(tab)
    look.check_width(tab)
    look.picture(tab, f"researcher-wizard-{tab.viewport_size['width'] if tab.viewport_size else 0}")
    tab.get_by_role("link", name="Change it").click()
    box = tab.get_by_label("Your message")
    expect(box).to_have_value("a draft")
    box.fill("a better draft")
    say(match, "Are you there?")
    expect(tab.get_by_text("Are you there?")).to_be_visible()
    expect(box).to_have_value("a better draft")
    tab.get_by_role("button", name="Say this").click()
    expect(tab.get_by_text("No message is wanted now.")).to_be_visible()
    drain()
    assert texts(match) == [SECRET, "Are you there?", "a better draft"]
    assert asked(match).by == "model_edited"
    expect(tab.locator(".said li").last).to_contain_text("a better draft")
    answers.will(reply("another draft"))
    say(match, "Good.")
    drain()
    expect(tab.locator("#draft")).to_have_text("another draft")
    tab.get_by_role("button", name="Say it as it is").click()
    expect(tab.get_by_text("No message is wanted now.")).to_be_visible()
    drain()
    assert texts(match)[-1] == "another draft"
    assert asked(match).by == "model"
    assert complaints == []
