"""The page of a study's simulated runs."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from events import clock
from participants.models import Participant
from simulation.report import Report, of
from simulation.services import record_run
from studies.models import Study
from tests.console.conftest import SignIn
from tests.exports import rows
from tests.simulation.small_study import FACTS, played

pytestmark = pytest.mark.django_db(transaction=True)


def run_twice(real: Study) -> None:
    """A run with a server error, and a clean one after it."""
    simulated = played().study
    spoiled = of(simulated, replace(FACTS, differences=["act 3 of SIMp1 <is> missing"], seed="6"))
    Participant.objects.filter(code="pgoing").update(status="finished", exit="left")
    clean = of(simulated, FACTS)
    for report in (spoiled, clean):
        keep(real, report)


def keep(real: Study, report: Report) -> None:
    now = clock.now()
    record_run(real.versions.latest("number"), report, started_at=now, finished_at=now)


@pytest.fixture
def real() -> Study:
    return rows.make_study("real")


@pytest.fixture
def browser(real: Study, sign_in: SignIn) -> Client:
    return sign_in(real, "operator")


def page(browser: Client, study: Study, name: str = "simulations", **query: str) -> str:
    answer = browser.get(reverse(name, args=[study.slug]), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_page_without_a_run_says_how_to_make_one(real: Study, browser: Client) -> None:
    html = page(browser, real)
    assert "<code>manage.py simulate real --participants 40 --seed 1</code>" in html
    assert "There is none yet." in html
    assert "Version 1 has no clean simulated run" in html
    assert "Version 1 has no clean simulated run" in page(browser, real, "study")


def test_page_lists_runs_and_shows_the_report_of_the_newest(real: Study, browser: Client) -> None:
    run_twice(real)
    html = page(browser, real)
    assert html.index('<a href="?run=2" aria-current="true">Run 2</a>') < html.index('<a href="?run=1">Run 1</a>')
    assert '<td><span class="tag wrong">not clean</span></td>' in html
    assert "<td>1 difference found by verification; 1 person without an exit</td>" in html
    assert "<code>7</code></td><td>Ordered</td>" in html
    assert "SIMULATED: these people never existed; nothing here is a result." in html
    assert '<th scope="row">everybody</th><td class="number">4</td><td class="number">8.24</td>' in html
    assert "Left out: 1 person did not agree to take part; 1 person without pay in GBP" in html
    assert "no clean simulated run" not in html + page(browser, real, "study")


def test_page_shows_an_older_run_with_what_verification_found(real: Study, browser: Client) -> None:
    run_twice(real)
    html = page(browser, real, run="1")
    assert '<a href="?run=1" aria-current="true">Run 1</a>' in html
    assert "<li>act 3 of SIMp1 &lt;is&gt; missing</li>" in html
    for strange in ("3", "0", "x"):
        assert browser.get(reverse("simulations", args=["real"]), {"run": strange}).status_code == 404


def test_newer_version_has_no_clean_run_yet(real: Study, browser: Client) -> None:
    run_twice(real)
    rows.make_version(real, 2, endowment=12)
    assert "Version 2 has no clean simulated run" in page(browser, real)


def test_demonstration_needs_no_run(sign_in: SignIn) -> None:
    shown = rows.make_study("shown", is_demo=True)
    assert "no clean simulated run" not in page(sign_in(shown), shown)
