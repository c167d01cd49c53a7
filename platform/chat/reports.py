"""The page on which somebody reports a conversation, and who has reported what. Reads only, save through `services`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from chat import services
from chat.models import Conversation, Report
from flow.page import Page
from flow.services.locking import retry_lock
from flow.stages.consent import Tick
from matching.apart import may_meet_again
from matching.models import Seat
from paradigm import Choice, Field, FieldError, Option, Text
from paradigm.fields import clean
from participants.models import Participant
from scheduling.models import Session
from scheduling.pairs import pair_of
from studies import definition
from studies.lasting import lasting
from studies.models import Study
from studies.schema import StudyFile
from studies.schema_pairs import DropOut

MOST_CHARS = 1000
APART = "apart"
Reason = Report.Reason


def where_of(session: Session) -> tuple[Conversation, Seat] | None:
    """The newest conversation that somebody was in, and their seat in it, in whichever visit; None without one."""
    person = session.participant_id
    placed = Conversation.objects.filter(match__placings__seat__participant=person)
    talk = placed.select_related("match__group__version").order_by("-pk").first()
    if talk is None:
        return None
    return talk, Seat.objects.get(participant=person, group=talk.match.group_id)


def fields(*, others: int = 0) -> list[Field]:
    """What a report asks.

    Args:
        others: How many sat in the conversation, where one may wish not to meet them again; otherwise 0.
    """
    reasons = [
        Option(Reason.HARM, _("It was rude, hurtful or threatening.")),
        Option(Reason.CONTACT, _("Somebody asked how I can be found, or told how they can be.")),
        Option(Reason.DANGER, _("Somebody may be in danger.")),
        Option(Reason.OTHER, _("Something else.")),
    ]
    asked: list[Field] = [
        Choice("reason", _("What is wrong?"), options=reasons),
        Text("text", _("What happened?"), required=False, max_chars=MOST_CHARS),
    ]
    return [*asked, Tick(APART, not_again(others), required=False)] if others else asked


def not_again(seats: int) -> str:
    """The wish not to meet the others of a conversation again, of so many seats: the same whoever sits there."""
    if seats == 2:
        return _("I do not want to meet this partner again.")
    return _("I do not want to meet the others in this conversation again.")


def _fields_for(session: Session, talk: Conversation) -> list[Field]:
    return fields(others=talk.match.placings.count() if what_follows(session, talk) else 0)


def what_follows(session: Session, talk: Conversation) -> str:
    """What follows from the wish not to meet the others again; empty where nobody can be kept from meeting them.

    The partner of a pair that lasts is known to be a person. Elsewhere the study file alone decides whether one is
    asked, so that being asked tells nothing of whom one met.
    """
    person = session.participant
    if person.status != Participant.Status.ACTIVE:
        return ""
    study = definition.definition(person.version)
    rule = lasting(study)
    if rule is not None:
        pair = pair_of(person)
        return _of_pair(study, rule.on_drop_out) if pair is not None and pair.pk == talk.match.group.pair_id else ""
    if not may_meet_again(study):
        return ""
    return _("You are not put together with them again. You may wait a little longer for others.")


def _of_pair(study: StudyFile, rule: DropOut) -> str:
    """The same for both of the two, as if either had left the study."""
    first = _("The two of you do not meet again. If you are in a conversation now, it ends, and the visit counts.")
    if rule.then == "replace_with_human":
        return f"{first} {_('You may get another partner at a later visit.')}"
    if rule.then == "replace_with_ai":
        return f"{first} {_('From the next visit on your partner is a computer program.')}"
    if rule.exit is None:
        return f"{first} {_('You go on with the study without a partner.')}"
    pays = {
        "full": _("The study ends earlier for you, and you are paid in full."),
        "earned": _("The study ends earlier for you. You keep the pay for each visit that you have finished."),
        "none": _("The study ends earlier for you, and there is no pay."),
    }
    return f"{first} {pays.get(study.exits[rule.exit].pay, _('The study ends earlier for you, with a fixed pay.'))}"


def page(session: Session) -> Page | None:
    """The page, or None for somebody who was in no conversation."""
    found = where_of(session)
    if found is None:
        return None
    talk, _seat = found
    asked, facts = _fields_for(session, talk), {APART: what_follows(session, talk)}
    return Page("report", _("Report this conversation"), fields=asked, button=_("Send the report"), facts=facts)


def take(session: Session, key: UUID, data: Mapping[str, str]) -> Mapping[str, FieldError]:
    """Store a report, once for each key. Returns what was refused; empty where it is stored."""
    found = where_of(session)
    values, errors = clean(_fields_for(session, found[0]) if found else fields(), data)
    if found is None or errors:
        return errors
    talk, seat = found
    said = {name: values[name] for name in ("reason", "text")} | {"is_apart": bool(values.get(APART))}
    retry_lock(lambda: services.report(talk, seat, key=key, session=session, **said))
    return {}


def of_study(study: Study) -> Sequence[Report]:
    """Every report of a study, by its number."""
    found = Report.objects.filter(case__study=study).order_by("case__number")
    return list(found.select_related("case", "conversation__match__group", "seat__participant"))


def unanswered(study: Study) -> int:
    """How many reports of a study wait for an answer."""
    return Report.objects.filter(conversation__match__group__version__study=study, answered_at=None).count()
