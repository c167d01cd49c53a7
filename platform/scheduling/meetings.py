"""The visits in which the two of a pair meet: planned for both at once, put off, met in or waited in vain.

All of it runs in a caller's transaction; which locks are taken in which order is said in `scheduling.pairs`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from events import clock, due, log
from events.prepared import update
from participants.models import Participant
from participants.services import let_mailed_links_last
from scheduling import outbox, services
from scheduling.calendars import held_of, person_of
from scheduling.models import Pair, PairVisit, ScheduledSession, Session
from scheduling.pairs import SHORT, end, is_met_in, locked_pair_of, look_on, members, shared_rows, streams_of, unplan
from scheduling.services import TOO_LATE, TURN
from scheduling.states import OVER, State
from scheduling.together import Couple, Overlap, meeting_again, merged, overlap, shared_window
from scheduling.windows import Window, slots_of
from studies import definition
from studies.lasting import lasting, longest_wait
from studies.schema_pairs import Lasting
from studies.spans import span

PLANNED, MET, IN_VAIN, AGAIN = "pair.planned", "pair.met", "pair.in_vain", "pair.again"
PARTNER_ABSENT, KEPT_WAITING, NOT_READY, LEFT_WAITING = "partner_absent", "kept_waiting", "not_ready", "left_waiting"
"""Why a visit ended or was missed: the partner was not there; nor was who was waited for; no answer; by the button."""
ROUNDED_TO = timedelta(minutes=5)  # another time is told to people, so it is a round one


def plan_next(participant: Participant) -> tuple[ScheduledSession | None, bool]:
    """Plan somebody's next visit that is not over: with the partner where they meet in it, and alone otherwise.

    The caller holds the lock of the person's newest visit.

    Returns:
        The visit, None where none is left; and whether that is all for now: it is planned, or the partner is not as
        far. Otherwise the visit is over already, or the pair is, and what follows must be looked at again.
    """
    row = next((one for one in participant.scheduled.order_by("number") if one.state not in OVER), None)
    if row is None:
        return None, True
    is_shared = is_met_in(definition.definition(participant.version), row.wave)
    pair = locked_pair_of(participant) if is_shared else None
    if pair is None:
        planned = services.plan_next(participant)
        return planned, planned is not None and planned.state not in OVER
    row.refresh_from_db()  # the partner may have planned it, or let it be, while we waited for the lock
    row.participant = participant
    if row.state in OVER or row.opens_at is not None:
        return row, row.state not in OVER
    return row, _plan_together(pair, participant, row.number)


def _plan_together(pair: Pair, participant: Participant, number: int) -> bool:
    """Plan one visit of both. The caller holds the pair's lock, and the lock of the newest visit of one of them.

    Returns:
        Whether that is all for now.
    """
    people = members(pair)
    plans = [list(person.scheduled.order_by("number")) for person in people]
    if not all(_has_come_to(rows, number) for rows in plans):
        return True
    rows = _locked([rows[number - 1] for rows in plans], people)
    other = next(row for row in rows if row.participant_id != participant.pk)
    if other.state in OVER:  # a researcher let it be for the partner: alone there is nobody to meet
        mine = next(row for row in rows if row is not other)
        services.move(mine, State.EXCUSED, reason=PARTNER_ABSENT, ended_at=other.ended_at)
        return False
    found, window = reckoned(pair, [plan[: number - 1] for plan in plans], number, [row.zone for row in rows])
    rule = _rule(pair)
    if found.length < span(rule.least).nominal:
        if rule.on_short == "end_pair":
            end(pair, reason=SHORT)
        else:
            _let_pass(rows, State.EXCUSED, SHORT, found.opens, found.opens)
    elif window is None:
        ended = [plan[number - 2].ended_at for plan in plans if number > 1]
        over = max([found.opens, *(at for at in ended if at is not None)])
        _let_pass(rows, State.MISSED, TOO_LATE, found.opens, over)
    else:
        _write(pair, rows, window)
        _foresee(pair, plans, number)
        return True
    look_on(other.participant)
    return False


def _rule(pair: Pair) -> Lasting:
    found = lasting(definition.definition(pair.version))
    assert found is not None, "a pair is of a study in which pairs last"
    return found


def _has_come_to(rows: Sequence[ScheduledSession], number: int) -> bool:
    """Whether somebody has all visits before one behind them; nobody has whose visits are not planned yet."""
    return len(rows) >= number and all(row.state in OVER for row in rows[: number - 1])


def _locked(rows: Sequence[ScheduledSession], people: Sequence[Participant]) -> list[ScheduledSession]:
    """A visit of both under the locks of both rows, in the order of the two."""
    wanted = ScheduledSession.objects.filter(pk__in=[row.pk for row in rows])
    found = {row.participant_id: row for row in wanted.select_for_update(of=("self",)).order_by("pk")}
    for person in people:
        found[person.pk].participant = person
    return [found[person.pk] for person in people]


def reckoned(
    pair: Pair, pasts: Sequence[Sequence[ScheduledSession]], number: int, zones: Sequence[str]
) -> tuple[Overlap, Window | None]:
    """Where the windows of a visit overlap, and when both can begin it; None where that leaves no time.

    Args:
        pasts: The planned visits of the one, and of the other, before this one; all are over.
        zones: By whose clocks it is planned.
    """
    study = definition.definition(pair.version)
    slot = slots_of(study)[number - 1]
    held = (held_of(study, pasts[0]), held_of(study, pasts[1]))
    couple = _couple(pair, zones)
    found = overlap(study, slot, couple, merged(*held))
    assert found is not None, "E305: everything that a visit is counted from is over before it"
    return found, shared_window(study, slot, found, couple=couple, pasts=held)


def _couple(pair: Pair, zones: Sequence[str]) -> Couple:
    one, other = (person_of(person, zone=zone) for person, zone in zip(members(pair), zones, strict=True))
    return Couple.of(one, other, pair.code)


def _let_pass(
    rows: Sequence[ScheduledSession], state: State, reason: str, planned: datetime, ended_at: datetime
) -> None:
    """A visit that neither of the two can come to."""
    for row in rows:
        row.planned_open = planned
        services.move(row, state, reason=reason, ended_at=ended_at)


def _write(pair: Pair, rows: Sequence[ScheduledSession], window: Window) -> None:
    first = rows[0]
    instants = {
        "planned_open": window.planned, "opens_at": window.opens, "due_at": window.due, "closes_at": window.closes,
        "grace_until": window.grace_until,
    }  # fmt: skip
    place = {"wave": first.wave, "repeat": first.repeat}
    visit, _ = PairVisit.objects.update_or_create(pair=pair, number=first.number, defaults=instants | place)
    for row in rows:
        row.pair_visit = visit
        for name, at in instants.items():
            setattr(row, name, at)
        update(row, "pair_visit", *instants)
        if window.opens <= clock.now():
            services.open_window(row)
        else:
            services.turn_at(row, window.opens)
        outbox.plan(row)
    facts = place | {"number": first.number}
    log.record(PLANNED, study=pair.version.study_id, subject=("pair", pair.pk), facts=facts, wake=streams_of(pair))


def _foresee(pair: Pair, plans: Sequence[Sequence[ScheduledSession]], number: int) -> None:
    """When later visits in which the two meet are to open, as far as it is known: for whoever looks at the calendar."""
    study = definition.definition(pair.version)
    past = merged(*(held_of(study, plan[: number - 1]) for plan in plans))
    couple = _couple(pair, [plan[number - 1].zone for plan in plans])
    for slot, rows in zip(slots_of(study)[number:], zip(*(plan[number:] for plan in plans), strict=True), strict=True):
        is_open = any(row.state != State.PLANNED for row in rows)
        found = overlap(study, slot, couple, past) if is_met_in(study, slot.wave) and not is_open else None
        for row in rows if found is not None else ():
            assert found is not None
            row.planned_open = found.opens
            update(row, "planned_open")


def plan_anew(pair: Pair) -> None:
    """The clock of one of the two is another now: what both share and is not open yet is to be planned again.

    The caller holds the pair's lock, and has taken back what was planned of that one's visits.
    """
    moved = shared_rows(pair).filter(state=State.PLANNED, opens_at=None).values_list("number", flat=True)
    rows = shared_rows(pair).filter(state=State.PLANNED, number__in=list(moved))
    for row in rows.select_for_update(of=("self",)).order_by("pk"):
        unplan(row)


def visit_of(session: Session) -> PairVisit | None:
    """The visit of a pair that a session is; None where it is nobody's but the person's own."""
    row = ScheduledSession.objects.filter(session=session).select_related("pair_visit__pair").first()
    return row.pair_visit if row is not None else None


def lock_visit(visit: PairVisit) -> PairVisit:
    """A visit of a pair under its lock. Those who lock planned visits, too, lock this one first."""
    return PairVisit.objects.select_for_update(of=("self",)).get(pk=visit.pk)


def waits_from_to(row: ScheduledSession) -> tuple[datetime | None, datetime | None]:
    """From when to when the two wait for each other in a visit in which they meet; None as long as it is not planned.

    That is what they are told of it. It may be open for longer, until the day of one of them ends: by a clock that is
    nobody else's business.
    """
    again = row.pair_visit.again_at if row.pair_visit is not None else None
    opens = again or row.opens_at or row.planned_open
    wait = timedelta(seconds=longest_wait(definition.definition(row.participant.version), row.wave))
    return opens, opens + wait if opens is not None else None


def partner_row(visit: PairVisit, participant: Participant) -> ScheduledSession | None:
    """The partner's row of a visit; None where there is none any more."""
    others = visit.rows.exclude(participant=participant)
    return others.select_related("participant", "session").first()


