"""The participant's address: what it shows, what it takes, and what it makes of garbage."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from events import clock
from flow import pace
from flow.forms import FORM, MOST_BYTES
from flow.models import Act, Match, Submission
from matching.models import Group, Seat
from participants.models import Participant
from studies.models import Study
from tests.flow import conftest as gifts
from tests.flow.conftest import study_file

A_KEY = "3f0e5a52-3f9c-4c0e-9a52-2b1d6f1e7a10"  # the same in every worker, which collect by name

Browser = Callable[[Group, int], Client]
MakeGroup = Callable[..., Group]
pytestmark = pytest.mark.django_db
ADDRESSES = ["/s/", "/s/poll", "/s/leave", "/s/recorded"]


def hidden(html: str) -> dict[str, str]:
    """The key and the revision that a page's form carries."""
    return dict(re.findall(r'<input type="hidden" name="(key|rev)" value="([^"]*)">', html))


def shown(client: Client) -> str:
    """The page as a browser without scripts loads it."""
    answer = client.get("/s/")
    assert answer.status_code == 200
    return answer.content.decode()


def send(client: Client, *, fragment: bool = True, **data: str) -> Any:
    """Fill in the form of the page that is shown."""
    headers = {"X-Fragment": "1"} if fragment else {}
    return client.post("/s/", urlencode({**hidden(shown(client)), **data}), content_type=FORM, headers=headers)


@pytest.fixture
def group(make_group: MakeGroup) -> Group:
    return make_group("giver", "taker")


@pytest.fixture
def giver(group: Group, browser_of: Browser) -> Client:
    return browser_of(group, 1)


@pytest.fixture
def taker(group: Group, browser_of: Browser) -> Client:
    return browser_of(group, 2)


@pytest.mark.parametrize("address", ADDRESSES)
def test_door_is_shut_without_a_cookie_or_with_a_foreign_one(address: str, group: Group) -> None:
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    assert client.get(address).status_code == 403
    client.cookies["seat"] = "x" * 300
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 403


def test_page_is_whole_and_names_only_the_public_title(giver: Client) -> None:
    html = shown(giver)
    assert "<title>A task with others</title>" in html
    assert "The page give_giver" in html
    assert "Gifts" not in html
    assert 'data-socket="ws://localhost:' in html
    answer = giver.get("/s/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Language"] == "en"


def test_page_of_the_one_who_waits_has_no_button(taker: Client) -> None:
    html = shown(taker)
    assert "The page give_taker" in html
    assert 'class="primary"' not in html
    assert 'http-equiv="refresh"' in html


def test_form_with_a_script_is_answered_by_the_next_fragment(giver: Client) -> None:
    answer = send(giver, sent="4")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.lstrip().startswith('<div id="page"')
    assert "<html" not in html
    assert Act.objects.get().values == {"sent": 4}


def test_form_without_a_script_is_answered_by_a_redirect(giver: Client) -> None:
    answer = send(giver, fragment=False, sent="4")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/s/")
    assert Act.objects.get().values == {"sent": 4}


def test_refused_form_comes_back_with_what_was_typed(giver: Client) -> None:
    for fragment in (True, False):
        answer = send(giver, fragment=fragment, sent="99")
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "Please choose from 0 to 10." in html
        assert 'value="99"' in html
        assert 'aria-invalid="true"' in html
    assert not Act.objects.exists()
    assert not Submission.objects.exists()


def test_same_form_twice_is_one_act_and_another_body_a_conflict(giver: Client) -> None:
    form = hidden(shown(giver)) | {"sent": "4"}
    headers = {"X-Fragment": "1"}
    statuses = [giver.post("/s/", urlencode(form), content_type=FORM, headers=headers).status_code for _ in range(3)]
    assert statuses == [200, 200, 200]
    other = giver.post("/s/", urlencode(form | {"sent": "5"}), content_type=FORM, headers=headers)
    assert other.status_code == 409
    assert "Your first answer was saved already." in other.content.decode()
    assert Act.objects.get().values == {"sent": 4}


def test_stale_form_changes_nothing_and_shows_where_one_is(giver: Client) -> None:
    old = hidden(shown(giver))
    send(giver, sent="4")
    stale = {"key": str(uuid4()), "rev": old["rev"], "sent": "9"}
    answer = giver.post("/s/", urlencode(stale), content_type=FORM, headers={"X-Fragment": "1"})
    assert (answer.status_code, answer.headers["X-Outcome"]) == (200, "stale")
    assert "That page was over already." in answer.content.decode()
    answer = giver.post("/s/", urlencode(stale | {"key": str(uuid4())}), content_type=FORM)
    assert answer.status_code == 303
    assert "That page was over already." in shown(giver)
    assert "That page was over already." not in shown(giver)
    assert Act.objects.get().values == {"sent": 4}


