"""One reminder as it leaves: its words, and what every channel that carries it must be able to do."""

from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from flow.awaited import is_awaited, is_put_off, when_awaited
from flow.between import said
from flow.horizon import is_told, known_to, number_of
from flow.zones import place_of_zone
from participants.models import Participant
from participants.spoken import address_of
from participants.tokens import digest
from scheduling.meetings import waits_from_to
from scheduling.models import Reminder, ScheduledSession
from scheduling.outbox import rules_of
from scheduling.states import State
from studies import definition
from studies.markdown import fill
from studies.reminders import text_path
from studies.slots import slots

LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Letter:
    """A message, ready to be sent.

    Attributes:
        key: Of its row in the outbox, the same whenever it is asked for; tells nothing else.
        stop_url: Where its reader stops all of them, with one click and without an account.
        reply_to: Who answers questions.
        is_trial: Whether the study is simulated or a demonstration: then nothing may leave the house.
    """

    key: str
    subject: str
    text: str
    stop_url: str
    reply_to: str
    is_trial: bool


class NotSentError(Exception):
    """The message certainly did not leave. `code` is stored as the reason; it holds nothing of the address.

    Attributes:
        is_final: Whether to try again would be in vain.
    """

    def __init__(self, code: str, *, is_final: bool) -> None:
        super().__init__(code)
        self.code, self.is_final = code, is_final


class Channel(Protocol):
    """A way to a person. `KINDS["reminders"]` says which class implements which.

    `send` runs outside of any transaction. It raises `NotSentError` where the message certainly did not leave; any
    other exception means that nobody knows, and then nobody sends it again.
    """

    def address_of(self, participant: Participant) -> str:
        """Where the person is reached by it; empty where they are not. Reads only."""

    def is_ready(self, participant: Participant) -> bool:
        """Whether this installation can send by it at all."""

    def send(self, address: str, letter: Letter) -> None:
        """Send, once."""


def letter_of(reminder: Reminder, row: ScheduledSession, *, link: str, stop: str) -> Letter:
    """The words of a reminder, in the language of the study and by the person's own clock.

    Args:
        link: The token of the personal link.
        stop: The token that stops reminders.
    """
    person = row.participant
    study = definition.definition(person.version)
    rule = rules_of(study, row.wave)[reminder.number - 1]
    stop_url = address_of(reverse("stop_reminders", args=[stop]), study.language)
    way_in = address_of(reverse("landing", args=[link]), study.language)
    with translation.override(study.language):
        names = slots(person.version) | _given(row)
        names |= {"link": way_in, "stop_link": stop_url}
        heading, _newline, body = definition.text(person.version, text_path(rule)).lstrip().partition("\n")
        subject = " ".join(fill(heading.lstrip("#"), names).split())[:LONGEST_SUBJECT]
        text = f"{fill(body, names).strip()}\n"
    return Letter(
        key=digest(f"{settings.SECRET_KEY}/reminder/{reminder.pk}")[:32],
        subject=subject,
        text=text,
        stop_url=stop_url,
        reply_to=study.contact.email,
        is_trial=person.study.is_simulated or person.study.is_demo,
    )


def _given(row: ScheduledSession) -> dict[str, object]:
    """What only the visit itself knows: see `studies.slots.GIVEN`."""
    assert row.opens_at is not None and row.closes_at is not None and row.grace_until is not None  # noqa: PT018
    zone = row.participant.zone
    begin, until = waits_from_to(row) if is_awaited(row) else (row.opens_at, row.closes_at)
    assert begin is not None and until is not None  # noqa: PT018
    opens, closes, end = (said(at, zone) for at in (begin, until, row.grace_until))
    if row.state == State.STARTED and not is_put_off(row):
        when = _("You have begun it. You can finish it until %(end)s.") % {"end": end}
    elif is_awaited(row):
        when = when_awaited(row)
    elif row.state == State.OPEN:
        when = _("It is open now. You can begin until %(closes)s.") % {"closes": closes}
    else:
        when = _("It opens on %(opens)s. You can begin until %(closes)s.") % {"opens": opens, "closes": closes}
    known = known_to(row.participant, list(row.participant.scheduled.order_by("number")))
    return {
        "visit": number_of(row, known),
        "visits": len(known) if is_told(row.participant) else "",  # no text names it then: E871
        "when": when,
        "opens": opens,
        "closes": closes,
        "place": place_of_zone(zone),
    }