def let_be_for_partner(row: ScheduledSession) -> None:
    """A visit that both share is let be for one of them: the other, who has not begun it, would come in vain.

    The caller holds the pair's lock, and the lock of the row.
    """
    other = partner_row(row.pair_visit, row.participant) if row.pair_visit is not None else None
    if other is None or other.state not in (State.PLANNED, State.OPEN):  # not even to look: whoever ends it holds it
        return
    other = services.lock_scheduled(other.pk)
    if other.state in (State.PLANNED, State.OPEN):
        services.move(other, State.EXCUSED, reason=PARTNER_ABSENT, ended_at=row.ended_at)
        look_on(other.participant)


def settle_visit(visit: PairVisit, outcome: PairVisit.Outcome) -> bool:
    """Keep whether the two have met, once; whether this call did. The caller holds the visit's lock."""
    if visit.outcome:
        return False
    visit.outcome, visit.settled_at = outcome, clock.now()
    update(visit, "outcome", "settled_at")
    kind = MET if outcome == PairVisit.Outcome.MET else IN_VAIN
    facts = {"wave": visit.wave, "repeat": visit.repeat, "number": visit.number}
    log.record(kind, study=visit.pair.version.study_id, subject=("pair", visit.pair_id), facts=facts)
    return True


def put_off(visit: PairVisit, after: str) -> datetime | None:
    """Let the two meet at another time, once; None where there is none. The caller holds the visit's lock.

    Args:
        after: How much later: days for another window of the same times of day, or time that passes, in the same one.
    """
    if visit.again_at is not None or visit.outcome:
        return None
    length, now = span(after), clock.now()
    again = _in_another_window(visit, after) if length.days else _in_this_window(visit, now + length.rest)
    if again is None or again[0] <= now:
        return None
    visit.again_at, closes = again
    _stretch(visit, closes)
    facts = {"wave": visit.wave, "repeat": visit.repeat, "number": visit.number}
    study = visit.pair.version.study_id
    log.record(AGAIN, study=study, subject=("pair", visit.pair_id), facts=facts, wake=streams_of(visit.pair))
    return visit.again_at