def test_late_form_is_said_not_to_count(giver: Client) -> None:
    form = hidden(shown(giver)) | {"sent": "4"}
    Match.objects.update(deadline_at=clock.now() - timedelta(seconds=10))
    answer = giver.post("/s/", urlencode(form), content_type=FORM, headers={"X-Fragment": "1"})
    assert "It does not count." in answer.content.decode()
    assert Submission.objects.get().outcome == "late"
    assert not Act.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"sent=4", FORM, 400),
        (b"key=1&rev=x&sent=4", FORM, 400),
        (f"key={A_KEY}&rev=&sent=4".encode(), FORM, 400),
        (f"key={A_KEY}&rev={'r' * 61}&sent=4".encode(), FORM, 400),
        (f"key={A_KEY}&rev=r&sent=%00".encode(), FORM, 400),
        (f"key={A_KEY}&rev=r&sent=%ff".encode(), FORM, 400),
        (f"key={A_KEY}&rev=r&sent=%ed%a0%80".encode(), FORM, 400),
        (b"\xff\xfe=1", FORM, 400),
        (f"key={A_KEY}&rev=r&sent=4&sent=5".encode(), FORM, 400),
        (f"key={A_KEY}&rev=r&".encode() + b"a=1&" * 300, FORM, 400),
        (f"key={A_KEY}&rev=r&sent=".encode() + b"x" * MOST_BYTES, FORM, 413),
        (b'{"sent": 4}', "application/json", 415),
        (b"sent=4", "text/plain", 415),
        (b"", "", 415),
        (f"key={A_KEY}&rev=r&sent=4".encode(), f"{FORM}; charset=latin-1", 415),
        (f"key={A_KEY}&rev=r&sent=4".encode(), f"{FORM}; charset=utf-7", 415),
        (f"key={A_KEY}&rev=r&sent=4".encode(), f"{FORM}; charset=nonsense", 415),
        (f"key={{{A_KEY}}}&rev=r&sent=4".encode(), FORM, 400),
        (f"key=urn:uuid:{A_KEY}&rev=r&sent=4".encode(), FORM, 400),
        (f"key={A_KEY.replace('-', '')}&rev=r&sent=4".encode(), FORM, 400),
        (urlencode({"key": A_KEY.replace("3", "\u0663"), "rev": "r", "sent": "4"}).encode(), FORM, 400),
    ],
)
def test_garbage_gets_a_calm_page_and_leaves_no_row(giver: Client, body: bytes, kind: str, status: int) -> None:
    answer = giver.generic("POST", "/s/", body, content_type=kind)
    assert answer.status_code == status
    assert "We could not read that" in answer.content.decode()
    assert not Submission.objects.exists()
    assert not Act.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"sent=" + b"x" * 1_500_000, FORM, 413),
        (b"sent=" + b"x" * 70_000, FORM, 413),
        (b"sent=4", f"{FORM}; charset=latin-1", 415),
        (b"a=1&" * 600, FORM, 400),
    ],
)
def test_body_that_django_refuses_is_answered_as_ours(giver: Client, body: bytes, kind: str, status: int) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False, headers={"host": "localhost"})
    strict.cookies = giver.cookies
    shown(strict)
    headers = {"X-CSRFToken": strict.cookies["csrf"].value}
    answer = strict.generic("POST", "/s/", body, content_type=kind, headers=headers)
    assert answer.status_code == status
    assert "We could not read that" in answer.content.decode()


def test_form_that_says_utf8_is_read(giver: Client) -> None:
    form = urlencode(hidden(shown(giver)) | {"sent": "4"})
    assert giver.post("/s/", form, content_type=f"{FORM}; charset=UTF-8").status_code == 303
    assert Act.objects.get().values == {"sent": 4}


def test_multipart_form_is_refused(giver: Client) -> None:
    assert giver.post("/s/", {"sent": "4", "key": str(uuid4()), "rev": "r"}).status_code == 415


def test_form_without_the_token_of_its_page_is_refused(group: Group, giver: Client) -> None:
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False, headers={"host": "localhost"})
    strict.cookies = giver.cookies
    answer = strict.post("/s/", urlencode(hidden(shown(strict)) | {"sent": "4"}), content_type=FORM)
    assert answer.status_code == 403
    assert not Act.objects.exists()


@pytest.mark.usefixtures("one_stretch")
def test_twenty_forms_in_ten_seconds_are_enough(giver: Client) -> None:
    statuses = [giver.post("/s/", b"x=1", content_type=FORM).status_code for _ in range(21)]
    assert statuses[:20] == [400] * 20
    assert statuses[20] == 429
    answer = giver.post("/s/", b"x=1", content_type=FORM)
    assert answer.headers["Retry-After"] == "10"


