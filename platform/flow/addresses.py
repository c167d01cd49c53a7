"""Who may give an e-mail address for reminders, and what one looks like. `address_form` has the questions."""

from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from django.utils.translation import gettext_noop

from paradigm import Field, FieldError
from participants.identity import LONGEST_ADDRESS, has_decided, is_address
from scheduling.models import Session
from studies import definition

ASKS_ADDRESS = "asks_address"  # in a session's facts: its stages are over, and one may give an address
NO_ADDRESS = gettext_noop("Please write one address, such as name@example.org.")


@dataclass(frozen=True)
class Email(Field):
    """One e-mail address."""

    required: bool = False
    kind: ClassVar[str] = "email"

    @property
    def max_chars(self) -> int:
        """As mail systems have it."""
        return LONGEST_ADDRESS

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": LONGEST_ADDRESS}

    def clean(self, raw: Any) -> Any:
        return super().clean(raw.strip(" ") if isinstance(raw, str) else raw)

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str) or not is_address(raw):
            raise FieldError("no_address", NO_ADDRESS)
        return raw

    def simulate(self, rng: Random) -> str:
        return f"person{rng.randrange(10**9)}@example.invalid"

    def describe(self) -> dict[str, str]:
        return {"type": "string", "unit": "", "allowed_values": "an e-mail address; never in a dataset"}


def is_by_email(session: Session) -> bool:
    """Whether people of this study may be reminded by e-mail."""
    said = definition.definition(session.participant.version).reminders
    return said is not None and "email" in said.channels


def is_reached_otherwise(session: Session) -> bool:
    """Whether people of this study may be reminded without having given an address."""
    said = definition.definition(session.participant.version).reminders
    return said is not None and any(channel != "email" for channel in said.channels)


def has_reminders(session: Session) -> bool:
    """Whether people of this study are reminded at all."""
    return definition.definition(session.participant.version).reminders is not None


def is_address_wanted(session: Session) -> bool:
    """Whether somebody whose first visit is over may now give an address.

    Nobody is asked twice: on the page about reminders, which has an address of its own, they may have given one before.
    """
    first = definition.definition(session.participant.version).waves[0].id
    return session.wave == first and is_by_email(session) and not has_decided(session.participant)
