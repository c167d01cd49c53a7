"""The page on which somebody reports a conversation, and who has reported what. Reads only, save through `services`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from chat import services
from chat.models import Conversation, Report
from flow.page import Page
from matching.models import Seat
from paradigm import Choice, Field, FieldError, Option, Text
from paradigm.fields import clean
from scheduling.models import Session
from studies.models import Study

MOST_CHARS = 1000
Reason = Report.Reason


def where_of(session: Session) -> tuple[Conversation, Seat] | None:
    """The newest conversation that somebody was in, and their seat in it, in whichever visit; None without one."""
    person = session.participant_id
    placed = Conversation.objects.filter(match__placings__seat__participant=person)
    talk = placed.select_related("match__group__version").order_by("-pk").first()
    if talk is None:
        return None
    return talk, Seat.objects.get(participant=person, group=talk.match.group_id)


def fields() -> list[Field]:
    """What a report asks."""
    reasons = [
        Option(Reason.HARM, _("It was rude, hurtful or threatening.")),
        Option(Reason.CONTACT, _("Somebody asked how I can be found, or told how they can be.")),
        Option(Reason.DANGER, _("Somebody may be in danger.")),
        Option(Reason.OTHER, _("Something else.")),
    ]
    return [
        Choice("reason", _("What is wrong?"), options=reasons),
        Text("text", _("What happened?"), required=False, max_chars=MOST_CHARS),
    ]


def page(session: Session) -> Page | None:
    """The page, or None for somebody who was in no conversation."""
    if where_of(session) is None:
        return None
    return Page("report", _("Report this conversation"), fields=fields(), button=_("Send the report"))


def take(session: Session, key: UUID, data: Mapping[str, str]) -> Mapping[str, FieldError]:
    """Store a report, once for each key. Returns what was refused; empty where it is stored."""
    found = where_of(session)
    values, errors = clean(fields(), data)
    if found is None or errors:
        return errors
    talk, seat = found
    services.report(talk, seat, key=key, reason=values["reason"], text=values["text"], session=session)
    return {}


def of_study(study: Study) -> Sequence[Report]:
    """Every report of a study, by its number."""
    found = Report.objects.filter(case__study=study).order_by("case__number")
    return list(found.select_related("case", "conversation__match__group", "seat__participant"))


def unanswered(study: Study) -> int:
    """How many reports of a study wait for an answer."""
    return Report.objects.filter(conversation__match__group__version__study=study, answered_at=None).count()
