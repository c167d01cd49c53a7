"""What two who meet are told of a visit: when, and for how long the other waits. Not that they can begin for longer."""

import json
from collections.abc import Callable

import pytest
from django.utils import translation

from events import clock
from flow.letters import letter_of
from scheduling.models import Reminder, Session
from studies.models import Version
from tests.machinery.people import make_version, newcomer, page, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import START, couple_file, enrolled, newest, pass_to, rows
from tests.scheduling.test_couples import SIX
from tests.scheduling.test_couples_apart import AGAIN, waits_in_vain

pytestmark = pytest.mark.django_db(transaction=True)
REMINDED = {"reminders": [{"at": {"from": "opens", "plus": "0m"}, "if": "not_started"}]}
WAITS = "Your partner waits for you at most 15 minutes."


def remembered(make_version: Callable[..., Version], language: str = "en") -> Version:  # noqa: F811
    """The study of two, who are reminded of their talks."""
    clock.simulate()
    clock.stand(START)
    said = json.loads(json.dumps(couple_file(lasts=AGAIN, talk=REMINDED)))
    more = {"reminders": {"channels": ["email"]}, "language": language}
    return make_version(roles=dict(said["groups"]["pair"]["roles"]), **said | more)


def letter(person: Session) -> str:
    row = rows(person)[0]
    reminder = Reminder(pk=1, scheduled=row, number=1, channel="email")
    return letter_of(reminder, row, link="link", stop="stop").text


def until(person: Session) -> str:
    found: str = page(newest(person)).facts["until"]
    return found


def test_page_and_mail_say_when_it_opens_and_how_long_the_partner_waits(
    make_version: Callable[..., Version],  # noqa: F811
) -> None:
    here, away = enrolled(remembered(make_version), newcomer)
    assert until(away) == WAITS
    assert f"It opens on Tuesday, March 23, 18:00. {WAITS}" in letter(away)
    pass_to(SIX, here, away)
    assert until(away) == f"It opened on Tuesday, March 23, 18:00. {WAITS}"
    assert f"It opened on Tuesday, March 23, 18:00. {WAITS}" in letter(away)
    assert "You can begin until" not in letter(away) + until(away)
    with translation.override("de"):
        assert until(away).endswith("Ihr Partner wartet auf Sie höchstens 15 Minuten.")


def test_whoever_is_to_come_later_is_told_of_that_time(make_version: Callable[..., Version]) -> None:  # noqa: F811
    _here, away = waits_in_vain(remembered(make_version))
    assert until(away) == f"You meet your partner on Wednesday, March 24, 18:00. {WAITS}"
    assert f"You meet your partner on Wednesday, March 24, 18:00. {WAITS}" in letter(away)
