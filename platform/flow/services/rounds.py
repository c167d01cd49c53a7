"""Rounds, matches and steps of one group. Everything here runs in a caller's transaction that holds the group's lock.

The group is the row that everybody locks: its matches are small and few, and one lock has no order to get wrong.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

from django.db.models import F, Q, QuerySet

from events import clock, log
from events.prepared import Given, insert, insert_all, prepared, together, update
from flow import exposing
from flow.deadlines import forget_deadline, step_deadline
from flow.game import game_of
from flow.kinds import VOID_PATH
from flow.levels import RoundLevels, levels_of_round
from flow.lookup import step_kind
from flow.machine import PARTED, TECHNICAL, TOO_FEW, check_move
from flow.models import Act, Exposure, Match
from flow.pairing import matching_of, seats_of
from flow.remaining import is_too_small
from flow.services import visits
from flow.services.awards import draw_awards
from flow.services.paying import draw_paid_rounds
from flow.state import MatchState
from matching.models import Group, Seat
from paradigm import MatchPlan, Place
from paradigm.program import first, following, is_decided
from participants.models import Participant
from participants.tokens import stream_name
from scheduling.models import Session
from studies import allocation

VOID_SECONDS = 10


def open_round(group: Group, number: int) -> None:
    """Pair those who are here and open their matches; end the game when nobody can meet."""
    game = game_of(group)
    seats = seats_of(group)
    plans = game.experiment.pairing(matching_of(group, game, number, seats))
    if not plans:
        end(group, TOO_FEW)
        return
    group.round = number
    update(group, "round")
    _record(group, "round.opened", {"round": number, "matches": len(plans)})
    levels = levels_of_round(group, number, seats)
    states = [_open_match(levels, index, plan, seats) for index, plan in enumerate(plans, start=1)]
    for state in states:
        _go(state.match, first(game.experiment.steps, state), state)
    _wake_sitting_out(group, plans, seats)
    if not any(state.match.path for state in states):
        close_round(group)


def _open_match(levels: RoundLevels, index: int, plan: MatchPlan, seats: Sequence[Seat]) -> MatchState:
    match = Match(group=levels.group, round=levels.number, number=index, path="~new")
    match.edges, match.condition = [list(edge) for edge in plan.edges], levels.of_match(plan)
    match = insert(match)
    sitting = {seat.number: seat for seat in seats}
    placings = [levels.placing(match, position, sitting[seat]) for position, seat in plan.seats.items()]
    return MatchState.of_new(match, insert_all(placings))


def settle_step(match: Match) -> None:
    """Close the open step if all it waits for has come, and go on from there."""
    if is_step_over(MatchState(match)):
        close_step(match)


def is_step_over(state: MatchState) -> bool:
    """Whether all that the open step waits for has come."""
    implementation, step = step_kind(state)
    return implementation.finished(state, step)


def close_step(match: Match, state: MatchState | None = None) -> None:
    """The open step is over, complete or not: go to the next, or void the match for those who did not act.

    Args:
        state: As it is now, where the caller has read it.
    """
    state = state or MatchState(match)
    implementation, step = step_kind(state)
    implementation.close(match, state, step)
    missing = implementation.missing(state, step)
    if missing and not stand_for(match, state, missing):
        void(match, missing)
        return
    forget_deadline(match)
    _record(match.group, "step.closed", {"path": match.path, "match": match.pk})
    if match.path == VOID_PATH:
        _go(match, None)
        return
    # the state after the step: what was blind may now be seen
    after = state.at("", acts_are_known=not missing)
    _go(match, following(after.game.experiment.steps, match.path, after), after)


def stand_for(match: Match, state: MatchState, missing: Sequence[Place]) -> bool:
    """Record what did not come, if the game can go on without it.

    It can where the study file names an imputation for the step, and where the acts are answers and not moves: then the
    row has no values.
    """
    step = step_kind(state)[1]
    values = state.game.config.on_timeout.impute.get(step.name)
    if values is None and step.voids_match:
        return False
    for place in missing:
        Act.objects.create(
            match=match, path=match.path, seat=state.seats[place.seat], values=values or {}, source=Act.Source.TIMEOUT
        )
    return True


def _go(match: Match, path: str | None, before: MatchState | None = None) -> None:
    """Open the step at `path`, skipping steps that wait for nobody; None ends the match.

    Args:
        before: The state between the steps, where the caller has read it.
    """
    if path is None:
        _close_match(match, before)
        return
    match.path = path
    match.rev += 1
    match.step_opened_at = clock.now()
    state = before.at(path) if before else MatchState(match)
    implementation, step = step_kind(state)
    seconds = VOID_SECONDS if step is None else state.game.seconds_of(step, state.round)
    # a program that does not answer is known at once: nobody waits in a group without people
    has_limit = match.group.origin != Group.Origin.RUN
    match.deadline_at = match.step_opened_at + timedelta(seconds=seconds) if has_limit else None
    update(match, "path", "rev", "step_opened_at", "deadline_at", "status", "void_path")
    implementation.open(match, state, step)
    _expose(match, state)
    is_settled = step is not None and not _is_settled(state) and is_decided(state.game.experiment.steps, path)
    if is_settled:  # what a page now tells as earned is earned, whoever leaves
        _pay(state, state.game.experiment.payoff(state.at("")))
    _announce(match, state, implementation.acting(state, step), is_settled=is_settled)
    if implementation.finished(state, step):
        close_step(match)
        return
    absent = [p for p in implementation.missing(state, step) if state.seats[p.seat].status != Seat.Status.SITTING]
    if not absent:
        step_deadline(match)
    elif stand_for(match, state, absent):
        step_deadline(match)
        settle_step(match)
    else:
        void(match, absent)


def _expose(match: Match, state: MatchState) -> None:
    """Keep what every seat is told at this step: pages and prompts are made from this row and nothing else."""
    rows = []
    for place in state.places:
        told = exposing.told(state, place)
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        rows.append(Exposure(match=match, path=match.path, seat=state.seats[place.seat], view=told, sha256=digest))
    insert_all(rows)


def _announce(match: Match, state: MatchState, acting: Sequence[Place], *, is_settled: bool) -> None:
    study = match.group.version.study_id
    facts = {"match": match.pk, "path": match.path, "rev": match.rev}
    told = facts | ({"settled": True} if is_settled else {})
    about = ("match", match.pk)
    events = [log.recording("step.opened", study=study, subject=about, facts=told, wake=streams_of(match))]
    for place in acting:
        seat = state.seats[place.seat]
        if seat.occupant != "person":
            events.append(log.recording("turn.opened", study=study, subject=("seat", seat.pk), facts=facts))
    # in one way to the server, however many of them are programs: nobody whose form opens a step waits for that
    together(*chain.from_iterable(events))


def streams_of(match: Match) -> dict[str, int]:
    """Whom to wake when the pages of a match change: the streams of the people who sit in it, with its revision."""
    tokens = _people_in.all(match=match.pk, status=Seat.Status.SITTING)
    return {stream_name(token): match.rev for token in tokens}


@prepared
def _people_in(match: Given, status: Given) -> QuerySet[Seat, str]:
    people = Seat.objects.filter(placings__match=match, session__isnull=False, status=status)
    return people.values_list("session__participant__token_sha256", flat=True)


def _wake_sitting_out(group: Group, plans: Sequence[MatchPlan], seats: Iterable[Seat]) -> None:
    placed = {seat for plan in plans for seat in plan.seats.values()}
    idle = [seat.session_id for seat in seats if seat.session_id and seat.number not in placed]
    streams = {stream_name(token): group.round for token in _tokens.all(sessions=idle)} if idle else {}
    if streams:
        _record(group, "round.sat_out", {"round": group.round, "seats": len(streams)}, wake=streams)


@prepared
def _tokens(sessions: Given) -> QuerySet[Session, str]:
    found = Session.objects.filter(pk__any=sessions).order_by("pk")
    return found.values_list("participant__token_sha256", flat=True)


def void(match: Match, missing: Sequence[Place]) -> None:
    """The match does not count: nobody is shown or paid an amount, a choice or a kind from it.

    Those who did not act earn nothing from it and get a strike; the others get the declared amount.
    """
    state = MatchState(match)
    late = {place.seat for place in missing}
    forget_deadline(match)
    match.status = check_move("match", match.status, Match.Status.VOID)
    match.void_path = match.path
    _pay(state, {seat: 0 if seat in late else state.game.void_points for seat in state.seats})
    for placing in state.placings:
        if placing.seat.number in late:
            Act.objects.get_or_create(
                match=match, path=match.path, seat=placing.seat, defaults={"source": Act.Source.TIMEOUT, "values": {}}
            )
    _record(match.group, "match.voided", {"match": match.pk, "path": match.path, "missing": len(late)})
    _go(match, VOID_PATH)
    _strike(match.group, [state.seats[number] for number in late])


def _strike(group: Group, seats: Sequence[Seat]) -> None:
    """Count acts that did not come; at the limit a person leaves by the declared exit, and any other seat with them."""
    rule = game_of(group).config.on_timeout
    for seat in sorted(seats, key=lambda seat: seat.number):
        seat.refresh_from_db()  # the one before may have left, and the game with it
        if seat.status != Seat.Status.SITTING:
            continue
        if _is_out(seat, rule.strikes):
            people = visits.lock_sessions([seat.session_id] if seat.session_id else [])
            leave_seat(group, seat)
            for session in people:
                visits.finish(session, rule.exit)


def _is_out(seat: Seat, strikes: int) -> bool:
    """Whether this was one miss too many in a row."""
    if seat.participant_id is None:
        # as for a person, what is missing where the game goes on without it counts neither way
        counted = seat.acts.exclude(~Q(path=F("match__void_path")), source=Act.Source.TIMEOUT)
        last = list(counted.order_by("-pk").values_list("source", flat=True)[:strikes])
        return last == [Act.Source.TIMEOUT] * strikes
    Participant.objects.filter(pk=seat.participant_id).update(strikes=F("strikes") + 1)
    return Participant.objects.get(pk=seat.participant_id).strikes >= strikes


def _close_match(match: Match, state: MatchState | None = None) -> None:
    if match.status == Match.Status.OPEN:
        match.status = check_move("match", match.status, Match.Status.COMPLETE)
        state = state or MatchState(match, path="")
        if not _is_settled(state):
            _pay(state, state.game.experiment.payoff(state))
    match.path = ""
    match.rev += 1
    match.deadline_at = None
    match.closed_at = clock.now()
    update(match, "path", "rev", "deadline_at", "closed_at", "status", "void_path")
    log.record(
        "match.closed",
        study=match.group.version.study_id,
        subject=("match", match.pk),
        facts={"status": match.status},
        wake=streams_of(match),
    )


def _is_settled(state: MatchState) -> bool:
    """Whether the points of a match have been given."""
    return any(placing.points is not None for placing in state.placings)


def _pay(state: MatchState, points: Mapping[int, float]) -> None:
    """Give every seat its points by number; who left before the match was decided earns nothing from it."""
    for placing in state.placings:
        has_left = placing.seat.status == Seat.Status.LEFT
        placing.points = 0 if has_left else int(points.get(placing.seat.number, 0))
        update(placing, "points")


def begin_when_all_are_here(group: Group) -> None:
    """Open round 1 when everybody who sits here has come to the game. Under the group's lock nobody comes meanwhile."""
    if group.round or group.status != Group.Status.ACTIVE:
        return
    index = visits.index_of(group.version, group.stage)
    if not _on_the_way.all(group=group.pk, status=Seat.Status.SITTING, stage=index):
        open_round(group, 1)


