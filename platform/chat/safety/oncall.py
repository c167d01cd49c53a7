"""A message to whoever is on call: sent once at least, and tried for a day.

A second message is better than none (docs/decisions/0016), so the caller notes that it was sent after it was.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage

from chat.safety import services
from events import clock
from events.claim import Claim
from participants.models import Participant

log = logging.getLogger("rapport.safety")

SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=30)
"""Between two tries, while the mail server takes nothing, as much time passes as has passed already, within these."""
GIVEN_UP_AFTER = timedelta(hours=24)
"""From then on only the board says that nobody was told."""
TRIALS = (Participant.Origin.DEMO, Participant.Origin.PREVIEW)


def subject_of(slug: str, what: str, person: Participant | None) -> str:
    """Which study is to be looked at, and where in it; marked where nobody's data are at stake."""
    trial = "[trial] " if person is not None and person.origin in TRIALS else ""
    return f"{trial}Rapport: look at study {slug}, {what}"


def has_left(message: EmailMessage, about: Mapping[str, int]) -> bool:
    """Send it; whether the mail server took it. `about` stands in the log of a failure, and nothing of the message."""
    try:
        if settings.IS_PRODUCTION and not settings.SENDS_EMAIL:
            raise RuntimeError("RAPPORT_EMAIL_URL names no mail server")
        message.send()
    except Exception as error:
        # Whatever it is, and whether or not it has left: somebody must be told. What it says may quote the address.
        log.error("an alert did not leave", extra={"facts": {**about, "error": type(error).__name__}})
        return False
    return True


def again(claim: Claim, *, since: datetime) -> str:
    """Try later what should have left `since` then, or give it up; the outcome."""
    now = clock.now()
    waited = now - since
    if waited > GIVEN_UP_AFTER:
        return "given up"
    services.alert_again(claim, now + min(max(waited, SOONEST), LATEST))
    return "later"
