"""The questions about reminders: the address, and the tick without which it is not kept. Both are voluntary."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from flow.addresses import Email
from flow.forms import ADDRESS
from flow.stages.consent import Tick
from paradigm import Field, FieldError
from paradigm.fields import clean

AGREED = "reminder_agreed"
NOT_AGREED = gettext_noop("Please tick this box too, or leave the address empty.")
NOTHING_GIVEN = gettext_noop("Please write your address, or take the tick away.")


def address_fields() -> list[Field]:
    """The address, and the tick without which it is not kept."""
    agreed = _("Please remind me of my visits at this address. I can change my mind at any time.")
    return [Email(name=ADDRESS, label=_("Your e-mail address")), Tick(name=AGREED, label=agreed, required=False)]


def read_address(data: Mapping[str, Any]) -> tuple[str, dict[str, FieldError]]:
    """The address that was given and agreed to, empty where none was; and what must be mended, by field key."""
    values, errors = clean(address_fields(), data)
    if errors:
        return "", dict(errors)
    address, is_agreed = values[ADDRESS] or "", bool(values[AGREED])
    if address and not is_agreed:
        return "", {AGREED: FieldError("not_agreed", NOT_AGREED)}
    if is_agreed and not address:
        return "", {ADDRESS: FieldError("missing", NOTHING_GIVEN)}
    return address, {}


def uses() -> Sequence[str]:
    """What the address is for, and what becomes of it."""
    return [
        _("We send you a message when a visit opens, or before it closes. Nothing else is sent there."),
        _("The address is kept apart from your answers and locked. It is never part of the data."),
        _("It is deleted when you take it back, when you leave, and when your last visit is over."),
    ]
