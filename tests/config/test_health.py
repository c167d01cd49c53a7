"""What the three health addresses say, and when."""

import json
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from config import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    health.migrations_applied.cache_clear()
    yield
    health.migrations_applied.cache_clear()


def test_ready_when_database_is_current(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"is_read_only": True, "skew_seconds": 0.0}, "database_read_only"),
        ({"is_read_only": False, "skew_seconds": -2.5}, "clock_skew"),
    ],
)
def test_not_ready_says_why(client: Client, facts: dict[str, object], reason: str) -> None:
    with patch.object(health, "database_facts", return_value=facts):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reason": reason})


def test_not_ready_without_database(client: Client) -> None:
    with patch.object(health, "database_facts", side_effect=OperationalError("password=hunter2")):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "database_unreachable")
    assert b"hunter2" not in answer.content


def test_not_ready_before_migrations(client: Client) -> None:
    with patch("config.health.MigrationExecutor.migration_plan", return_value=[("a migration", False)]):
        assert client.get("/readyz").json()["reason"] == "migrations_missing"
    assert client.get("/readyz").status_code == 200


def test_database_clock_is_close_to_ours() -> None:
    facts = health.database_facts()
    assert not facts["is_read_only"]
    assert abs(facts["skew_seconds"]) < 1


def test_status_shows_researchers_what_is_late(client: Client) -> None:
    client.force_login(User.objects.create_user("staff", is_staff=True))
    answer = client.get("/statusz")
    assert answer.status_code == 200
    assert {"version", "beats"} <= set(json.loads(answer.content))
