"""Two people who stay partners: formed once, and ended. All of it runs in a caller's transaction.

Whoever plans for a pair or ends it holds its lock. Locks are taken in this order: visits, pair, planned visits by key.
Whoever ends a visit holds its planned row already when they come to the pair: so nobody who holds a pair waits for a
row that is begun.
"""

from collections.abc import Sequence

from django.db.models import QuerySet

from events import clock, due, log
from events.prepared import update
from participants.codes import names_of
from participants.models import Participant
from participants.tokens import stream_name
from scheduling import services
from scheduling.errors import SchedulingError
from scheduling.models import Pair, PairMember, ScheduledSession, Session
from scheduling.services import TURN
from scheduling.states import OVER, State
from studies import definition
from studies.lasting import lasting, meets_in
from studies.models import Version
from studies.schema import StudyFile
from studies.schema_waves import Ending

FORMED, ENDED = "pair.formed", "pair.ended"
GO_ON = "flow.tasks.go_on"  # what looks what follows for the other of the two
SHORT, PARTED = "short", "parted"
"""Why a pair ends, where nobody leaves the study: the two share too little of a visit, or a researcher parts them."""


def form(version: Version, group: str, people: Sequence[Participant], *, visit: int) -> Pair:
    """Make a pair of two people, for all visits to come.

    Args:
        group: The entry of `groups` that lasts.
        visit: The number of the visit in which they meet first.

    Raises:
        SchedulingError: "no_pair": they are not two.
    """
    if len(people) != 2:
        raise SchedulingError("no_pair", f"{len(people)} people are no pair")
    pair = Pair(version=version, group=group, visit=visit, **names_of(Pair, "d", version))
    pair.save(force_insert=True)
    PairMember.objects.bulk_create([PairMember(pair=pair, participant=person) for person in people])
    facts = {"number": visit}
    log.record(FORMED, study=version.study_id, subject=("pair", pair.pk), facts=facts)
    return pair


def pair_of(participant: Participant) -> Pair | None:
    """The pair in which somebody is now. Asks nothing where no pairs last."""
    if lasting(definition.definition(participant.version)) is None:
        return None
    return _whole(_pairs(participant).filter(status=Pair.Status.LASTING).first())


def locked_pair_of(participant: Participant) -> Pair | None:
    """The pair in which somebody is now, under its lock: from here on nobody else plans for it or ends it."""
    if lasting(definition.definition(participant.version)) is None:
        return None
    lasts = _pairs(participant).filter(status=Pair.Status.LASTING)
    return _whole(lasts.select_for_update(of=("self",)).first())


def last_pair_of(participant: Participant) -> Pair | None:
    """The pair in which somebody is now, or was last."""
    if lasting(definition.definition(participant.version)) is None:
        return None
    return _whole(_pairs(participant).order_by("-pk").first())


def _pairs(participant: Participant) -> QuerySet[Pair]:
    return Pair.objects.filter(members__participant=participant)


def _whole(pair: Pair | None) -> Pair | None:
    if pair is not None:
        pair.version = definition.version_of(pair.version_id)
    return pair


def members(pair: Pair) -> list[Participant]:
    """The two, in the order in which they always stand."""
    people = list(Participant.objects.filter(memberships__pair=pair).order_by("pk"))
    for person in people:
        person.version = pair.version
    return people


def partner_of(pair: Pair, participant: Participant) -> Participant:
    """The other of the two."""
    return next(person for person in members(pair) if person.pk != participant.pk)


def ending_of(participant: Participant) -> Ending | None:
    """By which exit somebody leaves whose pair is over; None where they go on, alone or with another partner."""
    study = definition.definition(participant.version)
    rule = lasting(study)
    if rule is None or rule.on_drop_out.exit is None:
        return None
    pair = last_pair_of(participant)
    if pair is None or pair.status == Pair.Status.LASTING or not _would_meet(participant, study):
        return None
    return Ending(exit=rule.on_drop_out.exit, still_offer=rule.on_drop_out.still_offer)


def _would_meet(participant: Participant, study: StudyFile) -> bool:
    """Whether a visit is left in which somebody would have met their partner. Otherwise they go on as if with one."""
    left = participant.scheduled.exclude(state__in=OVER).values_list("wave", flat=True)
    return any(is_met_in(study, wave) for wave in left)


def is_alone(participant: Participant) -> bool:
    """Whether somebody's pair is over, and nobody takes the partner's place."""
    rule = lasting(definition.definition(participant.version))
    if rule is None or rule.on_drop_out.then != "end_pair":
        return False
    pair = last_pair_of(participant)
    return pair is not None and pair.status == Pair.Status.ENDED


def is_met_in(study: StudyFile, wave_id: str) -> bool:
    """Whether the two of a pair meet in the visits of a wave."""
    return any(wave.id == wave_id and meets_in(study, wave) for wave in study.waves)


def end(pair: Pair, *, reason: str) -> None:
    """The two are no partners any more; the visits of either are planned for that person alone from now on.

    What follows for each of the two is looked at afterwards, under the lock of their own visit. The caller holds the
    pair's lock.
    """
    if pair.status != Pair.Status.LASTING:
        return
    pair.status, pair.end_reason, pair.ended_at = Pair.Status.ENDED, reason, clock.now()
    update(pair, "status", "end_reason", "ended_at")
    PairMember.objects.filter(pair=pair).update(lasts=False)
    # What is open or begun stays as it is: whoever moves such a row may be waiting for the pair.
    for row in shared_rows(pair).filter(state=State.PLANNED).select_for_update(of=("self",)).order_by("pk"):
        unplan(row)
    log.record(
        ENDED, study=pair.version.study_id, subject=("pair", pair.pk), facts={"reason": reason}, wake=streams_of(pair)
    )
    for person in members(pair):
        look_on(person)


def look_on(participant: Participant) -> None:
    """See what follows for somebody, in a transaction that holds the lock of their own visit."""
    due.schedule(GO_ON, f"participant:{participant.pk}", None, facts={"participant": participant.pk})


def shared_rows(pair: Pair) -> QuerySet[ScheduledSession]:
    """The planned visits of the two in which they meet, as far as they were planned."""
    return ScheduledSession.objects.filter(pair_visit__pair=pair)


def streams_of(pair: Pair) -> dict[str, int]:
    """Whom to wake when what the two are told of their visits changes, as whatever else wakes them does.

    A browser is told the number: a key of the pair would tell the two that they are of one, and programs are of none.
    """
    newest = (
        Session.objects.select_related("participant").filter(participant=person).latest("pk")
        for person in members(pair)
    )
    return {stream_name(one.participant.token_sha256): one.rev for one in newest}


def unplan(row: ScheduledSession) -> None:
    """A visit that is not open yet has to be planned anew. The caller holds its lock."""
    due.cancel(TURN, services.key_of(row, row.state))
    row.opens_at = row.due_at = row.closes_at = row.grace_until = None
    row.pair_visit = None
    update(row, "opens_at", "due_at", "closes_at", "grace_until", "pair_visit")
