"""Pages that a test serves from its own process, answered as soon as by an installation."""

import gc
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.conf import settings as configured
from django.db import connection
from django.test import testcases
from pytest_django.live_server_helper import LiveServer

KEPT_SECONDS = 600  # as the pages of an installation keep a connection: a new one for each request costs more than most


def answer_at_once() -> None:
    """From now on. An answer leaves in pieces, and the kernel would hold each back until the one before is confirmed.

    That takes 40 ms on a connection that is used again: most of the time of whoever asks for one page after the other.
    """
    testcases.QuietWSGIRequestHandler.disable_nagle_algorithm = True


@pytest.fixture
def own_pages(live_server: LiveServer, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Links lead to pages served by this process. They and the play's threads keep connections to
    the database, and plans of what they ask."""
    settings.ORIGIN = live_server.url
    kept = connection.settings_dict
    monkeypatch.setitem(kept, "CONN_MAX_AGE", KEPT_SECONDS)
    monkeypatch.setitem(kept["OPTIONS"], "options", f"{kept['OPTIONS']['options']} {configured.PLANS}")
    yield
    gc.collect()  # threads that have ended let go of their connections only so
