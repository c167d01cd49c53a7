"""Telling whoever is on call, by e-mail: where to look, without a word of anybody and without who they are."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail

from chat.models import Trigger
from chat.safety import services
from chat.safety.policy import safety_of
from chat.safety.queries import What, of_study
from events.claim import Claim
from participants.models import Participant

TRIALS = (Participant.Origin.DEMO, Participant.Origin.PREVIEW)
WORDS = """A message in study {slug} may speak of imminent danger. It came at {at} UTC; this is its number: {number}.

Look at it now, on the server:

    manage.py safety {slug} --read {number}{monitor}

Participant {code}. What the screening finds is no diagnosis, and may be wrong.
"""


def send(claim: Claim) -> str | None:
    """Send the message of one trigger. It may be sent twice where a worker dies right after; it is never left out."""
    trigger = (
        Trigger.objects.select_related("conversation__match__group__version__study", "seat__participant")
        .filter(pk=claim.facts["trigger"])
        .first()
    )
    if trigger is None:
        return "erased"
    version = trigger.conversation.match.group.version
    safety, study = safety_of(version), version.study
    if study.is_simulated or safety is None:
        return "simulated"
    if trigger.steps.filter(what=What.ALERTED).exists():
        return "sent before"
    person = trigger.seat.participant
    trial = "[trial] " if person is not None and person.origin in TRIALS else ""
    number = [one.pk for one in of_study(study)].index(trigger.pk) + 1
    words = WORDS.format(
        slug=study.slug, at=f"{trigger.at:%Y-%m-%d %H:%M}", number=number, code=person.code if person else "unknown",
        monitor=" --monitor USERNAME",
    )  # fmt: skip
    subject = f"{trial}Rapport: look at study {study.slug}, number {number}"
    send_mail(subject, words, settings.DEFAULT_FROM_EMAIL, [safety.on_call.email])
    services.note_alerted(trigger)
    return "sent"
