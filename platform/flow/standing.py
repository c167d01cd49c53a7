"""Where somebody or some group stands, for a researcher who must explain or help. Reads only; shows no outcome."""

from collections.abc import Mapping, Set
from datetime import datetime
from math import floor

from django.db.models import QuerySet

from events import clock
from events.models import Due
from events.queries import work_about
from flow import queries
from flow.between import is_between
from flow.lookup import step_kind
from flow.models import Match
from flow.stages.limits import limit_of
from flow.state import MatchState
from matching.models import Group, Seat, Ticket
from participants.models import Participant
from scheduling.models import Reminder, ScheduledSession, Session
from scheduling.states import State
from studies import definition
from studies.lasting import lasting
from studies.masking.stages import is_of_several, plays_alike, stages_in
from studies.models import Study

Standing = Mapping[str, object]
PLAYING = "playing"
"""Instead of a step that is not told."""


def of_session(session: Session, *, is_masked: bool = False) -> Standing:
    """One participant: what has been reached, since when, until when, with whom.

    Args:
        is_masked: Whether to tell apart no stages and steps by which a condition could be told.
    """
    now, person = clock.now(), session.participant
    stages = definition.definition(person.version).stages
    name = stage_name(session, is_masked=is_masked)
    stage = next(one for one in stages if one.id == stage_name(session))
    place = f"{stage.id} ({stage.kind}), {session.stage + 1} of {len(stages)}"
    match = queries.match_of(session)
    seat = Seat.objects.filter(session=session, status=Seat.Status.SITTING).select_related("group__version").first()
    is_told = seat is None or _is_told(seat.group, is_masked=is_masked)
    has_times = is_told and not is_of_several(name)
    limit = match.deadline_at if match and match.path else limit_of(session)
    ticket = Ticket.objects.filter(session=session).order_by("-pk").first()
    return {
        "participant": person.code,
        "study": f"{person.study.slug} version {person.version.number}",
        "origin": person.origin,
        "status": f"{person.status} {person.exit}".strip(),
        "visit": _visit(session),
        "stage": name if is_masked else place,
        "there_for_s": None if is_of_several(name) else int((now - session.stage_opened_at).total_seconds()),
        "time_left_s": int((limit - now).total_seconds()) if limit is not None and has_times else None,
        "last_seen_s_ago": int((now - person.seen_at).total_seconds()),
        "missed_in_a_row": person.strikes,
        "waiting": f"{ticket.status}, {ticket.waited_seconds} s" if ticket else None,
        "group": seat.group.code if seat else None,
        "round": _round(seat.group, is_masked=is_masked) if seat else None,
        "step": _step(match.path, is_told=is_told) if match else "sits out" if seat and seat.group.round else None,
    }


def of_visits(participant: Participant, *, is_masked: bool = False) -> Standing:
    """Each planned visit of somebody: what became of it and why, when it can be begun and finished, when it was (UTC).

    Empty where none is planned.

    Args:
        is_masked: Whether to say neither why nor when where two people may stay partners: only who has a person for one
            waits for them, and comes when both can.
    """
    rows = participant.scheduled.select_related("session").order_by("number")
    is_told = not is_masked or lasting(definition.definition(participant.version)) is None
    found: dict[str, object] = {
        f"visit {row.number}": _planned(row) if is_told else f"{row.wave} {row.repeat}: {row.state}" for row in rows
    }
    rule = definition.definition(participant.version).attendance
    if found and rule is not None:
        states = [row.state for row in rows]
        missed, excused = states.count(State.MISSED), states.count(State.EXCUSED)
        found["missed"] = f"{missed}; more than {rule.max_missed} end the participation"
        found["excused"] = f"{excused} of at most {rule.max_excused}"
        found["zone"] = participant.zone
    return found


def _planned(row: ScheduledSession) -> str:
    name = f"{row.wave} {row.repeat}: {row.state}{f' ({row.reason})' if row.reason else ''}"
    opens = row.opens_at or row.planned_open
    if opens is None:
        return f"{name}; when it opens depends on the visit before"
    parts = [name, f"opens {_at(opens)}"]
    parts += [f"closes {_at(row.closes_at)}"] if row.closes_at else []
    parts += [f"to be finished by {_at(row.grace_until)}"] if row.grace_until else []
    parts += [f"begun {_at(row.session.started_at)}"] if row.session else []
    parts += [f"over {_at(row.ended_at)}"] if row.ended_at else []
    return ", ".join(parts)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"


