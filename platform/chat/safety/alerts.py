"""Telling whoever is on call, by e-mail: where to look, without a word of anybody and without who they are.

Once at least: a second message is better than none (docs/decisions/0013). It is noted after it was sent, so it may come
again where a worker dies in between; each time with the same subject, number and Message-ID.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from chat.models import Trigger
from chat.safety import services
from chat.safety.policy import safety_of
from chat.safety.queries import What, of_study
from events import clock
from events.claim import Claim
from participants.models import Participant
from studies.models import Version

log = logging.getLogger("rapport.safety")

SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=30)
"""Between two tries, while the mail server takes nothing, as much time passes as has passed already, within these."""
GIVEN_UP_AFTER = timedelta(hours=24)
"""From then on only the board says that nobody was told."""
TRIALS = (Participant.Origin.DEMO, Participant.Origin.PREVIEW)
WORDS = """A message in study {slug} may speak of imminent danger. It came at {at} UTC; this is its number: {number}.

Look at it now, on the server:

    manage.py safety {slug} --read {number}{monitor}

Participant {code}. What the screening finds is no diagnosis, and may be wrong.

Where it is not certain that this message has left it is sent once more, with the same number.
"""


def send(claim: Claim) -> str | None:
    """Send the message of one trigger, or try again later. Never left out; now and then it comes twice."""
    trigger = (
        Trigger.objects.select_related("conversation__match__group__version__study", "seat__participant")
        .filter(pk=claim.facts["trigger"])
        .first()
    )
    if trigger is None:
        return "erased"
    version = trigger.conversation.match.group.version
    safety = safety_of(version)
    if version.study.is_simulated or safety is None:
        return "simulated"
    done = set(trigger.steps.values_list("what", flat=True))
    if What.ALERTED in done:
        return "sent before"
    if What.ANSWERED in done:
        return "answered before"
    try:
        if settings.IS_PRODUCTION and not settings.SENDS_EMAIL:
            raise RuntimeError("RAPPORT_EMAIL_URL names no mail server")
        _message(trigger, version, to=safety.on_call.email).send()
    except Exception as error:
        # Whatever it is, and whether or not it has left: somebody must be told. What it says may quote the address.
        log.error("an alert did not leave", extra={"facts": {"trigger": trigger.pk, "error": type(error).__name__}})
        return _again(claim, trigger)
    services.note_alerted(trigger)
    return "sent"


def _again(claim: Claim, trigger: Trigger) -> str:
    now = clock.now()
    waited = now - trigger.at
    if waited > GIVEN_UP_AFTER:
        return "given up"
    services.alert_again(claim, now + min(max(waited, SOONEST), LATEST))
    return "later"


def _message(trigger: Trigger, version: Version, *, to: str) -> EmailMessage:
    """The same every time, so that a mailbox can tell that it is one message."""
    study, person = version.study, trigger.seat.participant
    trial = "[trial] " if person is not None and person.origin in TRIALS else ""
    number = [one.pk for one in of_study(study)].index(trigger.pk) + 1
    words = WORDS.format(
        slug=study.slug, at=f"{trigger.at:%Y-%m-%d %H:%M}", number=number, code=person.code if person else "unknown",
        monitor=" --monitor USERNAME",
    )  # fmt: skip
    name = hashlib.sha256(f"{version.seed}/alert/{trigger.pk}".encode()).hexdigest()[:32]
    return EmailMessage(
        subject=f"{trial}Rapport: look at study {study.slug}, number {number}",
        body=words,
        to=[to],
        headers={"Message-ID": f"<{name}@{urlsplit(settings.ORIGIN).hostname}>", "Auto-Submitted": "auto-generated"},
    )
