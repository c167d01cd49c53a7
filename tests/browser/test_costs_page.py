"""The page of costs in a real browser, served without a server: usable, narrow enough, in light and dark."""

import mimetypes
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Route

from events import clock
from llm.models import Account, Call, Charge
from studies.models import Membership, Study
from tests.browser import look
from tests.console.test_costs import asking_study, spend

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ORIGIN = "http://localhost:9"
DAYS = 12


def some_days(study: Study) -> None:
    """What was spent on each of the days before today, less and less, on two lines."""
    root, total = f"study:{study.pk}", Decimal(0)
    for number in range(DAYS):
        for line, usd in (("reply", Decimal("0.9") - number * Decimal("0.06")), ("safety", Decimal("0.1"))):
            call = Call.objects.create(
                scope=f"{root}/before:{line}:{number}", attempt=1, model_requested="openai/gpt-4o-mini", prompt=[],
                prompt_sha256="0" * 64, outcome="ok",
            )  # fmt: skip
            Charge.objects.create(
                call=call, root=root, line=line, keys=[root], state="settled", most_usd=usd, most_tokens=9000, usd=usd,
                tokens=2000, lapses_at=clock.now(), at=clock.now() - timedelta(days=DAYS - number),
            )  # fmt: skip
            total += usd
    Account.objects.filter(key=root).update(spent_usd=total, hard_usd=20, soft_usd=16)


def costs_page() -> str:
    study = asking_study()
    spend(study)
    some_days(study)
    user = User.objects.create(username="researcher", is_staff=True)
    Membership.objects.create(study=study, user=user, role="owner")
    browser = Client()
    browser.force_login(user)
    return browser.get(reverse("costs", args=[study.slug])).content.decode()


def test_page_of_costs_is_accessible_and_fits_a_phone(chromium: Browser) -> None:
    html = costs_page()

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
        assert tab.locator(".burn rect").count() == 2 * DAYS + 1
        heights = [float(one.get_attribute("height") or 0) for one in tab.locator(".burn rect.reply").all()]
        assert heights[:DAYS] == sorted(heights[:DAYS], reverse=True)
        points = (tab.locator(".burn .left").get_attribute("points") or "").split()
        left = [float(point.partition(",")[2]) for point in points]
        assert len(left) == DAYS + 1
        assert left == sorted(left), "what is left falls from the top"
        look.picture(tab, f"researcher-costs-{width}")
        assert complaints == []
        context.close()
