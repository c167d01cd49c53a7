"""What was done otherwise than planned, out of what is recorded anyway: amendments, more people than wanted, help, and
the end of the masking before its time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from django.db.models import QuerySet

from events.models import Event
from flow.services import parting, rescue
from participants.models import Participant
from studies.changes import differences
from studies.models import Study
from studies.queries import OPENED

Kind = Literal["amended", "opened_beyond", "helped", "unmasked"]
HELP = {
    rescue.EXTEND: "more time was given to a person",
    rescue.MOVE: "a person was moved to another stage",
    rescue.REPLACE: "a stand-in took over from a person",
    rescue.EXCUSE: "a visit was excused",
    rescue.END: "a person's participation was ended",
    rescue.END_GROUP: "a group's game was ended",
    parting.PART: "a person and their partner were parted",
}
"""What a researcher may do that changes somebody's course. A new link does not, nor a deletion that a person wants."""
BEYOND = {
    "target": "opened although the sample was reached",
    "until": "opened after the last day of the sample",
}
SEEN = "conditions and outcomes were made visible before collection was closed"


@dataclass(frozen=True)
class Departure:
    """One thing that was not as planned.

    Args:
        number: Of the version that came of it; None where none did.
        role: Whose decision it was, in their role in the study or "server"; None where that is not recorded.
        reason: As it was given; None where none was, or where it may name a person, and so stays inside.
    """

    kind: Kind
    at: datetime
    what: str
    number: int | None = None
    role: str | None = None
    reason: str | None = None


def departures_of(study: Study) -> list[Departure]:
    """Everything recorded of a study, oldest first."""
    found = [*_amended(study), *_beyond(study), *_helped(study), *_unmasked(study)]
    return sorted(found, key=lambda one: one.at)


def _amended(study: Study) -> Iterator[Departure]:
    for before, after in pairwise(study.versions.order_by("number")):
        what = "; ".join(map(str, differences(before.definition, after.definition)))
        yield Departure("amended", after.frozen_at, what, number=after.number, reason=after.reason or None)


def _beyond(study: Study) -> Iterator[Departure]:
    for event in _events(study, OPENED).filter(facts__has_key="beyond"):
        what = ", and ".join(BEYOND[each] for each in event.facts["beyond"].split(","))
        yield Departure("opened_beyond", event.at, what, reason=event.facts["reason"])


def _helped(study: Study) -> Iterator[Departure]:
    """Whoever only tries the study out is nobody whose course matters."""
    trying = set(study.participants.filter(origin=Participant.Origin.PREVIEW).values_list("pk", flat=True))
    for event in _events(study, *HELP):
        if event.subject_kind != "participant" or event.subject_id not in trying:
            yield Departure("helped", event.at, HELP[event.kind])


def _unmasked(study: Study) -> Iterator[Departure]:
    for one in study.deviations.order_by("pk"):
        yield Departure("unmasked", one.at, SEEN, role=one.role, reason=one.reason)


def _events(study: Study, *kinds: str) -> QuerySet[Event]:
    return Event.objects.filter(study_id=study.pk, kind__in=kinds).order_by("pk")
