"""Telling whoever is on call, by e-mail: where to look, without a word of anybody and without who they are.

A message leaves the platform and stays in mailboxes, where nobody can delete it with somebody's data. So it names the
study, the tier and the number, and nothing by which it could be joined with a dataset: no code, no time.

Once at least: a second message is better than none (docs/decisions/0016). It is noted after it was sent, so it may come
again where a worker dies in between; each time with the same subject, number and Message-ID.
"""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from chat.models import Trigger, WordsTrigger
from chat.safety import oncall, services
from chat.safety.policy import safety_of
from chat.safety.queries import Found, What
from events.claim import Claim
from participants.models import Participant
from studies.models import Version

WORDS = """What somebody wrote in study {slug} may speak of imminent danger ({tier}). This is its number: {number}.

Look at it now. On the server, where it also says who wrote it and when:

    manage.py safety {slug} --read {number} --monitor USERNAME

or signed in, at {page}

What the screening finds is no diagnosis, and may be wrong.

Where it is not certain that this message has left it is sent once more, with the same number.
"""


def send(claim: Claim) -> str:
    """Send the message of one trigger, or try again later. Never left out; now and then it comes twice."""
    found = Trigger.objects.select_related("case", "conversation__match__group__version__study", "seat__participant")
    trigger = found.filter(pk=claim.facts["trigger"]).first()
    if trigger is None:
        return "erased"
    return _told(claim, trigger, trigger.conversation.match.group.version, trigger.seat.participant)


def send_of_words(claim: Claim) -> str:
    """The same of words outside conversations."""
    found = WordsTrigger.objects.select_related("case", "session__participant__version__study")
    trigger = found.filter(pk=claim.facts["trigger"]).first()
    if trigger is None:
        return "erased"
    person = trigger.session.participant
    return _told(claim, trigger, person.version, person)


def _told(claim: Claim, trigger: Found, version: Version, person: Participant | None) -> str:
    safety = safety_of(version)
    if version.study.is_simulated or safety is None:
        return "simulated"
    done = set(trigger.steps.values_list("what", flat=True))
    if What.ALERTED in done:
        return "sent before"
    if What.ANSWERED in done:
        return "answered before"
    message = _message(trigger, version, person, to=safety.on_call.email)
    if not oncall.has_left(message, {"trigger": trigger.pk, "number": trigger.case.number}):
        return oncall.again(claim, since=trigger.at)
    services.note_alerted(trigger)
    return "sent"


def _message(trigger: Found, version: Version, person: Participant | None, *, to: str) -> EmailMessage:
    """The same every time, so that a mailbox can tell that it is one message."""
    slug, number = version.study.slug, trigger.case.number
    # "alert/" and a key of a row named messages before numbers stayed, and a mailbox leaves out what it has by name.
    name = hashlib.sha256(f"{version.seed}/alert/number/{number}".encode()).hexdigest()[:32]
    return EmailMessage(
        subject=oncall.subject_of(slug, f"number {number}", person),
        body=WORDS.format(slug=slug, tier=trigger.tier, number=number, page=_page_of(slug, number)),
        to=[to],
        headers={"Message-ID": f"<{name}@{urlsplit(settings.ORIGIN).hostname}>", "Auto-Submitted": "auto-generated"},
    )


def _page_of(slug: str, number: int) -> str:
    """Where whoever may read it reads it, signed in."""
    return f"{settings.ORIGIN}{reverse('safety_case', args=[slug, number])}"
