"""The ground of every other test: a real PostgreSQL and a real Redis."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db
def test_database_is_a_postgresql_that_is_supported() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 140000
    assert connection.settings_dict["NAME"].startswith("test_")


def test_cache_is_redis() -> None:
    cache.set("kept", 7, timeout=10)
    assert cache.get("kept") == 7
    assert "redis" in settings.CACHES["default"]["BACKEND"]
