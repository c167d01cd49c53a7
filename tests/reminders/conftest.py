"""A study whose visits are reminded of, and people who gave an address."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMessage

from events import clock
from flow.address_form import AGREED
from flow.forms import ADDRESS
from scheduling.models import Reminder, Session
from studies.models import Version
from tests.machinery.people import (  # noqa: F401  fixtures are found by name
    MakeVersion,
    make_version,
    newcomer,
    page,
    send,
    sharing_is_installed,
)
from tests.scheduling.test_visits import FILE, START, answer, newest

RULES: list[dict[str, Any]] = [
    {"at": {"from": "opens", "plus": "0m"}, "if": "not_started"},
    {"at": {"from": "opens", "plus": "24h"}, "if": "not_started"},
    {"at": {"from": "closes", "minus": "4h"}, "if": "not_completed"},
]
SAID: dict[str, Any] = {"channels": ["email"], "quiet_hours": ["21:00", "08:00"]}
SOMEBODY = "quirin.zwiebel@example.org"


def file_with(
    *, rules: list[dict[str, Any]] | None = None, talk: dict[str, Any] | None = None, **said: Any
) -> dict[str, Any]:
    """The study of `tests/scheduling` with reminders of its talks.

    Args:
        rules: Of the wave.
        talk: What else is other in that wave.
        said: In `reminders`.
    """
    first, before, final = FILE["waves"]
    changed = before | {"reminders": RULES if rules is None else rules} | (talk or {})
    return FILE | {"waves": [first, changed, final], "reminders": SAID | said}


@pytest.fixture(autouse=True)
def files_stay_here(settings: LazySettings, tmp_path: Path) -> None:
    """What stands in for a mail server and a recruiter."""
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.MESSAGES_FOLDER = tmp_path / "messages"


@pytest.fixture
def make(make_version: MakeVersion) -> Callable[..., Version]:  # noqa: F811
    """`make(rules=[…], caps={…})`: the study with reminders, at the beginning of time."""
    clock.simulate()
    clock.stand(START)

    def made(**said: Any) -> Version:
        names = ("rules", "talk", "channels", "quiet_hours", "caps")
        own = {name: said.pop(name) for name in names if name in said}
        return make_version(**file_with(**own) | said)

    return made


@pytest.fixture
def version(make: Callable[..., Version]) -> Version:
    return make()


def asked_for_address(version: Version, *, zone: str = "Europe/Berlin") -> Session:
    """Somebody who has finished the first visit and may give an address now."""
    session = newcomer(version)
    while not any(field.kind == "email" for field in page(session).fields):
        session = answer(session, zone=zone)
    return session


def enrolled(version: Version, *, address: str = SOMEBODY, zone: str = "Europe/Berlin") -> Session:
    """Somebody who has done all of the first visit; without an address they go on without reminders."""
    session = asked_for_address(version, zone=zone)
    given = {ADDRESS: address, AGREED: "yes"} if address else {"no_reminders": "1"}
    assert send(session, **given) == "stored"
    return newest(session)


def reminders(session: Session, visit: int = 1) -> list[Reminder]:
    """Of one visit, in their order."""
    rows = Reminder.objects.filter(scheduled__participant=session.participant_id, scheduled__number=visit)
    return list(rows.order_by("number", "channel"))


def became(session: Session, visit: int = 1) -> list[tuple[str, str]]:
    """State and reason of the reminders of one visit."""
    return [(row.state, row.reason) for row in reminders(session, visit)]


def outbox() -> list[EmailMessage]:
    """What left by the mail server."""
    return list(getattr(mail, "outbox", []))


def link_in(message: EmailMessage, path: str) -> str:
    """The address in a message that begins with a path."""
    found = [line for line in str(message.body).splitlines() if path in line]
    assert len(found) == 1, message.body
    return found[0][found[0].index(path) :]
