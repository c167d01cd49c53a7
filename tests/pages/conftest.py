"""People with a browser in the gift game."""

from collections.abc import Callable, Mapping

import pytest
from django.conf import LazySettings
from django.test import Client

from flow.page import Page
from matching.models import Group
from participants.access import cookie_name
from participants.models import Participant
from participants.tokens import digest
from scheduling.models import Session
from tests.flow.conftest import gift_is_installed, make_group  # noqa: F401  fixtures are found by name


def last_page(session: Session) -> Page:
    """What somebody reads who has finished."""
    return Page("end", "Thank you", facts={"code": f"CODE-{session.participant.exit}"})


def reckoned(participant: Participant) -> None:
    """Nothing is paid here."""


def nothing_asked(session: Session, data: Mapping[str, str]) -> str:
    """The last page asks nothing here."""
    return "stale"


@pytest.fixture(autouse=True)
def exits_have_a_page(gift_is_installed: None, settings: LazySettings) -> None:  # noqa: F811
    from flow.kinds import kind

    names = {"settle": "reckoned", "page": "last_page", "submit": "nothing_asked"}
    settings.KINDS = settings.KINDS | {"exit": {what: f"{__name__}.{name}" for what, name in names.items()}}
    kind.cache_clear()


@pytest.fixture
def browser_of() -> Callable[[Group, int], Client]:
    """`browser_of(group, 1)`: a client that carries the cookie of whoever sits there."""

    def make(group: Group, number: int) -> Client:
        person = group.seats.get(number=number).participant
        assert person is not None
        secret = f"secret-{person.code}"
        Participant.objects.filter(pk=person.pk).update(token_sha256=digest(secret))
        client = Client(raise_request_exception=False, headers={"host": "localhost"})
        client.cookies[cookie_name()] = secret
        return client

    return make