def test_limit_opens_when_redis_is_gone(giver: Client, settings: LazySettings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    }
    assert giver.post("/s/", b"x=1", content_type=FORM).status_code == 400


@pytest.mark.usefixtures("mute_redis")
def test_form_is_taken_at_once_while_redis_hangs(giver: Client) -> None:
    form = hidden(shown(giver)) | {"sent": "4"}
    began = time.monotonic()
    answer = giver.post("/s/", urlencode(form), content_type=FORM, headers={"X-Fragment": "1"})
    assert time.monotonic() - began < 2
    assert answer.status_code == 200
    assert Act.objects.get().values == {"sent": 4}


def test_poll_is_empty_until_the_page_changes_and_notes_a_sign_of_life(giver: Client, taker: Client) -> None:
    Participant.objects.update(seen_at=clock.now() - timedelta(minutes=1))
    match = re.search(r'data-rev="([^"]+)"', shown(taker))
    assert match is not None
    rev = match[1]
    assert taker.get("/s/poll", {"rev": rev}).status_code == 204
    send(giver, sent="4")
    answer = taker.get("/s/poll", {"rev": rev})
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<div id="page"')
    assert "The page say_taker" in answer.content.decode()
    seen = Participant.objects.get(seats__number=2).seen_at
    assert clock.now() - seen < timedelta(seconds=30)


def test_poll_closes_what_is_overdue(giver: Client) -> None:
    rev = hidden(shown(giver))["rev"]
    Match.objects.update(deadline_at=clock.now() - timedelta(seconds=10))
    answer = giver.get("/s/poll", {"rev": rev})
    assert answer.status_code == 200
    assert "The page void" in answer.content.decode()


@pytest.mark.parametrize(("choice", "exit_name"), [("leave", "left"), ("withdraw", "withdrawn")])
def test_leaving_is_explained_first_and_final(giver: Client, choice: str, exit_name: str) -> None:
    html = giver.get("/s/leave").content.decode()
    assert "you are paid in full" in html
    assert Seat.objects.filter(status="sitting").count() == 2
    answer = giver.post("/s/leave", urlencode({"do": choice}), content_type=FORM)
    assert answer.status_code == 303
    assert Participant.objects.get(seats__number=1).exit == exit_name
    html = shown(giver)
    assert f"CODE-{exit_name}" in html
    assert "/s/leave" not in html
    assert giver.get("/s/leave").status_code == 303


def test_leaving_needs_a_clear_word(giver: Client) -> None:
    assert giver.post("/s/leave", b"do=perhaps", content_type=FORM).status_code == 400
    assert giver.post("/s/leave", b"do=leave", content_type="text/plain").status_code == 415
    assert not Participant.objects.exclude(exit="").exists()


def test_own_rows_are_nowhere_in_a_study_with_real_data(giver: Client) -> None:
    assert giver.get("/s/recorded").status_code == 404
    assert "/s/recorded" not in shown(giver)


def test_own_rows_are_shown_in_a_preview_beside_what_they_mean(giver: Client) -> None:
    Participant.objects.update(origin="preview")
    assert "Once you have played" in giver.get("/s/recorded").content.decode()
    send(giver, sent="4")
    html = giver.get("/s/recorded").content.decode()
    assert "What you decided" in html
    assert re.search(r"<code>value</code><span class=\"hint\">\w[^<]*</span></th><td>4</td>", html)
    assert "/s/recorded" in shown(giver)


def test_own_rows_may_not_be_asked_for_again_and_again(giver: Client, one_stretch: None) -> None:
    Participant.objects.update(origin="preview")
    answers = [giver.get("/s/recorded").status_code for _ in range(pace.MOST + 1)]
    assert (answers[0], answers[-1]) == (200, 429)


@pytest.mark.parametrize("address", ["/s/poll", "/s/recorded"])
def test_pages_to_read_take_no_forms(giver: Client, address: str) -> None:
    assert giver.post(address, b"", content_type=FORM).status_code == 405


def test_study_in_another_language_is_spoken_in_it(
    make_group: MakeGroup, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gifts, "study_file", lambda **game: study_file(**game) | {"language": "de"})
    answer = browser_of(make_group("giver", "taker"), 1).get("/s/")
    html = answer.content.decode()
    assert answer.headers["Content-Language"] == "de"
    assert '<html lang="de"' in html
    assert "Pause oder aufhören" in html


def test_simulated_people_may_send_forms_as_fast_as_they_can() -> None:
    person = Participant(pk=4711, study=Study(is_simulated=True))
    assert not any(pace.is_too_fast(person) for _ in range(25))
