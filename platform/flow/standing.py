"""Where somebody or some group stands, for a researcher who must explain or help. Reads only; shows no outcome."""

from collections.abc import Mapping

from events import clock
from flow import queries
from flow.models import Match
from flow.stages.limits import limit_of
from matching.models import Group, Ticket
from scheduling.models import Session
from studies import definition

Standing = Mapping[str, object]


def of_session(session: Session) -> Standing:
    """One participant: what has been reached, since when, until when, with whom."""
    now, person = clock.now(), session.participant
    stages = definition.definition(person.version).stages
    stage = stages[min(session.stage, len(stages) - 1)]
    match = queries.match_of(session)
    limit = match.deadline_at if match and match.path else limit_of(session)
    ticket = Ticket.objects.filter(session=session).order_by("-pk").first()
    return {
        "participant": person.code,
        "study": f"{person.study.slug} version {person.version.number}",
        "origin": person.origin,
        "status": f"{person.status} {person.exit}".strip(),
        "stage": f"{stage.id} ({stage.kind}), {session.stage + 1} of {len(stages)}",
        "there_for_s": int((now - session.stage_opened_at).total_seconds()),
        "time_left_s": None if limit is None else int((limit - now).total_seconds()),
        "last_seen_s_ago": int((now - person.seen_at).total_seconds()),
        "missed_in_a_row": person.strikes,
        "waiting": f"{ticket.status}, {ticket.waited_seconds} s" if ticket else None,
        "group": match.group.code if match else None,
        "round": f"{match.round} of {match.group.rounds}" if match else None,
        "step": (match.path or "over") if match else None,
    }


def of_group(group: Group) -> Standing:
    """One group: its seats and the matches of its round."""
    found: dict[str, object] = {
        "group": group.code,
        "study": f"{group.version.study.slug} version {group.version.number}",
        "status": f"{group.status} {group.end_reason}".strip(),
        "round": f"{group.round} of {group.rounds}",
    }
    for seat in group.seats.select_related("participant").order_by("number"):
        who = seat.participant.code if seat.participant else seat.occupant
        found[f"seat {seat.number}"] = f"{seat.role}, {who}, {seat.status}"
    for match in group.matches.filter(round=group.round).order_by("number"):
        found[f"match {match.number}"] = _match(match)
    return found


def _match(match: Match) -> str:
    acted = set(match.acts.filter(path=match.path).values_list("seat__number", flat=True))
    seats = sorted(match.placings.values_list("seat__number", flat=True))
    if not match.path:
        return f"{match.status}; seats {', '.join(map(str, seats))}"
    left = "" if match.deadline_at is None else f", {int((match.deadline_at - clock.now()).total_seconds())} s left"
    return f"at {match.path}{left}; acted: {', '.join(map(str, sorted(acted & set(seats)))) or 'nobody'} of {seats}"
