"""People, their visits, and what they are owed."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch

from events.models import Event
from exports import keys
from exports.columns import IN_PROGRESS, Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from exports.tables.pairs import same_partners
from flow.services.visits import KEPT
from matching.models import Ticket
from matching.queries import levels_of_people
from participants.models import Consent, Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies import definition
from studies.models import Study, Version, condition_of
from studies.schema import StudyFile
from studies.schema_stages import ConsentStage

NO_CONSENT = "the consent page was not answered"

PARTICIPANT_COLUMNS = [
    keys.PARTICIPANT,
    keys.VERSION,
    Column("origin", "How the person came.", allowed="|".join(Participant.Origin.values)),
    Column("status", "Where the person is in the study.", allowed="active|finished"),
    Column(
        "exit",
        "The declared exit by which the person left. `left`: they chose to. `away`: nothing was heard of them for an "
        "hour in the first visit, or no answer about their clock; where the study declares no `away`, `left` too.",
        missing=IN_PROGRESS,
    ),
    Column(
        "condition",
        "Levels of the factors, as first allocated: the person's own, their group's and the study's.",
        allowed="factor=level, joined by commas",
        missing="not allocated, or nothing is manipulated",
    ),
    Column("consented", "1 if the person agreed to take part, 0 if they declined.", "boolean", missing=NO_CONSENT),
    Column(
        "consented_again", "The last answer to a text that had changed: 1 agreed, 0 declined and left.", "boolean",
        missing="the person was not asked again",
    ),
    Column("consent_ticks", "Which boxes of the consent page were ticked last.", "json", missing=NO_CONSENT),
    Column("consent_sha256", "SHA-256 of the consent text the person answered last.", missing=NO_CONSENT),
    Column(
        "kept_data", "1 if the person, asked after the debrief, let the data be kept.", "boolean",
        missing="not asked, or not answered",
    ),
    Column("strikes", "Acts in a row that did not come in time, when the data were written.", "integer", "acts"),
    keys.STUDY_DAY,
]  # fmt: skip

SESSION_COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    Column("repeat", "Which visit in this wave.", "integer", "visits"),
    Column("status", "Whether the visit is over.", allowed="active|finished"),
    Column("stage", "The last stage the person reached, as named in the study file."),
    Column(
        "stage_opened_s", "When the person reached that stage, counted from the start of the session.", "number", "s"
    ),
    Column(
        "is_same_partner",
        "1 if somebody was met in the visit who had been met in the last one in which anybody was, 0 if only others.",
        "boolean",
        missing="nobody was met in it, or in none before",
    ),
    keys.STUDY_DAY,
    Column("duration_s", "How long the visit took.", "number", "s", missing=IN_PROGRESS),
]

WAIT_COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    keys.REPEAT,
    Column("stage", "The waiting room, as named in the study file."),
    Column("outcome", "How waiting ended, or where it stands.", allowed="|".join(Ticket.Status.values)),
    Column("misses", "How often the person was asked to get ready and did not answer.", "integer", "times"),
    keys.since_session("joined_s", "When the person began to wait"),
    keys.since_session("ended_s", "When waiting ended", missing=IN_PROGRESS),
    Column("waited_s", "How long the person waited, as paid.", "integer", "s", "0 or more"),
]

PAYMENT_COLUMNS = [
    keys.PARTICIPANT,
    Column("exit", "The exit that decides what is paid."),
    Column("currency", "ISO 4217 code."),
    Column("points", "Points earned in the game that count for pay.", "integer", "points"),
    Column("base_minor", "Fixed part of the pay.", "integer", "smallest unit of the currency"),
    Column("bonus_minor", "Pay for points.", "integer", "smallest unit of the currency"),
    Column("waiting_minor", "Pay for waiting.", "integer", "smallest unit of the currency"),
    Column("total_minor", "What is to be paid.", "integer", "smallest unit of the currency"),
]


def _tick_columns(study: Study) -> Sequence[Column]:
    """A column for each box of the consent pages, whichever version has it; the wording is that of the newest."""
    versions = study.versions.order_by("number")
    found = {column.name: column for version in versions for column in _ticks_of(definition.definition(version))}
    return list(found.values())


def _ticks_of(said: StudyFile) -> Sequence[Column]:
    return [
        Column(
            f"tick_{tick.id}", f'1 if this box was ticked: "{tick.label}"', "boolean",
            missing=f"{NO_CONSENT}, or it had no such box", source=f"study file: {stage.id}",
        )
        for stage in said.stages
        if isinstance(stage, ConsentStage)
        for tick in stage.ticks
    ]  # fmt: skip


def _participants(scope: Scope) -> Iterator[Row]:
    boxes = [column.name for column in _tick_columns(scope.study)]
    people = Participant.objects.filter(kept(""), study=scope.study)
    people = people.prefetch_related(Prefetch("consents", Consent.objects.order_by("pk")))
    kept_it = Event.objects.filter(subject_kind="participant", subject_id=OuterRef("pk"), kind=KEPT)
    known = people.annotate(has_kept=Exists(kept_it)).order_by(by_code("code"))
    for person, levels in _with_levels(known.iterator(chunk_size=CHUNK)):
        consents = list(person.consents.all())
        consent = consents[-1] if consents else None
        yield {
            "participant": person.code,
            "version": scope.versions[person.version_id].number,
            "origin": person.origin,
            "status": person.status,
            "exit": person.exit,
            "condition": condition_of(levels),
            "consented": consents[0].agreed if consents else None,
            "consented_again": consent.agreed if consent and len(consents) > 1 else None,
            "consent_ticks": consent.ticks if consent else None,
            "consent_sha256": consent.document_sha256 if consent else None,
            "kept_data": True if person.has_kept else None,
            "strikes": person.strikes,
            "study_day": scope.day(person.created_at),
            **_ticked(boxes, consents),
        }


def _with_levels(people: Iterator[Any]) -> Iterator[tuple[Any, dict[str, str]]]:
    """Each person with the levels that they were first given."""
    while batch := list(islice(people, CHUNK)):
        levels = levels_of_people(batch)
        yield from ((person, levels[person.pk]) for person in batch)


def _ticked(boxes: Sequence[str], consents: Sequence[Consent]) -> Mapping[str, bool | None]:
    said = {f"tick_{box}": is_ticked for consent in consents for box, is_ticked in consent.ticks.items()}
    return {box: said.get(box) for box in boxes}


def _sessions(scope: Scope) -> Iterator[Row]:
    visits = Session.objects.filter(kept(), participant__study=scope.study).select_related("participant")
    same = same_partners(scope.study)
    for visit in visits.order_by(by_code("participant__code"), "wave", "repeat").iterator(chunk_size=CHUNK):
        yield {
            "participant": visit.participant.code,
            "wave": visit.wave,
            "repeat": visit.repeat,
            "status": visit.status,
            "stage": _stage(scope.versions[visit.participant.version_id], visit),
            "stage_opened_s": seconds(visit.stage_opened_at, visit.started_at),
            "is_same_partner": same.get(visit.pk),
            "study_day": scope.day(visit.started_at),
            "duration_s": seconds(visit.finished_at, visit.started_at),
        }


def _stage(version: Version, visit: Session) -> str:
    stages = definition.definition(version).stages
    return stages[min(visit.stage, len(stages) - 1)].id


def _waits(scope: Scope) -> Iterator[Row]:
    tickets = Ticket.objects.filter(kept("session__participant"), session__participant__study=scope.study)
    tickets = tickets.select_related("session__participant")
    for one in tickets.order_by(by_code("session__participant__code"), "pk").iterator(chunk_size=CHUNK):
        yield {
            "participant": one.session.participant.code,
            "wave": one.session.wave,
            "repeat": one.session.repeat,
            "stage": one.stage,
            "outcome": one.status,
            "misses": one.misses,
            "joined_s": seconds(one.joined_at, one.session.started_at),
            "ended_s": seconds(one.ended_at, one.session.started_at),
            "waited_s": one.waited_seconds,
        }


def _payments(scope: Scope) -> Iterator[Row]:
    owed = Settlement.objects.filter(kept(), participant__study=scope.study).select_related("participant")
    for one in owed.order_by(by_code("participant__code")).iterator(chunk_size=CHUNK):
        yield {
            "participant": one.participant.code,
            "exit": one.exit,
            "currency": one.currency,
            "points": one.points,
            "base_minor": one.base_minor,
            "bonus_minor": one.bonus_minor,
            "waiting_minor": one.waiting_minor,
            "total_minor": one.total_minor,
        }


PARTICIPANTS = Table(
    "participants",
    "Everyone who entered the study",
    PARTICIPANT_COLUMNS,
    _participants,
    more=_tick_columns,
    planned=_ticks_of,
)
SESSIONS = Table("sessions", "Each visit of each person", SESSION_COLUMNS, _sessions)
WAITS = Table("waits", "Each time somebody waited for a group", WAIT_COLUMNS, _waits)
PAYMENTS = Table("payments", "What each person is owed, and why", PAYMENT_COLUMNS, _payments)
