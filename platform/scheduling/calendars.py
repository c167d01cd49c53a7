"""A participant's calendar, as the rows tell it. Reads only."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from events.models import Event
from participants.models import Participant
from scheduling.models import ScheduledSession, Session
from scheduling.states import ATTENDED
from scheduling.windows import Held, Person, slots_of
from studies import definition
from studies.schema import StudyFile

# Of a first visit: all of it is done but for the question by which clock the others open, or about reminders.
ZONE_ASKED, ADDRESS_ASKED = "zone.asked", "address.asked"


def person_of(participant: Participant, *, enrolled: datetime | None = None, zone: str = "") -> Person:
    """Whose calendar it is.

    Args:
        enrolled: When the first wave ended; read where the caller does not know it.
        zone: Of another clock than the person's present one.
    """
    at = enrolled or _enrolled_at(participant)
    return Person(
        zone_named(zone or participant.zone),
        participant.version.seed,
        participant.code,
        recruited=participant.created_at,
        enrolled=at,
    )


def zone_named(zone: str) -> ZoneInfo:
    """A zone by its name. UTC where it is purged: nobody comes any more whom that misleads, and visits still end."""
    return ZoneInfo(zone or "UTC")


def _enrolled_at(participant: Participant) -> datetime:
    first = definition.definition(participant.version).waves[0].id
    found = Session.objects.get(participant=participant, wave=first).finished_at
    assert found is not None, "visits are planned when the first wave has ended"
    return found


def held_of(study: StudyFile, rows: Sequence[ScheduledSession]) -> list[Held]:
    """What became of visits that are over, as the rules read it."""
    slots = slots_of(study)
    found = []
    for row in rows:
        assert row.ended_at is not None
        opened = row.opens_at or row.ended_at
        found.append(Held(slots[row.number - 1], opened, row.ended_at, was_attended=row.state in ATTENDED))
    return found


def next_of(participant: Participant) -> ScheduledSession | None:
    """The first planned visit that is not over; None where all are, or none was planned."""
    states = ScheduledSession.State
    waiting = participant.scheduled.filter(state__in=[states.PLANNED, states.OPEN, states.STARTED])
    return waiting.select_related("pair_visit__pair").order_by("number").first()


def has_finished_first(participant: Participant) -> bool:
    """Whether the first wave was finished, so that visits were planned, or only a question after it was open."""
    if participant.scheduled.exists():
        return True
    visits = participant.sessions.values("pk")
    return Event.objects.filter(
        kind__in=(ZONE_ASKED, ADDRESS_ASKED), subject_kind="session", subject_id__in=visits
    ).exists()
