"""What a person did that is paid, and what the study file pays for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import QuerySet

from events.prepared import Given, prepared
from flow.paid import points_of, rounds_drawn_for
from matching.models import Seat, Ticket
from participants.models import Consent, Participant
from recruitment.errors import RecruitmentError
from recruitment.models import Settlement
from recruitment.rules import Earned, PayLine, Rule, Terms, Waited, completion_code, more_of, reckon
from scheduling.calendars import has_finished_first
from scheduling.models import ScheduledSession
from studies import definition
from studies.models import Study, Version
from studies.schema import Exit
from studies.schema_stages import WaitingRoomStage
from studies.schema_types import DECIMALS

LESS_THAN_EARNED: tuple[Rule, ...] = ("none", "fixed")
UNPAID = (Participant.Origin.PREVIEW, Participant.Origin.SIMULATED)


@dataclass(frozen=True)
class Payment:
    """What whoever pays must know of one person, and nothing else."""

    participant: str  # the code
    exit: str
    completion_code: str
    total: Decimal
    currency: str
    withdrawn: str  # yes or no


def payments_of(study: Study) -> list[Payment]:
    """What everybody is owed who has left the study, those who withdrew included, by code."""
    settled = Settlement.objects.filter(participant__study=study).exclude(participant__origin__in=UNPAID)
    return sorted((_payment(one) for one in settled.select_related("participant")), key=lambda one: one.participant)


def _payment(one: Settlement) -> Payment:
    return Payment(
        participant=one.participant.code,
        exit=one.exit,
        completion_code=one.code,
        total=Decimal(one.total_minor).scaleb(-DECIMALS.get(one.currency, 2)),
        currency=one.currency,
        withdrawn="yes" if one.participant.status == Participant.Status.WITHDRAWN else "no",
    )


def settlement_of(participant: Participant) -> Settlement | None:
    """What was reckoned for a participant; None before an exit."""
    return _settlement.first(participant=participant.pk)


@prepared
def _settlement(participant: Given) -> QuerySet[Settlement]:
    return Settlement.objects.filter(participant=participant)


def terms_of(version: Version, exit_name: str) -> Terms:
    """What an exit pays. Raises RecruitmentError: "exit_unknown"."""
    payments, leaving = definition.definition(version).payments, exit_of(version, exit_name)
    return Terms(
        currency=payments.currency,
        rule=leaving.pay,
        base=payments.base,
        amount=leaving.amount or Decimal(0),
        rate=payments.points.rate if payments.points else None,
        most=payments.points.max if payments.points else Decimal(0),
        per_wave=payments.per_wave,
    )


@dataclass(frozen=True)
class Reckoning:
    """What somebody did, and every line of what the exit pays for it."""

    earned: Earned
    currency: str
    lines: Sequence[PayLine]


def owed_to(participant: Participant) -> Reckoning:
    """What a participant who has reached an exit is owed. Raises RecruitmentError: "exit_unknown".

    Who agreed to take part, and later did not agree to a text that had changed, gets what was earned, whatever the exit
    pays, or the exit's pay where that is more.
    """
    terms, earned = terms_of(participant.version, participant.exit), earned_by(participant)
    lines = reckon(terms, earned)
    if terms.rule in LESS_THAN_EARNED and _declined_later(participant):
        lines = more_of(lines, reckon(replace(terms, rule="earned"), earned))
    return Reckoning(earned, terms.currency, lines)


def _declined_later(participant: Participant) -> bool:
    answers = _answers.all(participant=participant.pk)
    return len(answers) > 1 and any(answers[:-1]) and not answers[-1]


@prepared
def _answers(participant: Given) -> QuerySet[Consent, bool]:
    """Yes or no to each text of the consent page, in order."""
    return Consent.objects.filter(participant=participant).order_by("pk").values_list("agreed", flat=True)


def exit_of(version: Version, exit_name: str) -> Exit:
    """The declaration of an exit.

    Raises:
        RecruitmentError: "exit_unknown".
    """
    exits = definition.definition(version).exits
    if exit_name not in exits:
        raise RecruitmentError(
            "exit_unknown", f'{version} declares no exit "{exit_name}"; its exits: {", ".join(sorted(exits))}'
        )
    return exits[exit_name]


def earned_by(participant: Participant) -> Earned:
    """Points that are paid, whether the game was played to its end, and the time spent waiting."""
    has_played = bool(_played.all(participant=participant.pk, status=Seat.Status.DONE))
    return Earned(
        points=points_of(participant),
        has_played=has_played,
        waited=_waited(participant),
        drawn=rounds_drawn_for(participant),
        visits=_completed(participant),
    )


def _completed(participant: Participant) -> Mapping[str, int]:
    """Wave → how many of its visits were completed. Where nothing is paid for them, nothing is asked."""
    study = definition.definition(participant.version)
    if not study.payments.per_wave:
        return {}
    done = participant.scheduled.filter(state=ScheduledSession.State.COMPLETED).values_list("wave", flat=True)
    return Counter(done) + Counter({study.waves[0].id: int(has_finished_first(participant))})


@prepared
def _played(participant: Given, status: Given) -> QuerySet[Seat, int]:
    return Seat.objects.filter(participant=participant, status=status).values_list("pk", flat=True)[:1]


def codes_of(version: Version) -> dict[str, str]:
    """The completion code of every exit, for those who must tell a recruiter."""
    exits = definition.definition(version).exits
    return {name: completion_code(version.seed, name, leaving.code) for name, leaving in exits.items()}


def _waited(participant: Participant) -> tuple[Waited, ...]:
    rooms = {
        stage.id: stage
        for stage in definition.definition(participant.version).stages
        if isinstance(stage, WaitingRoomStage)
    }
    waited = _waited_at.all(participant=participant.pk)
    return tuple(Waited(seconds, rooms[stage].pay_per_minute) for stage, seconds in waited if stage in rooms)


@prepared
def _waited_at(participant: Given) -> QuerySet[Ticket, tuple[str, int]]:
    """In which waiting rooms somebody was, in their order, and for how many seconds that count."""
    tickets = Ticket.objects.filter(session__participant=participant).order_by("pk")
    return tickets.values_list("stage", "waited_seconds")