def _in_this_window(visit: PairVisit, at: datetime) -> tuple[datetime, datetime] | None:
    seconds = ceil(at.timestamp() / ROUNDED_TO.total_seconds()) * ROUNDED_TO.total_seconds()
    rounded = at + timedelta(seconds=seconds - at.timestamp())
    return (rounded, visit.closes_at) if rounded < visit.closes_at else None


def _in_another_window(visit: PairVisit, after: str) -> tuple[datetime, datetime] | None:
    pair = visit.pair
    study = definition.definition(pair.version)
    plans = [list(person.scheduled.order_by("number")) for person in members(pair)]
    zones = [plan[visit.number - 1].zone for plan in plans]
    first, _ = reckoned(pair, [plan[: visit.number - 1] for plan in plans], visit.number, zones)
    slot, least = slots_of(study)[visit.number - 1], span(_rule(pair).least).nominal
    found = meeting_again(study, slot, first, span(after), couple=_couple(pair, zones), least=least)
    return (found.opens, found.closes) if found is not None else None


def _stretch(visit: PairVisit, closes: datetime) -> None:
    """Let a visit be begun until another end, if that is later, by both."""
    grace = visit.grace_until - visit.closes_at
    if closes > visit.closes_at:
        visit.closes_at, visit.grace_until = closes, closes + grace
    update(visit, "again_at", "closes_at", "grace_until")
    rows = ScheduledSession.objects.filter(pair_visit=visit, state__in=[State.OPEN, State.STARTED])
    for row in rows.select_for_update(of=("self",)).order_by("pk"):
        if row.grace_until is not None:
            let_mailed_links_last(row.participant_id, ends_at=row.grace_until, until=visit.grace_until)
        row.closes_at, row.grace_until = visit.closes_at, visit.grace_until
        update(row, "closes_at", "grace_until")
        due.cancel(TURN, services.key_of(row, row.state))
        services.turn_at(row, visit.closes_at if row.state == State.OPEN else visit.grace_until)
        row.participant.version = visit.pair.version
        outbox.plan(row)
