"""Telling whoever is on call that somebody reported a danger: where to look, and no word of anybody."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail

from chat import services
from chat.models import Report
from chat.reports import of_study
from chat.safety import services as guard
from chat.safety.policy import safety_of
from events import clock
from events.claim import Claim
from participants.models import Participant

log = logging.getLogger("rapport.safety")

SOONEST, LATEST = timedelta(minutes=1), timedelta(minutes=30)
"""As for the alerts of what the screening finds: between two tries as much time passes as has passed already."""
GIVEN_UP_AFTER = timedelta(hours=24)
"""From then on only the board has it, among the reports that nobody has answered."""
TRIALS = (Participant.Origin.DEMO, Participant.Origin.PREVIEW)
WORDS = """Somebody in study {slug} reported a conversation at {at} UTC, because somebody may be in danger. Reported by
participant {code}; the report's number is {number}.

Look at it now, on the server:

    manage.py reports {slug} --monitor USERNAME
"""


def send(claim: Claim) -> str:
    """Send the message of one report, or try again later. Never left out; now and then it comes twice."""
    found = Report.objects.select_related("conversation__match__group__version__study", "seat__participant")
    report = found.get(pk=claim.facts["report"])
    version = report.conversation.match.group.version
    safety, study = safety_of(version), version.study
    if study.is_simulated or safety is None:
        return "nobody is on call"
    if report.answered_at is not None or services.is_told_of(report):
        return "seen before"
    person = report.seat.participant
    trial = "[trial] " if person is not None and person.origin in TRIALS else ""
    number = [one.pk for one in of_study(study)].index(report.pk) + 1
    code = person.code if person is not None else "unknown"
    words = WORDS.format(slug=study.slug, at=f"{report.at:%Y-%m-%d %H:%M}", number=number, code=code)
    subject = f"{trial}Rapport: look at study {study.slug}, report {number}"
    try:
        if settings.IS_PRODUCTION and not settings.SENDS_EMAIL:
            raise RuntimeError("RAPPORT_EMAIL_URL names no mail server")
        send_mail(subject, words, settings.DEFAULT_FROM_EMAIL, [safety.on_call.email])
    except Exception as error:
        # Whatever it is, and whether or not it has left: somebody must be told. What it says may quote the address.
        log.error("a report was not told", extra={"facts": {"report": report.pk, "error": type(error).__name__}})
        return _again(claim, report)
    services.note_told_of(report)
    return "sent"


def _again(claim: Claim, report: Report) -> str:
    now = clock.now()
    waited = now - report.at
    if waited > GIVEN_UP_AFTER:
        return "given up"
    guard.alert_again(claim, now + min(max(waited, SOONEST), LATEST))
    return "later"