def _visit(session: Session) -> str | None:
    """Which visit somebody is in, or that they are between two; None where there is one."""
    version = session.participant.version
    if len(definition.definition(version).waves) == 1:
        return None
    name = f"{session.wave} {session.repeat}"
    return f"between visits, after {name}" if is_between(session) else name


def of_group(group: Group, *, is_masked: bool = False) -> Standing:
    """One group: its seats and the matches of its round.

    Args:
        is_masked: Whether to say nothing of seats in which nobody sits: what a partner is may be what is studied. Nor
            of stages and steps by which a condition could be told.
    """
    found: dict[str, object] = {
        "group": group.code,
        "study": f"{group.version.study.slug} version {group.version.number}",
        "status": f"{group.status} {group.end_reason}".strip(),
        "round": _round(group, is_masked=is_masked),
    }
    seats = group.seats.select_related("participant__version", "session").order_by("number")
    shown = [seat for seat in seats if seat.occupant == "person" or not is_masked]
    is_told = _is_told(group, is_masked=is_masked)
    for seat in shown:
        found[f"seat {seat.number}"] = _seat(seat, is_masked=is_masked)
    for match in group.matches.filter(round=group.round).order_by("number"):
        found[f"match {match.number}"] = _match(match, {seat.number for seat in shown}, is_told=is_told)
    return found


def stage_name(session: Session, *, is_masked: bool = False) -> str:
    """The id of the stage that a session is at; while conditions are masked see `studies.masking.stages`."""
    said = definition.definition(session.participant.version)
    name = said.stages[min(session.stage, len(said.stages) - 1)].id
    return stages_in(said)[name] if is_masked else name


def waited_for(match: Match) -> list[Seat]:
    """The seats that the open step still asks something of, in their order; those who left are not waited for."""
    state = MatchState(match)
    implementation, step = step_kind(state)
    numbers = sorted(place.seat for place in implementation.acting(state, step))
    return [state.seats[number] for number in numbers if state.seats[number].status == Seat.Status.SITTING]


def time_left(until: datetime | None) -> str:
    """ "12 s", or "overdue by 3 s"; empty without an end."""
    if until is None:
        return ""
    seconds = floor((until - clock.now()).total_seconds())
    return f"{seconds} s" if seconds >= 0 else f"overdue by {-seconds} s"


def work_of(study: Study) -> QuerySet[Due]:
    """Every piece of a study's background work, whatever became of it."""
    things = {
        "version": study.versions.all(),
        "match": Match.objects.filter(group__version__study=study),
        "session": Session.objects.filter(participant__study=study),
        "participant": Participant.objects.filter(study=study),
        "window": ScheduledSession.objects.filter(participant__study=study),
        "reminder": Reminder.objects.filter(scheduled__participant__study=study),
    }
    return work_about(study.pk, things)


def failed_work(study: Study) -> int:
    """How many pieces of a study's background work were given up."""
    return work_of(study).filter(outcome="failed").count()


def _seat(seat: Seat, *, is_masked: bool) -> str:
    if seat.participant is None or seat.session is None:
        return f"{seat.role}, {seat.occupant}, {seat.status}"
    seen = int((clock.now() - seat.participant.seen_at).total_seconds())
    seat.session.participant = seat.participant
    at = f"at {stage_name(seat.session, is_masked=is_masked)}, last seen {seen} s ago"
    return f"{seat.role}, {seat.participant.code}, {seat.status}, {at}"


def _match(match: Match, shown: Set[int], *, is_told: bool) -> str:
    if not match.path:
        seats = sorted(shown & set(match.placings.values_list("seat__number", flat=True)))
        return f"{match.status}; seats {', '.join(map(str, seats))}"
    left = f", time left: {time_left(match.deadline_at)}" if match.deadline_at and is_told else ""
    missing = ", ".join(str(seat.number) for seat in waited_for(match) if seat.number in shown)
    at = f"at {match.path}" if is_told else PLAYING
    return f"{at}{left}; not acted yet: {missing or 'nobody'}"


def _is_told(group: Group, *, is_masked: bool) -> bool:
    """Whether it may be said at which step a group is, and of how many rounds."""
    return not is_masked or plays_alike(group.version, group.stage)


def _round(group: Group, *, is_masked: bool) -> str:
    return f"{group.round} of {group.rounds}" if _is_told(group, is_masked=is_masked) else str(group.round)


def _step(path: str, *, is_told: bool) -> str:
    return (path if is_told else PLAYING) if path else "over"
