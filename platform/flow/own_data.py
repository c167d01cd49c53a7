"""Asking for one's own data: who may, and the page on which it is done. Reads only."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from events.prepared import Given, prepared
from flow.page import Page
from flow.stages.consent import Tick
from participants.models import Consent, Participant
from scheduling.models import Session

DELETES = "delete_for_good"
FOR_PEOPLE, FOR_PROGRAMS, DELETE = "page", "file", "delete"
SURE = gettext_noop("I want my data to be deleted. I know that this cannot be undone.")


def is_kept(participant: Participant) -> bool:
    """Whether anything of somebody is kept that they could ask for: they agreed, and have not asked for deletion."""
    is_there = participant.status != Participant.Status.WITHDRAWN
    return is_there and bool(_agreed_to.all(participant=participant.pk))


@prepared
def _agreed_to(participant: Given) -> QuerySet[Consent, int]:
    """One of the consents that somebody gave."""
    return Consent.objects.filter(participant=participant, agreed=True).values_list("pk", flat=True)[:1]


def may_delete_here(participant: Participant) -> bool:
    """Whether the data can be deleted without leaving the study, because the person has left it already."""
    return participant.status == Participant.Status.FINISHED


def data_page(session: Session) -> Page:
    """A copy of one's data, and having them deleted."""
    may_delete = may_delete_here(session.participant)
    buttons = [(FOR_PEOPLE, _("Download it to read")), (FOR_PROGRAMS, _("Download it for programs (JSON)"))]
    buttons += [(DELETE, _("Delete my data"))] if may_delete else []
    return Page(
        kind="data",
        title=_("My data"),
        fields=[Tick(name=DELETES, label=_(SURE))] if may_delete else [],
        facts={"also": [{"name": "do", "value": value, "label": label} for value, label in buttons]},
    )
