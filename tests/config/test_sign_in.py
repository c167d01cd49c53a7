"""Researchers sign in with a password, and guessing it is slow."""

import time
from unittest import mock

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from config.sign_in import MOST_FAILURES, MOST_FAILURES_OF_NAME
from studies.models import Study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_stretch")]

RIGHT = {"username": "ada", "password": "a long enough password"}


@pytest.fixture(autouse=True)
def _researcher() -> None:
    cache.clear()
    User.objects.create_user(**RIGHT, is_staff=True)


def test_right_password_leads_on(client: Client) -> None:
    answer = client.post("/login?next=/statusz", RIGHT | {"next": "/statusz"})
    assert (answer.status_code, answer["Location"]) == (302, "/statusz")
    assert client.get("/statusz").status_code == 200


def test_sign_in_leads_to_no_other_site(client: Client) -> None:
    answer = client.post("/login", RIGHT | {"next": "https://evil.example/"})
    assert "evil" not in answer["Location"]


def test_guessing_is_stopped_even_for_the_right_password(client: Client) -> None:
    for _ in range(MOST_FAILURES):
        assert b"problem" in client.post("/login", RIGHT | {"password": "wrong"}).content
    answer = client.post("/login", RIGHT)
    assert answer.status_code == 200
    assert b"Too many attempts" in answer.content


def test_success_forgives_earlier_mistakes(client: Client) -> None:
    for _ in range(MOST_FAILURES - 1):
        client.post("/login", RIGHT | {"password": "wrong"})
    assert client.post("/login", RIGHT).status_code == 302
    assert b"Too many" not in client.post("/login", RIGHT | {"password": "wrong"}).content


def test_attempt_without_a_password_forgives_nothing(client: Client) -> None:
    for _ in range(MOST_FAILURES - 1):
        client.post("/login", RIGHT | {"password": "wrong"})
        client.post("/login", {"username": RIGHT["username"], "password": ""})
    assert b"Too many attempts" in client.post("/login", RIGHT).content


def test_guessing_from_elsewhere_does_not_lock_the_owner_out(client: Client) -> None:
    for _ in range(MOST_FAILURES_OF_NAME + 1):  # what is refused at that address does not count against the name
        stranger = client.post("/login", RIGHT | {"password": "wrong"}, REMOTE_ADDR="10.0.0.1")
    assert b"Too many attempts" in stranger.content
    assert client.post("/login", RIGHT, REMOTE_ADDR="10.0.0.2").status_code == 302


def test_many_addresses_guess_at_one_name_no_faster_than_its_limit(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.sign_in.MOST_FAILURES_OF_NAME", 15)
    for number in range(15):
        answer = client.post("/login", RIGHT | {"password": "wrong"}, REMOTE_ADDR=f"10.0.0.{number}")
        assert b"Too many" not in answer.content
    assert b"Too many attempts" in client.post("/login", RIGHT, REMOTE_ADDR="10.0.1.1").content


def test_signing_in_rightly_is_no_guess_at_the_name(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.sign_in.MOST_FAILURES_OF_NAME", 2)
    assert [client.post("/login", RIGHT).status_code for _ in range(4)] == [302] * 4


def test_sign_in_works_without_redis(client: Client, settings: LazySettings) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere.sock"}}
    assert b"problem" in client.post("/login", RIGHT | {"password": "wrong"}).content
    assert client.post("/login", RIGHT).status_code == 302


@pytest.mark.usefixtures("mute_redis")
def test_sign_in_is_quick_while_redis_hangs(client: Client) -> None:
    began = time.monotonic()
    assert client.post("/login", RIGHT).status_code == 302
    assert time.monotonic() - began < 2


def test_sign_in_works_when_a_count_runs_out_between_two_calls(client: Client) -> None:
    with mock.patch.object(cache, "incr", side_effect=ValueError("no such key")):
        assert client.post("/login", RIGHT).status_code == 302


@pytest.mark.parametrize("cookie", ['"\\000aaaaaaaaaaaa"', "x" * 65, "ABC", "a b", "\xb2\xe9", ""])
def test_crafted_session_cookie_is_as_none(client: Client, cookie: str) -> None:
    answer = client.get("/researcher/", headers={"cookie": f"researcher={cookie}"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login")


def test_sign_in_page_tells_the_way_into_a_demonstration(client: Client, settings: LazySettings) -> None:
    assert "Researcher link" not in client.get("/login").content.decode()
    Study.objects.create(slug="shown", title="Shown", is_demo=True)
    assert "use the Researcher link that <code>make demo</code> printed" in client.get("/login").content.decode()
    settings.IS_PRODUCTION = True
    assert "Researcher link" not in client.get("/login").content.decode()


def test_sign_out_wants_a_post(client: Client) -> None:
    client.force_login(User.objects.get(username="ada"))
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    assert client.get("/statusz").status_code == 302