@prepared
def _on_the_way(group: Given, status: Given, stage: Given) -> QuerySet[Seat, int]:
    """One of those who sit in the group and have not come to its game."""
    away = Seat.objects.filter(group=group, status=status, session__stage__lt=stage)
    return away.values_list("pk", flat=True)[:1]


def close_round(group: Group) -> None:
    """When the last match of the round is over, open the next round, or complete the group."""
    if group.round == 0:
        return
    if group.status != Group.Status.ACTIVE or _played.all(group=group.pk, number=group.round):
        return
    if group.round < group.rounds:
        open_round(group, group.round + 1)
    else:
        _finish(group, Group.Status.COMPLETE, "")


@prepared
def _played(group: Given, number: Given) -> QuerySet[Match, int]:
    """One of the round's matches that are not over."""
    return Match.objects.filter(group=group, round=number).exclude(path="").values_list("pk", flat=True)[:1]


def end(group: Group, reason: str) -> None:
    """Stop the game early: those who still sit go on to what follows, by the declared exit.

    A match whose points were given is complete, though its last pages are not read; any other that is open is void.
    """
    for match in group.matches.filter(status=Match.Status.OPEN).select_related("group__version").order_by("pk"):
        match.group = group
        state = MatchState(match)
        implementation, step = step_kind(state)
        implementation.close(match, state, step)
        if not _is_settled(state):
            match.status = check_move("match", match.status, Match.Status.VOID)
            match.void_path = match.path
            _pay(state, dict.fromkeys(state.seats, state.game.void_points))
        _close_match(match, state)
    _finish(group, Group.Status.ENDED, reason)


