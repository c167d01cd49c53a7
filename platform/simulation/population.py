"""The people of a study as a report needs them: read once, then only counted."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from matching.models import Seat
from participants.models import Consent, Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies import definition
from studies.models import Study
from studies.schema_types import DECIMALS

SECONDS_PER_MINUTE = 60


@dataclass(frozen=True)
class Pay:
    """What one person is owed, in minor units (pence, cents)."""

    currency: str
    base_minor: int
    bonus_minor: int
    waiting_minor: int

    @property
    def total_minor(self) -> int:
        """All of it."""
        return self.base_minor + self.bonus_minor + self.waiting_minor

    @property
    def total(self) -> float:
        """All of it, in the currency."""
        return major(self.total_minor, self.currency)


@dataclass(frozen=True)
class Someone:
    """One person.

    Args:
        exit: By which they left; "" while they are on the way.
        is_declared: Whether the study file declares that exit; True while they are on the way.
        has_agreed: Whether they agreed to take part.
        minutes: From the start of the visit to its end, waiting included; None while it goes on.
        pay: None while it is not reckoned.
        roles: Of the seats they had; empty for who never sat.
    """

    pk: int
    exit: str
    is_declared: bool
    has_agreed: bool
    minutes: float | None
    pay: Pay | None
    roles: frozenset[str]


def major(minor: int, currency: str) -> float:
    """Minor units in the currency itself: 466 pence are 4.66."""
    return float(minor / 10 ** DECIMALS.get(currency, 2))


def people_of(study: Study) -> list[Someone]:
    """Everybody who entered, in the order in which they came."""
    found = Participant.objects.filter(study=study).select_related("version").order_by("pk")
    agreed = set(Consent.objects.filter(participant__study=study, agreed=True).values_list("participant", flat=True))
    minutes, pay, roles = _minutes(study), _pay(study), _roles(study)
    return [
        Someone(
            pk=one.pk,
            exit=one.exit,
            is_declared=not one.exit or one.exit in definition.definition(one.version).exits,
            has_agreed=one.pk in agreed,
            minutes=minutes.get(one.pk),
            pay=pay.get(one.pk),
            roles=frozenset(roles.get(one.pk, ())),
        )
        for one in found
    ]


def _minutes(study: Study) -> Mapping[int, float]:
    """The length of everybody's visits, of those whose visits are all over."""
    visits: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for person, start, end in Session.objects.filter(participant__study=study).values_list(
        "participant", "started_at", "finished_at"
    ):
        visits[person].append((start, end))
    lengths = {}
    for person, spans in visits.items():
        ended = [(end - start).total_seconds() for start, end in spans if end is not None]
        if len(ended) == len(spans):
            lengths[person] = sum(ended) / SECONDS_PER_MINUTE
    return lengths


def _pay(study: Study) -> Mapping[int, Pay]:
    owed = Settlement.objects.filter(participant__study=study)
    return {one.participant_id: Pay(one.currency, one.base_minor, one.bonus_minor, one.waiting_minor) for one in owed}


def _roles(study: Study) -> Mapping[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for person, role in Seat.objects.filter(participant__study=study).values_list("participant", "role"):
        if person is not None:
            found[person].add(role)
    return found
