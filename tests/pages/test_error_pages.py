"""Pages that say what went wrong: in the language of the study that somebody is in, where that can be told."""

from collections.abc import Callable

import pytest
from django.test import Client

from flow import home_views
from flow.forms import FORM
from matching.models import Group
from participants.access import cookie_name
from participants.services import make_link
from tests.flow import conftest as gifts
from tests.flow.conftest import study_file

Browser = Callable[[Group, int], Client]
MakeGroup = Callable[..., Group]
pytestmark = pytest.mark.django_db
NOTHING, RELOAD, WRONG = "Hier ist nichts", "Bitte laden Sie die Seite neu", "Etwas ist schiefgegangen"


@pytest.fixture
def group(make_group: MakeGroup, monkeypatch: pytest.MonkeyPatch) -> Group:
    """A group of a study in German."""
    monkeypatch.setattr(gifts, "study_file", lambda **game: study_file(**game) | {"language": "de"})
    return make_group("giver", "taker")


@pytest.fixture
def giver(group: Group, browser_of: Browser) -> Client:
    return browser_of(group, 1)


@pytest.mark.parametrize("address", ["/s/recorded", "/s/visits.ics", "/s/no-such-page"])
def test_page_that_is_not_there_says_so_in_the_study_language(giver: Client, address: str) -> None:
    answer = giver.get(address, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.headers["Content-Language"]) == (404, "de")
    assert NOTHING in answer.content.decode()
    assert '<html lang="de">' in answer.content.decode()


def test_form_that_may_be_forged_is_refused_in_the_study_language(giver: Client) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    strict.cookies[cookie_name()] = giver.cookies[cookie_name()].value
    answer = strict.post("/s/", "do=leave", content_type=FORM)
    assert answer.status_code == 403
    assert RELOAD in answer.content.decode()


def test_page_that_fails_says_so_in_the_study_language(giver: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_session: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(home_views, "may_change_zone", fails)
    answer = giver.get("/s/zone")
    assert answer.status_code == 500
    assert WRONG in answer.content.decode()


def test_link_is_refused_in_the_language_of_the_study_into_which_it_leads(group: Group) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    address = f"/j/{make_link(group.version.study, is_open=True)}"
    assert RELOAD in strict.post(address).content.decode()
    assert "Please load the page again" in strict.post("/j/nobody-has-it").content.decode()


def test_visitor_of_no_study_reads_the_usual_language(giver: Client) -> None:
    stranger = Client(headers={"host": "localhost"})
    assert "This page is not open to you" in stranger.get("/s/").content.decode()
    assert "There is nothing here" in giver.get("/researcher/none/").content.decode(), "no page of a study's people"


def test_language_that_cannot_be_found_out_keeps_no_error_page_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_gone(_token: str) -> None:
        raise ConnectionError("no database")

    monkeypatch.setattr("config.errors.link_of", is_gone)
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    answer = strict.post("/j/whatever")
    assert answer.status_code == 403
    assert "Please load the page again" in answer.content.decode()