def _finish(group: Group, status: str, reason: str) -> None:
    group.status = check_move("group", group.status, status)
    group.end_reason = reason
    group.ended_at = clock.now()
    update(group, "status", "end_reason", "ended_at")
    _record(group, "group.ended", {"status": status, "reason": reason})
    sitting = _sitting.all(group=group.pk, status=Seat.Status.SITTING)
    if reason != TECHNICAL:  # then the game's own rules fail
        draw_awards(group, sitting)
    for seat in sitting:
        seat.status = Seat.Status.DONE
        update(seat, "status")
    draw_paid_rounds(group, sitting)
    # Whoever is left of two who last goes on as the study file says of their pair.
    has_left_partner = reason in (TOO_FEW, PARTED) and group.pair_id is not None
    exit_name = game_of(group).config.on_too_few.exit if reason and not has_left_partner else ""
    for session in visits.lock_sessions(seat.session_id for seat in sitting if seat.session_id):
        session.planned_exit = exit_name or session.planned_exit
        visits.pass_stage(session, group.stage)
    if group.round == 0:
        # Nobody was treated, so the slot is free again. Whoever forms groups locks no group that exists: no deadlock.
        allocation.return_slot(group.version, unit="group", unit_id=group.pk, reason=reason)


@prepared
def _sitting(group: Given, status: Given) -> QuerySet[Seat]:
    return Seat.objects.filter(group=group, status=status).order_by("number")


def leave_seat(group: Group, seat: Seat) -> None:
    """A seat is empty from now on. Its open match is void if it waits for this seat; too few seats end the game."""
    seat.status = check_move("seat", seat.status, Seat.Status.LEFT)
    seat.save(update_fields=["status"])
    draw_paid_rounds(group, [seat])
    _record(group, "seat.left", {"seat": seat.number})
    if group.status != Group.Status.ACTIVE:
        return
    if is_too_small(group):
        end(group, TOO_FEW)
        return
    for match in group.matches.filter(placings__seat=seat).exclude(path="").order_by("pk"):
        match.group = group
        state = MatchState(match)
        implementation, step = step_kind(state)
        mine = [place for place in implementation.missing(state, step) if place.seat == seat.number]
        if mine and not stand_for(match, state, mine):
            void(match, mine)
        else:
            settle_step(match)
    begin_when_all_are_here(group)
    close_round(group)


def _record(group: Group, event: str, facts: dict[str, Any], wake: dict[str, int] | None = None) -> None:
    log.record(event, study=group.version.study_id, subject=("group", group.pk), facts=facts, wake=wake)
