"""The page of simulated runs in a real browser, served without a server: usable, narrow enough, in light and dark."""

import mimetypes
from dataclasses import replace

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Route

from simulation.profile import Profile
from simulation.report import of
from studies.models import Membership, Study
from tests.browser import look
from tests.console.test_simulations import keep, run_twice
from tests.exports import rows
from tests.simulation.small_study import FACTS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ORIGIN = "http://localhost:9"


def simulated_runs() -> str:
    """The page with three runs, the newest with every assumption."""
    real = rows.make_study("real")
    run_twice(real)
    simulated = Study.objects.get(slug="choosing")
    keep(real, of(simulated, replace(FACTS, assumptions=Profile().rows(), differences=["act 3 of SIMp1 is missing"])))
    user = User.objects.create(username="researcher", is_staff=True)
    Membership.objects.create(study=real, user=user, role="owner")
    browser = Client()
    browser.force_login(user)
    return browser.get(reverse("simulations", args=["real"])).content.decode()


def test_page_of_simulated_runs_is_accessible_and_fits_a_phone(chromium: Browser) -> None:
    html = simulated_runs()

    def serve(route: Route) -> None:
        name = route.request.url.partition("/static/")[2]
        if name:
            body = (settings.STATICFILES_DIRS[0] / name).read_bytes()
            route.fulfill(body=body, content_type=mimetypes.guess_type(name)[0])
        else:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

    for scheme, width in (("light", 1280), ("dark", 390)):
        context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
        tab = context.new_page()
        complaints = look.listen(tab)
        tab.route("**/*", serve)
        tab.goto(ORIGIN)
        look.check_access(tab)
        look.check_width(tab)
        look.picture(tab, f"researcher-simulated-runs-{width}")
        assert complaints == []
        context.close()
