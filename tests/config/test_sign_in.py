"""Researchers sign in with a password, and guessing it is slow."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from config.sign_in import MOST_FAILURES

pytestmark = pytest.mark.django_db

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


def test_sign_out_wants_a_post(client: Client) -> None:
    client.force_login(User.objects.get(username="ada"))
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    assert client.get("/statusz").status_code == 302
