"""Whether as many take part as the study file wants, or its last day is over. Reads only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Literal

from django.db.models import Count, QuerySet

from events import clock
from events.prepared import Given, prepared
from flow.services.visits import COMPLETED
from matching.models import Group, Seat
from measures.facts import rulings_of
from participants.models import Participant
from studies.definition import definition
from studies.models import Study, Version
from studies.queries import is_opened_beyond
from studies.schema_plan import Sample

CHUNK = 500
Because = Literal["target", "until", "pilot"]
_NOUNS = {
    ("group", "started"): "groups have begun",
    ("group", "completed"): "groups played to the end",
    ("group", "analysable"): "groups can be analysed",
    ("participant", "started"): "people agreed to take part",
    ("participant", "completed"): "people completed the study",
    ("participant", "analysable"): "people can be analysed",
}


@dataclass(frozen=True)
class Full:
    """Why nobody new is let in. `counted` and `target` are 0 where a day decides."""

    because: Because
    counted: int
    target: int
    text: str


def full(version: Version, *, is_pilot: bool = False) -> Full | None:
    """The first reason why the newest version of a study lets nobody new in; None where it does."""
    return next(reasons(version, is_pilot=is_pilot), None)


def reasons(version: Version, *, is_pilot: bool = False) -> Iterator[Full]:
    """Every reason why the newest version of a study lets nobody new in, worked out one by one.

    A demonstration and a simulated study have no sample. What a researcher opened the study beyond does not stop it:
    a study that goes on after its last day still has its target.

    Args:
        is_pilot: Whether it is asked for the pilot, which has a target of its own.
    """
    study, sample = version.study, definition(version).sample
    if study.is_demo or study.is_simulated:
        return
    for rule in (_pilot,) if is_pilot else (_ended, _reached):
        found = rule(study, sample)
        if found is not None and not is_opened_beyond(version, found.because):
            yield found


def last_instant(sample: Sample) -> datetime | None:
    """The instant from which on nobody new is let in, because of the day in `until`."""
    if sample.until is None:
        return None
    return datetime.combine(date.fromisoformat(sample.until) + timedelta(days=1), time(), UTC)


def counted(study: Study, sample: Sample) -> int:
    """How many of those who were recruited count as the study file says; pilots and trials never do."""
    if sample.counts != "analysable":
        return _come_so_far(study, sample)
    return sum(1 for _ in (_analysable_groups(study) if sample.unit == "group" else _analysable_people(study)))


def _ended(_study: Study, sample: Sample) -> Full | None:
    end = last_instant(sample)
    if end is None or clock.now() < end:
        return None
    return Full("until", 0, 0, f"the last day was {sample.until} (UTC)")


def _reached(study: Study, sample: Sample) -> Full | None:
    # Who can be analysed has completed: as long as too few have, nobody's rows need be read.
    if _come_so_far(study, sample) < sample.target:
        return None
    count = counted(study, sample)
    if count < sample.target:
        return None
    return Full("target", count, sample.target, f"{count} of {sample.target} {_NOUNS[sample.unit, sample.counts]}")


def _pilot(study: Study, sample: Sample) -> Full | None:
    target = sample.pilot.target if sample.pilot else 0
    count = _agreed(study, Participant.Origin.PILOT).count()
    if count < target:
        return None
    return Full("pilot", count, target, f"{count} of {target} people took part in the pilot")


def _come_so_far(study: Study, sample: Sample) -> int:
    """How many have come as far as the sample counts; of the analysable, how many have completed."""
    if sample.unit == "group":
        come = _count_of_begun if sample.counts == "started" else _count_of_complete
    else:
        come = _count_of_agreed if sample.counts == "started" else _count_of_completed
    return come.first(study=study.pk) or 0


@prepared
def _count_of_begun(study: Given) -> QuerySet[Group, int]:
    return _number(_begun_groups(study).values("version__study"))


@prepared
def _count_of_complete(study: Given) -> QuerySet[Group, int]:
    return _number(_complete_groups(study).values("version__study"))


@prepared
def _count_of_agreed(study: Given) -> QuerySet[Participant, int]:
    return _number(_agreed(study, Participant.Origin.LINK).values("study"))


@prepared
def _count_of_completed(study: Given) -> QuerySet[Participant, int]:
    return _number(_complete_people(study).values("study"))


def _number(of_study: QuerySet[Any, Any]) -> Any:
    """How many rows there are of the one study; nothing where there is none."""
    return of_study.order_by().annotate(n=Count("pk", distinct=True)).values_list("n", flat=True)


def _groups(study: Study | Given) -> QuerySet[Group]:
    """Groups of people who were recruited, without stand-ins."""
    return Group.objects.filter(version__study=study, origin=Group.Origin.LIVE, is_filled=False)


def _begun_groups(study: Study | Given) -> QuerySet[Group]:
    """Not those that ended before their first round: nobody in them was treated, and their slot is free again."""
    return _groups(study).exclude(status=Group.Status.ENDED, round=0)


def _complete_groups(study: Study | Given) -> QuerySet[Group]:
    return _groups(study).filter(status=Group.Status.COMPLETE).order_by("pk")


def _complete_people(study: Study | Given) -> QuerySet[Participant]:
    people = Participant.objects.filter(study=study, origin=Participant.Origin.LINK)
    return people.filter(status=Participant.Status.FINISHED, exit=COMPLETED).order_by("pk")


def _agreed(study: Study | Given, origin: str) -> QuerySet[Participant]:
    return Participant.objects.filter(study=study, origin=origin, consents__agreed=True).distinct()


def _analysable_people(study: Study) -> Iterator[int]:
    people = _complete_people(study).iterator(chunk_size=CHUNK)
    while batch := list(islice(people, CHUNK)):
        excluded = _excluded(batch)
        yield from (one.pk for one in batch if one.pk not in excluded)


def _analysable_groups(study: Study) -> Iterator[int]:
    """Groups in which everybody can be analysed. Of whom withdrew nothing is left to analyse."""
    groups = _complete_groups(study).values_list("pk", flat=True).iterator(chunk_size=CHUNK)
    while batch := list(islice(groups, CHUNK)):
        seats = Seat.objects.filter(group__in=batch, occupant="person").select_related("participant")
        people = [seat.participant for seat in seats if seat.participant is not None]
        excluded = _excluded(people)
        gone = {one.pk for one in people if one.status == Participant.Status.WITHDRAWN}
        spoilt = {s.group_id for s in seats if s.participant_id is None or s.participant_id in excluded | gone}
        yield from (pk for pk in batch if pk not in spoilt)


def _excluded(people: Sequence[Participant]) -> set[int]:
    return {one.pk for one, ruling in rulings_of(people) if ruling.excludes}
