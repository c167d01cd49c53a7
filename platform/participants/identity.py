"""The one place that knows something of the real world: to which address a person asked to be reminded.

It is sealed with a key that is not in the database, stands in no event, log, address of a page, task or dataset, and
goes when the person unsubscribes, leaves, or asks for deletion. Everything here runs in the caller's transaction.
"""

import base64
import hashlib
import re
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db.models import Q

from events import clock, log
from participants.errors import ParticipantError
from participants.models import Contact, Participant
from participants.tokens import digest, new_token

AGREED = "reminders.agreed"
STOPPED = "reminders.stopped"
LONGEST_ADDRESS = 254
# What every mail system takes: one address in ASCII, no name before it, no quotes, no second one behind a comma.
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]\Z"
)
MOST_BEFORE_AT = 64


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address and nothing more: no header can be smuggled in by it."""
    return _ADDRESS.match(text) is not None and len(text.partition("@")[0]) <= MOST_BEFORE_AT


def keep_address(participant: Participant, address: str) -> bool:
    """Keep the address that a person gave, and that they agreed to be reminded there.

    Where it takes another's place, what was sent to that one cannot stop reminders any more: whoever reads that mailbox
    may not be the person.

    Returns:
        Whether anything is another now: not where the same address is given again.

    Raises:
        ParticipantError: "no_address".
    """
    if not is_address(address):
        raise ParticipantError("no_address", "this is no e-mail address")
    contact = _contact_of(participant)
    if contact.stopped_at is None and _is_sealed_in(contact.sealed_address, address):
        return False
    if contact.sealed_address or contact.stopped_at is not None:
        token = new_token()
        contact.stop_sha256, contact.sealed_stop = digest(token), _seal(token)
    contact.sealed_address, contact.agreed_at, contact.stopped_at = _seal(address), clock.now(), None
    contact.save()
    _record(participant, AGREED, by="page")
    return True


def address_of(participant: Participant) -> str:
    """The address to which a person wants to be reminded; empty where there is none.

    Raises:
        ParticipantError: "unreadable", where the key with which it was sealed is not among the settings.
    """
    contact = Contact.objects.filter(participant=participant).first()
    if contact is None or not contact.sealed_address or contact.stopped_at is not None:
        return ""
    return _opened(contact.sealed_address)


def hint_of(participant: Participant) -> str:
    """So much of the address that its owner knows it again, and nobody else learns it; empty where there is none."""
    try:
        name, _, domain = address_of(participant).rpartition("@")
    except ParticipantError:
        return "…"
    return f"{name[0]}…@{domain}" if name else ""


def has_stopped(participant: Participant) -> bool:
    """Whether a person wants no reminders."""
    return Contact.objects.filter(participant=participant, stopped_at__isnull=False).exists()


def has_decided(participant: Participant) -> bool:
    """Whether a person has given an address that is still kept, or wants no reminders."""
    decided = ~Q(sealed_address="") | Q(stopped_at__isnull=False)
    return Contact.objects.filter(decided, participant=participant).exists()


def stop(participant: Participant, *, by: str) -> bool:
    """Remind a person no more, and forget the address; false where that was so already.

    Args:
        by: "page", "link" or "one_click"; kept.
    """
    contact = _contact_of(participant)
    if contact.stopped_at is not None:
        return False
    contact.sealed_address, contact.agreed_at, contact.stopped_at = "", None, clock.now()
    contact.save(update_fields=["sealed_address", "agreed_at", "stopped_at"])
    _record(participant, STOPPED, by=by)
    return True


def resume(participant: Participant) -> None:
    """Remind a person again by whatever channel needs no address; one that was forgotten must be given anew."""
    contact = _contact_of(participant)
    if contact.stopped_at is not None:
        contact.stopped_at = None
        contact.save(update_fields=["stopped_at"])
        _record(participant, AGREED, by="page")


def stop_token_of(participant: Participant) -> str:
    """The token that stops a person's reminders. It lets nobody in."""
    return _opened(_contact_of(participant).sealed_stop)


def owner_of_stop(token: str) -> Participant | None:
    """Whose reminders a token stops; None for one that is unknown or no longer valid."""
    contacts = Contact.objects.select_related("participant__study")
    contact = contacts.filter(stop_sha256=digest(token)).first()
    return contact.participant if contact is not None else None


def forget(participant: Participant) -> None:
    """Delete the address: the person's part has ended, and they are reminded no more.

    What is left is that their messages' way out still answers. It reads nothing, so that whoever ends a game for a
    program may do this and see no address.
    """
    Contact.objects.filter(participant=participant).update(
        sealed_address="", agreed_at=None, stopped_at=clock.RapportNow()
    )


def erase(participant: Participant) -> int:
    """Delete all of it of one person, who asked for it. Returns how many rows there were."""
    return Contact.objects.filter(participant=participant).delete()[0]


def _contact_of(participant: Participant) -> Contact:
    """The person's row under its lock, made where there is none."""
    token = new_token()
    new = {"stop_sha256": digest(token), "sealed_stop": _seal(token)}
    Contact.objects.get_or_create(participant=participant, defaults=new)  # two at once: the second reads the first's
    return Contact.objects.select_for_update(of=("self",)).get(participant=participant)


def _record(participant: Participant, kind: str, *, by: str) -> None:
    log.record(kind, study=participant.study_id, subject=("participant", participant.pk), facts={"by": by})


def _seal(text: str) -> str:
    return _box(tuple(settings.IDENTITY_KEYS)).encrypt(text.encode()).decode()


def _is_sealed_in(sealed: str, text: str) -> bool:
    """Whether this was sealed, as far as anybody can tell who may have lost the key."""
    try:
        return bool(sealed) and _opened(sealed) == text
    except ParticipantError:
        return False


def _opened(sealed: str) -> str:
    try:
        return _box(tuple(settings.IDENTITY_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        what = "an address was sealed with a key that is not in RAPPORT_IDENTITY_KEYS; put the old one back, behind"
        raise ParticipantError("unreadable", what) from error


@lru_cache(maxsize=8)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    """Seals with the first key and opens with each."""
    sums = (hashlib.sha256(f"identity/{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in sums])
