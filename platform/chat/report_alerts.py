"""Telling whoever is on call that somebody reported a danger: where to look, and no word of anybody.

As of what was found (`chat.safety.alerts`), nothing stands in it by which it could be joined with a dataset.
"""

from __future__ import annotations

from django.core.mail import EmailMessage

from chat import services
from chat.models import Report
from chat.safety import oncall
from chat.safety.policy import safety_of
from events.claim import Claim

WORDS = """Somebody in study {slug} reported a conversation, because somebody may be in danger. The report's
number is {number}.

Look at it now, on the server, where it also says who reported it and when:

    manage.py reports {slug} --monitor USERNAME
"""


def send(claim: Claim) -> str:
    """Send the message of one report, or try again later. Never left out; now and then it comes twice."""
    found = Report.objects.select_related("case", "conversation__match__group__version__study", "seat__participant")
    report = found.get(pk=claim.facts["report"])
    version = report.conversation.match.group.version
    safety, study = safety_of(version), version.study
    if study.is_simulated or safety is None:
        return "nobody is on call"
    if report.answered_at is not None or services.is_told_of(report):
        return "seen before"
    person = report.seat.participant
    number = report.case.number
    words = WORDS.format(slug=study.slug, number=number)
    subject = oncall.subject_of(study.slug, f"report {number}", person)
    if not oncall.has_left(EmailMessage(subject, words, to=[safety.on_call.email]), {"report": report.pk}):
        return oncall.again(claim, since=report.at)
    services.note_told_of(report)
    return "sent"
