"""The page of costs and the board's line: what is spent, set aside and left; while masked only what was reached."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from console.board import board_of
from console.costs import costs_of
from events import clock
from llm import services
from llm.models import Account, Charge
from llm.spending import Limit, spelled
from participants.models import Participant
from studies.models import Study
from tests.console.conftest import SignIn
from tests.exports import rows
from tests.llm.spenders import MOST, closed, opened, spending

pytestmark = pytest.mark.django_db(transaction=True)
MODEL = {
    "occupant": "model", "label": {"all": "AI"}, "asked_if_ai": "deny", "personas": ["quiz.yaml"],
    "model": {
        "name": "openai/gpt-4o-mini", "daily_cost_usd": "5.00", "max_tokens": 300, "run_by": "OpenAI, in the USA",
    },
}  # fmt: skip


def asking_study() -> Study:
    """A study whose computer is a language model, with a limit for all of it."""
    study = rows.make_study("asking")
    said = dict(study.versions.get().definition)
    said["partners"] = said["partners"] | {"computer": MODEL}
    said["budget"] = {"study": {"hard_usd": "20.00"}, "person": {"hard_usd": "0.50"}}
    rows.make_version(study, 2, said=said)
    return study


def spend(study: Study) -> Participant:
    """Calls on two lines: settled, assumed and open, for the study, the day and a person."""
    person = rows.make_participant(study, "pspender")
    root, today = f"study:{study.pk}", f"{clock.now():%Y-%m-%d}"
    wide, day = Limit(root, "study", hard_usd=MOST * 10, soft_usd=MOST * 8), Limit(f"{root}/{today}", "day")
    mine = Limit(f"{root}/person:{person.pk}", "person", hard_usd=MOST * 3, soft_usd=MOST * 2)
    spent = spending(wide, day, mine, root=root)
    closed(opened(1, spent))
    opened(2, spent)
    Charge.objects.filter(state="reserved").update(lapses_at=clock.now() - timedelta(seconds=1))
    services.lapse(root)
    opened(3, spending(wide, day, root=root, line="safety"))
    return person


def page(browser: Client, study: Study) -> str:
    answer = browser.get(reverse("costs", args=[study.slug]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_page_tells_what_is_spent_set_aside_and_left(sign_in: SignIn) -> None:
    study = asking_study()
    person = spend(study)
    found = costs_of(study)
    assert (found.spent, found.assumed, found.reserved) == (MOST * 2, MOST, MOST)
    limits = {one.name: (one.left_usd, whose, one.state) for one, whose in found.limits}
    assert limits == {
        "study": (MOST * 7, "", ""), "day": (None, "", ""), "person": (MOST, person.code, "soft"),
    }  # fmt: skip
    html = page(sign_in(study, "operator"), study)
    assert f"<code>{person.code}</code>" in html
    assert html.count("<rect ") == 1, "one bar: only one line was billed"
    assert '<polyline class="left"' in html
    assert "manage.py study cost asking" in html
    assert "soft limit passed" in html
    assert 'aria-current="page">Costs</a>' in html


def test_page_of_a_study_that_asks_no_model_says_so_and_has_no_tab(sign_in: SignIn) -> None:
    study = rows.make_study()
    html = page(sign_in(study, "owner"), study)
    assert "asks no language model" in html
    assert ">Costs</a>" not in html


def test_limits_of_days_that_are_over_are_not_shown_as_in_force() -> None:
    study = asking_study()
    spend(study)
    past = f"study:{study.pk}/reply/openai/gpt-4o-mini/2020-01-01"
    Account.objects.create(key=past, root=f"study:{study.pk}", name="model", hard_usd=1, hard_told="1 USD")
    assert "model" not in {one.name for one, _ in costs_of(study).limits}
    assert board_of(study).budget == "person: soft limit"


def test_board_says_that_calls_stopped(sign_in: SignIn) -> None:
    study = asking_study()
    assert board_of(study).budget == ""
    root = f"study:{study.pk}"
    Account.objects.create(key=root, root=root, name="study", hard_usd=Decimal(20), hard_told="20 USD")
    browser = sign_in(study, "operator")
    assert board_of(study).budget == "study: calls stopped"
    assert browser.get(reverse("api_board", args=[study.slug])).json()["budget"] == "study: calls stopped"
    assert "study: calls stopped" in browser.get(reverse("board", args=[study.slug])).content.decode()
    Account.objects.update(hard_usd=Decimal(30))  # as the next call under a higher limit does
    assert board_of(study).budget == ""


def test_while_masked_nothing_is_told_but_which_limits_were_reached(sign_in: SignIn) -> None:
    """Not how near they are, and no row that comes once somebody meets a model: the page stays as it was before."""
    study = asking_study()
    person = rows.make_participant(study, "pfirst", origin="link")
    browser = sign_in(study, "owner")
    before = page(browser, study)
    spent = spend(study)
    html = page(browser, study)
    assert sheet(html) == sheet(before)
    assert sheet(html).count("</th><td>open</td>") == 2
    told = (person.code, spent.code, "<svg", "<rect", "<code>", 'class="number"', f"{MOST:.4f}", f"{MOST * 2:.4f}")
    assert [word for word in told if word in sheet(html)] == []
    assert board_of(study, is_masked=True).budget == ""
    Account.objects.filter(name="study").update(soft_told=spelled(MOST * 8, None))
    assert '<th scope="row">study</th><td>soft limit passed</td>' in page(browser, study)
    assert spent.code in page(sign_in(study, "monitor"), study)


def sheet(html: str) -> str:
    """What a page says, without frame and clock."""
    return html.partition("<h1>")[2].partition("</main>")[0]


def test_while_masked_no_model_is_told_from_another(sign_in: SignIn) -> None:
    """A condition may decide which model one meets: which of two is asked at a moment would tell who sits where."""
    study = asking_study()
    root, today = f"study:{study.pk}", f"{clock.now():%Y-%m-%d}"
    for name, told in (("openai/a", ""), ("openai/b", "10 USD"), ("openai/c", "10 USD")):
        key = f"{root}/reply/{name}/{today}"
        Account.objects.create(key=key, root=root, name="model", hard_usd=Decimal(10), hard_told=told)
    assert costs_of(study, is_masked=True).states == [("model", "hard"), ("study", "")]
    assert board_of(study, is_masked=True).budget == "model: calls stopped"
    assert board_of(study).budget == "model: calls stopped (2)"
    assert len(costs_of(study).limits) == 3
    rows.make_participant(study, "pmasked", origin="link")
    html = page(sign_in(study, "owner"), study)
    assert html.count('<th scope="row">model</th>') == 1
