"""What was found, on the researcher's pages: behind a number that stays, for whoever may read it."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from chat.models import SafetyStep
from console.views import safety
from events import runner
from events.models import Event
from flow.models import Match
from studies.models import Study
from tests.chat.conftest import games_are_installed  # noqa: F401  a fixture is found by name
from tests.chat.safe_rooms import ALONE, STOP, room
from tests.chat.test_between_people import send, session_of
from tests.chat.test_case_numbers import forget, grave_talk, study_of
from tests.console.conftest import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def found() -> Match:
    return grave_talk()


def page(browser: Client, match: Match, *number: int) -> Any:
    name = "safety_case" if number else "safety"
    return browser.get(reverse(name, args=[study_of(match).slug, *number]))


def numbers_in(listed: Any) -> list[str]:
    """The numbers that a list leads to, in its order."""
    return re.findall(r"/safety/(\d+)\"", listed.content.decode())


def code_of(match: Match, seat: int) -> str:
    return session_of(match, seat).participant.code


def test_page_of_a_number_goes_on_to_show_the_same_and_says_what_was_deleted(found: Match, sign_in: SignIn) -> None:
    browser = sign_in(study_of(found), "monitor")
    forget(found, 1)
    shown = page(browser, found, 2)
    assert shown.status_code == 200
    assert code_of(found, 2) in shown.content.decode()
    assert STOP in shown.content.decode()
    gone = page(browser, found, 1)
    assert gone.status_code == 410
    assert "Its message was deleted with the data of who wrote it." in gone.content.decode()
    assert page(browser, found, 4).status_code == 404
    assert numbers_in(page(browser, found)) == ["3", "2"]
    listed = page(browser, found).content.decode()
    assert "Deleted with the data of who wrote it: 1" in listed
    assert STOP not in listed


def test_what_waits_is_listed_however_much_was_found_since(
    found: Match, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety, "MOST_LISTED", 2)
    browser = sign_in(study_of(found), "monitor")
    assert numbers_in(page(browser, found)) == ["3", "2", "1"], "all of them wait"
    for number in (2, 3):
        address = reverse("safety_case", args=[study_of(found).slug, number])
        browser.post(address, {"verdict": "no_risk", "done": "We read it."})
    listed = page(browser, found)
    assert numbers_in(listed) == ["1", "3"], "the oldest is not left out for the newest"
    assert "2 in all" in listed.content.decode()


def test_while_data_come_in_only_a_monitor_reads_and_it_is_kept(found: Match, sign_in: SignIn) -> None:
    study = study_of(found)
    for role in ("owner", "editor", "analyst"):
        browser = sign_in(study, role)
        for answer in (page(browser, found), page(browser, found, 2)):
            assert answer.status_code == 403
            assert STOP not in answer.content.decode()
            assert code_of(found, 2) not in answer.content.decode()
    assert not Event.objects.filter(kind="data.monitored").exists()
    page(sign_in(study, "monitor"), found, 2)
    assert Event.objects.get(kind="data.monitored").facts["what"] == "safety"
    assert page(sign_in(study, "operator"), found, 2).status_code == 403


def test_it_is_answered_once_on_its_page(found: Match, sign_in: SignIn) -> None:
    browser = sign_in(study_of(found), "monitor")
    address = reverse("safety_case", args=[study_of(found).slug, 2])
    empty = browser.post(address, {"verdict": "risk", "done": ""}, follow=True)
    assert "in a few words what was done" in empty.content.decode()
    kept = browser.post(address, {"verdict": "risk", "done": "We <b>rang</b>."}, follow=True).content.decode()
    assert "We &lt;b&gt;rang&lt;/b&gt;." in kept
    again = browser.post(address, {"verdict": "no_risk", "done": "No."}, follow=True).content.decode()
    assert "answered already" in again
    (row,) = SafetyStep.objects.filter(what="answered")
    assert (row.trigger.case.number if row.trigger else 0, row.verdict, row.words) == (2, "risk", "We <b>rang</b>.")
    assert row.by


def test_who_analyses_reads_and_does_not_answer(sign_in: SignIn) -> None:
    match = room(*ALONE)
    send(match, 1, message=STOP)
    Study.objects.filter(pk=study_of(match).pk).update(status="closed")
    browser = sign_in(study_of(match), "analyst")
    address = reverse("safety_case", args=[study_of(match).slug, 1])
    assert browser.get(address).status_code == 200
    assert browser.post(address, {"verdict": "risk", "done": "x"}).status_code == 403
    assert not SafetyStep.objects.filter(what="answered").exists()


def test_mail_leads_to_the_page_of_its_number(found: Match, sign_in: SignIn) -> None:
    runner.drain("jobs")
    told = next(one for one in mail.outbox if str(one.subject).endswith("number 3"))
    path = re.search(r"signed in, at https?://[^/]+(/\S+)", str(told.body))
    assert path is not None
    assert code_of(found, 2) in sign_in(study_of(found), "monitor").get(path[1]).content.decode()
