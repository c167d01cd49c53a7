"""Ending the pair of two people who stay partners: one is to be kept from the other, for a reason, or wants to be.

Both go on as the study file says of whoever is left, and read what anybody reads whose partner left. Neither is told
why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from events import due, log
from flow.deadlines import stream_of
from flow.errors import FlowError
from flow.machine import PARTED
from flow.services import games, rounds, visits
from flow.services.locking import ChangedMeanwhileError, retry_lock
from flow.services.rescue import group_named, session_named
from matching.models import Group, Seat
from participants.models import Participant
from scheduling import pairs
from scheduling.models import Pair, Session
from scheduling.states import OVER
from studies import definition
from studies.lasting import lasting, meets_in
from studies.models import Version
from studies.schema_pairs import DropOut

PART, WISHED = "rescue.part", "participant.parted"
PART_AS_WISHED = "flow.tasks.part_as_wished"
AGAIN_AFTER_SECONDS = 600.0


@dataclass(frozen=True)
class Parting:
    """What it comes to.

    Attributes:
        people: Codes of the two.
        group: Of the game that they play at this moment, which ends with the pair; "" where they play none.
        visits: In how many visits to come they would have met.
        rule: What becomes of the two: see `studies.schema_pairs.DropOut`.
        pays: The rule of pay of the exit by which they leave; "" where they do not.
    """

    pair: str
    people: Sequence[str]
    group: str
    visits: int
    rule: DropOut
    pays: str


def outlook(code: str) -> Parting:
    """What `part` would come to now; nothing is changed.

    Raises:
        FlowError: "not_here": somebody has no partner that lasts.
    """
    person = session_named(code).participant
    pair = pairs.pair_of(person)
    if pair is None:
        raise FlowError("not_here", f"{code} has no partner that lasts: there is no pair to end")
    return _parting(pair, _game_of(pair))


def part(code: str, *, reason: str) -> Parting:
    """End the pair of somebody. The game that the two play ends, too; what each has done is kept and paid.

    Raises:
        FlowError: "no_reason"; "not_here": somebody has no partner that lasts.
    """
    if not reason.strip():
        raise FlowError("no_reason", "say why: --reason TEXT; it is kept, and told to neither of the two")

    return retry_lock(lambda: _end(outlook(code), PART, {"reason": reason.strip()}))


def part_as_wished(pair_id: int) -> bool:
    """End a pair because one of the two does not want to meet the other again; whether there was one to end.

    No event tells which of the two it was: each has the same.
    """

    def work() -> bool:
        pair = Pair.objects.filter(pk=pair_id, status=Pair.Status.LASTING).first()
        if pair is None:
            return False
        pair.version = definition.version_of(pair.version_id)
        _end(_parting(pair, _game_of(pair)), WISHED, {})
        return True

    return retry_lock(work)


def part_later(pair_id: int, *, settle: Callable[[], None]) -> None:
    """A pair could not be ended as one of the two wishes, however often it was tried: try later, and again.

    A game may be what fails, so the one that the two play ends now: nobody goes on talking to whom they reported.
    """
    retry_lock(lambda: _try_again(pair_id, after_seconds=AGAIN_AFTER_SECONDS))  # first: what follows may fail, too
    pair = Pair.objects.filter(pk=pair_id, status=Pair.Status.LASTING).first()
    group = _game_of(pair) if pair is not None else None
    if group is None:
        retry_lock(settle)
        return

    def work() -> None:
        _try_again(pair_id, after_seconds=0.0)
        settle()

    games.break_off(group_id=group.pk, settle=work)


def _try_again(pair_id: int, *, after_seconds: float) -> None:
    if Pair.objects.filter(pk=pair_id, status=Pair.Status.LASTING).exists():
        due.schedule(PART_AS_WISHED, f"pair:{pair_id}", None, facts={"pair": pair_id}, after_seconds=after_seconds)


def _end(seen: Parting, kind: str, facts: Mapping[str, str]) -> Parting:
    """End a pair, if all is as it was seen, and the game that the two play."""
    group = games.lock_group(group_named(seen.group).pk) if seen.group else None
    sessions = _locked(seen)
    pair = pairs.locked_pair_of(sessions[0].participant)
    if pair is None or pair.code != seen.pair or _parting(pair, _game_of(pair)) != seen:
        raise ChangedMeanwhileError
    pairs.end(pair, reason=PARTED)
    if group is not None:
        rounds.end(group, PARTED)
    for session in sessions:
        _keep(session, kind, facts)
    return seen


def _locked(seen: Parting) -> list[Session]:
    """The newest visit of each of the two under its lock, in the order of their keys."""
    newest = [session_named(code).pk for code in seen.people]
    locked = visits.lock_sessions(newest)
    if {session_named(code).pk for code in seen.people} != {session.pk for session in locked}:
        raise ChangedMeanwhileError
    return locked


def _game_of(pair: Pair) -> Group | None:
    """The game that the two play at this moment."""
    sitting = Seat.objects.filter(group__pair=pair, group__status=Group.Status.ACTIVE, status=Seat.Status.SITTING)
    seat = sitting.select_related("group").first()
    return seat.group if seat is not None else None


def _parting(pair: Pair, group: Group | None) -> Parting:
    version: Version = pair.version
    study, people = definition.definition(version), pairs.members(pair)
    said = lasting(study)
    assert said is not None, "a pair is of a study in which pairs last"
    rule = said.on_drop_out
    return Parting(
        pair=pair.code,
        people=[person.code for person in people],
        group=group.code if group is not None else "",
        visits=max(_meetings(person) for person in people),
        rule=rule,
        pays=study.exits[rule.exit].pay if rule.exit is not None else "",
    )


def _meetings(person: Participant) -> int:
    """In how many visits to come somebody would have met their partner; before the first is over, in all."""
    study = definition.definition(person.version)
    if not person.scheduled.exists():
        return sum(wave.repeat for wave in study.waves[1:] if meets_in(study, wave))
    left = person.scheduled.exclude(state__in=OVER).values_list("wave", flat=True)
    return sum(pairs.is_met_in(study, wave) for wave in left)


def _keep(session: Session, kind: str, facts: Mapping[str, str]) -> None:
    """One event for each of the two: with the data of either goes what was written of them."""
    log.record(
        kind,
        study=session.participant.study_id,
        subject=("participant", session.participant_id),
        facts=facts,
        wake={stream_of(session): session.rev},
    )
