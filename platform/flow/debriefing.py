"""Whether it is time to tell somebody what a study was about, and who is still owed it. Reads only.

Exposed is whoever sat in a group of a version that declares a deception: what is withheld or false concerns those whom
one meets. A page that was served has told them; a message that was sent has tried to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, QuerySet

from events.prepared import Given, prepared
from flow.models import Debriefing
from matching.models import Group, Seat
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.models import Study, Version
from studies.schema_stages import DebriefStage

ENOUGH_ATTEMPTS = 2


class Standing(StrEnum):
    """What somebody is to be told at this moment."""

    NOTHING = "nothing"  # there is no debrief, they met nobody, or they read it in its place
    LATER = "later"
    NOW = "now"


@dataclass(frozen=True)
class Owed:
    """Somebody who was exposed to a deception, and what was done to tell them."""

    participant: Participant
    debriefings: Sequence[Debriefing] = field(default_factory=tuple)

    @property
    def delivered_at(self) -> datetime | None:
        """When they were first shown it."""
        return min((one.delivered_at for one in self.debriefings if one.delivered_at), default=None)

    @property
    def attempts(self) -> int:
        """How often it was tried without a page being served by it."""
        return sum(one.delivered_at is None for one in self.debriefings)

    @property
    def is_settled(self) -> bool:
        """Whether they were told, or it was tried often enough."""
        return self.delivered_at is not None or self.attempts >= ENOUGH_ATTEMPTS


def stage_of_debrief(version: Version) -> tuple[int, DebriefStage] | None:
    """The study's first debrief and its place among the stages, if there is one."""
    stages = enumerate(definition.definition(version).stages)
    return next(((index, stage) for index, stage in stages if isinstance(stage, DebriefStage)), None)


def standing_of(session: Session) -> Standing:
    """What the person of a session is to be told now, in the debrief's place or on the last page."""
    found = stage_of_debrief(session.participant.version)
    if found is None:
        return Standing.NOTHING
    index, config = found
    is_there = session.status == Session.Status.ACTIVE and session.stage == index
    if not is_there and (_read_in_its_place(session, index, config) or _met_nobody(session, index)):
        return Standing.NOTHING
    return Standing.NOW if _is_time(session, index, config, is_there=is_there) else Standing.LATER


def _read_in_its_place(session: Session, index: int, config: DebriefStage) -> bool:
    if config.when == "exit":  # never passed over
        wave = _wave_of(index, session.participant.version)
        return bool(_came_to.all(participant=session.participant_id, wave=wave, stage=index))
    return bool(_told_at_its_stage.all(participant=session.participant_id, how=Debriefing.How.STAGE))


@prepared
def _told_at_its_stage(participant: Given, how: Given) -> QuerySet[Debriefing, int]:
    """That somebody was debriefed in some way, if they were."""
    return Debriefing.objects.filter(participant=participant, how=how).values_list("pk", flat=True)[:1]


def _wave_of(index: int, version: Version) -> str:
    """The wave in which the debrief has its place: of a visit in a later one nothing follows."""
    waves = definition.definition(version).waves
    return next(one.id for one in waves if index in definition.places(version, one.id))


@prepared
def _came_to(participant: Given, wave: Given, stage: Given) -> QuerySet[Session, int]:
    """That somebody came as far in a wave, if they did."""
    came = Session.objects.filter(participant=participant, wave=wave, stage__gte=stage)
    return came.values_list("pk", flat=True)[:1]


def _met_nobody(session: Session, index: int) -> bool:
    """Whether somebody left on the way to the debrief, and before there was anything to explain."""
    return session.stage < index and not _groups.all(participant=session.participant_id)


def _is_time(session: Session, index: int, config: DebriefStage, *, is_there: bool) -> bool:
    if config.when == "exit" and is_there:
        return True
    if config.when in ("exit", "group_done"):
        if Group.Status.ACTIVE in _groups.all(participant=session.participant_id):
            return False
        return config.when == "exit" or not _behind(session.participant, index)
    study = session.participant.study
    is_played = Group.objects.filter(version__study=study, status=Group.Status.ACTIVE).exists()
    return study.status == Study.Status.CLOSED and not is_played


@prepared
def _groups(participant: Given) -> QuerySet[Seat, str]:
    """The status of each group in which somebody had a seat, in whichever visit."""
    return Seat.objects.filter(participant=participant).values_list("group__status", flat=True)


def _behind(participant: Participant, index: int) -> bool:
    """Whether somebody of a group of theirs is still on the way to the debrief, be it between two visits."""
    groups = Seat.objects.filter(participant=participant).values("group")
    wave = _wave_of(index, participant.version)
    came = Session.objects.filter(wave=wave, stage__gte=index, participant=OuterRef("pk"))
    there = Participant.objects.filter(~Exists(came), seats__group__in=groups, status=Participant.Status.ACTIVE)
    return there.exclude(pk=participant.pk).exists()


def exposed_in(study: Study) -> list[Owed]:
    """Everybody exposed to a deception that the study declares, by code, with what was done to tell them."""
    deceiving = [v.pk for v in study.versions.all() if definition.definition(v).deception]
    met = Seat.objects.filter(participant=OuterRef("pk"), group__version__in=deceiving)
    people = Participant.objects.filter(Exists(met), study=study).exclude(origin=Participant.Origin.PREVIEW)
    rows = people.prefetch_related("debriefings").order_by("code")
    return [Owed(one, sorted(one.debriefings.all(), key=lambda row: row.pk)) for one in rows]
