"""Who is where in a study, now. Never an outcome, and of conditions the letters alone, whether they are masked or not:
looking must not become stopping when it suits."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from bots.drift.queries import drifted_names
from bots.drift.rules import Kind
from bots.spent import OF_SOMEBODY, TOLD_HARD, TOLD_SOFT, reached
from chat.reports import unanswered
from chat.safety import queries as safety
from console.visits import VisitCount, at_risk, between_visits, has_several_visits, visit_counts
from events import clock
from exports.codes import seat_code
from exports.tombstones import overdue
from exports.wishes import outdated, standing_of
from flow.models import Match
from flow.standing import failed_work, stage_name, time_left, waited_for
from matching.models import Group, Seat, Ticket
from participants.models import Consent, Participant
from scheduling.models import Session
from scheduling.outbox import unresolved
from simulation.balance import lines_of
from studies import definition
from studies.masking.arms import arms_of
from studies.masking.stages import is_of_several, plays_alike, stages_in
from studies.models import Study, Version

LIVE = (Ticket.Status.WAITING, Ticket.Status.ASKED, Ticket.Status.READY)
MOST_LISTED = 100


@dataclass(frozen=True)
class Tally:
    """One line of the funnel."""

    name: str
    label: str
    people: int


@dataclass(frozen=True)
class Present:
    """Somebody who is in the study now. `there_seconds` is None where stages are not told apart."""

    participant: str
    stage: str
    seat: str
    there_seconds: int | None
    seen_seconds_ago: int


@dataclass(frozen=True)
class Waiting:
    """Somebody in a waiting room."""

    participant: str
    stage: str
    status: str
    waited_seconds: int
    seen_seconds_ago: int


@dataclass(frozen=True)
class Playing:
    """One open match of a running group. `waiting_for` are the seats that the step still waits for.

    While conditions are masked `step` and `time_left` are empty where a factor decides numbers of the game.
    """

    group: str
    round: str
    step: str
    time_left: str
    seats: str
    waiting_for: str


@dataclass(frozen=True)
class Arm:
    """How far those came who were given one condition, which a letter stands for."""

    arm: str
    unit: str
    allocated: int
    begun: int
    completed: int


@dataclass(frozen=True)
class Board:
    """The whole board at one instant."""

    at: datetime
    funnel: Sequence[Tally]
    exits: Sequence[Tally]
    people: Sequence[Present]
    waiting: Sequence[Waiting]
    groups: Sequence[Tally]
    arms: Sequence[Arm]
    matches: Sequence[Playing]
    visits: Sequence[VisitCount]
    at_risk: int  # people who may not come again
    failed: int  # pieces of background work that were given up
    reports: int  # reports of conversations that nobody has answered
    safety: str  # how much that may be danger nobody has looked at, and for how long; empty where nothing waits
    budget: str  # limits of what models may cost that were reached, and what followed; empty where none was
    reminders: int  # messages that failed, or of which nobody knows whether they were sent
    requests: int  # wishes for deletion of which something is left to do
    drifted: str  # language models that answer otherwise than before, where nobody has confirmed it
    software: str  # those that are answered by other software, as their providers say; likewise
    overdue: int  # those that should be done by now, classes that should be purged, and datasets to be destroyed

    def as_json(self) -> dict[str, Any]:
        """For the API; the instant as ISO text."""
        return asdict(self) | {"at": self.at.isoformat()}


def board_of(study: Study, *, is_masked: bool = False) -> Board:
    """Read everything that the board shows; bounded by `MOST_LISTED` rows in each list.

    Args:
        is_masked: Whether to say nothing of seats in which nobody sits, and to tell apart no stages and steps by
            which a condition could be told.
    """
    now = clock.now()
    return Board(
        at=now,
        funnel=list(_funnel(study, is_masked=is_masked)),
        exits=_exits(study),
        people=list(_people(study, now, is_masked=is_masked)),
        waiting=[_waiting(ticket, now) for ticket in _live_tickets(study)[:MOST_LISTED]],
        groups=_groups(study),
        arms=_arms(study),
        matches=[_playing(match, is_masked=is_masked) for match in _open_matches(study)],
        visits=visit_counts(study),
        at_risk=at_risk(study) if has_several_visits(study) else 0,
        failed=failed_work(study),
        reports=unanswered(study),
        safety=_safety(study, now),
        budget=_budget(study, is_masked=is_masked),
        reminders=unresolved(study),
        drifted=drifted_names(study, Kind.ANSWERS),
        software=drifted_names(study, Kind.SOFTWARE),
        **_duties(study),
    )


def _duties(study: Study) -> dict[str, int]:
    """In sums alone: of one person it would tell whether people or programs had been met."""
    requests, late = standing_of(study)
    return {"requests": requests, "overdue": late + len(overdue(study)) + len(outdated(study))}


def _funnel(study: Study, *, is_masked: bool) -> Iterator[Tally]:
    people = Participant.objects.filter(study=study)
    yield Tally("entered", "Entered", people.count())
    agreed = Consent.objects.filter(participant__study=study, agreed=True)
    yield Tally("consented", "Consented", agreed.values("participant").distinct().count())
    yield Tally("quiz_passed", "Passed the quiz", _past_quiz(study, is_masked=is_masked))
    yield Tally("waiting", "Waiting now", _live_tickets(study).count())
    yield Tally("seated", "Seated", people.filter(seats__isnull=False).distinct().count())
    if has_several_visits(study):
        yield Tally("between", "Between visits", between_visits(study))
    yield Tally("finished", "Left the study", people.exclude(exit="").count())


def _past_quiz(study: Study, *, is_masked: bool) -> int:
    """People who have gone beyond the last quiz of their version, in whichever visit."""
    return sum(_past_quiz_of(version, is_masked=is_masked) for version in study.versions.all())


def _past_quiz_of(version: Version, *, is_masked: bool) -> int:
    said = definition.definition(version)
    quizzes = [index for index, stage in enumerate(said.stages) if stage.kind == "quiz"]
    if not quizzes:
        return 0
    last = quizzes[-1]
    if is_masked:  # and beyond all that has one name with it: who is between the two would be told apart
        named = stages_in(said)
        shared = named[said.stages[last].id]
        last = max(index for index, stage in enumerate(said.stages) if named[stage.id] == shared)
    is_past = Q(sessions__stage__gt=last)
    if last < len(said.waves[0].stages):  # which may end with it: whoever has visits to come has that wave behind them
        is_past |= Q(scheduled__isnull=False)
    return Participant.objects.filter(is_past, version=version).distinct().count()


def _exits(study: Study) -> list[Tally]:
    left = Participant.objects.filter(study=study).exclude(exit="").values_list("exit")
    return [Tally(name, name, people) for name, people in left.annotate(n=Count("pk")).order_by("exit")]


def _people(study: Study, now: datetime, *, is_masked: bool) -> Iterator[Present]:
    """Those who have not left the study, whoever was seen last before those who may be gone."""
    active = Session.objects.filter(participant__study=study, participant__exit="", status=Session.Status.ACTIVE)
    found = active.select_related("participant__version").order_by("-participant__seen_at", "pk")[:MOST_LISTED]
    sitting = Seat.objects.filter(session__in=[one.pk for one in found], status=Seat.Status.SITTING)
    seats = {seat.session_id: seat for seat in sitting.select_related("group")}
    for session in found:
        seat, stage = seats.get(session.pk), stage_name(session, is_masked=is_masked)
        yield Present(
            participant=session.participant.code,
            stage=stage,
            seat=seat_code(seat.group.code, seat.number) if seat else "",
            there_seconds=None if is_of_several(stage) else int((now - session.stage_opened_at).total_seconds()),
            seen_seconds_ago=int((now - session.participant.seen_at).total_seconds()),
        )


def _groups(study: Study) -> list[Tally]:
    groups = Group.objects.filter(version__study=study).values_list("status").annotate(n=Count("pk"))
    found = dict(groups.order_by("status"))
    return [Tally(value, str(label), found.get(value, 0)) for value, label in Group.Status.choices]


def _safety(study: Study, now: datetime) -> str:
    """What was found in people's words and waits: how much, for how long, and whether whoever is on call knows."""
    waiting = safety.unanswered(study)
    if not waiting:
        return ""
    untold = len(safety.untold(study))
    told = f"; nobody on call was told of {untold}" if untold else ""
    return f"{len(waiting)} ({int((now - waiting[0].at).total_seconds() // 60)} min){told}"


def _budget(study: Study, *, is_masked: bool) -> str:
    """The limits that were reached, each with whether calls stopped; how many of a name, while nothing is masked."""
    found = [one for one in reached(study) if not (is_masked and one.name in OF_SOMEBODY)]
    said = {TOLD_HARD: "calls stopped", TOLD_SOFT: "soft limit"}
    counted = Counter(f"{one.name}: {said[one.state]}" for one in found)
    return "; ".join(f"{words} ({n})" if n > 1 and not is_masked else words for words, n in sorted(counted.items()))


def _arms(study: Study) -> list[Arm]:
    """How far people or groups came in each condition, by its letter."""
    version = study.current
    if version is None:
        return []
    letters, found = arms_of(study), dict[tuple[str, str], Counter[str]]()
    for line in lines_of(study, version, with_trials=study.is_demo or study.is_simulated):
        if line.condition:
            counted = found.setdefault((line.entry.rule.unit, letters.of(line.condition)), Counter())
            counted.update(allocated=line.allocated, begun=line.begun, completed=line.completed)
    return [Arm(arm, unit, **found[unit, arm]) for unit, arm in sorted(found)]


def _live_tickets(study: Study) -> Any:
    tickets = Ticket.objects.filter(version__study=study, status__in=LIVE, session__status=Session.Status.ACTIVE)
    return tickets.select_related("session__participant").order_by("joined_at")


def _waiting(ticket: Ticket, now: datetime) -> Waiting:
    return Waiting(
        participant=ticket.session.participant.code,
        stage=ticket.stage,
        status=ticket.status,
        waited_seconds=int((now - ticket.joined_at).total_seconds()),
        seen_seconds_ago=int((now - ticket.seen_at).total_seconds()),
    )


def _open_matches(study: Study) -> list[Match]:
    open_now = Match.objects.filter(group__version__study=study, group__status=Group.Status.ACTIVE).exclude(path="")
    rows = open_now.select_related("group__version__study").prefetch_related("placings__seat__participant")
    return list(rows.order_by("group__formed_at", "number")[:MOST_LISTED])


def _playing(match: Match, *, is_masked: bool) -> Playing:
    seats = {placing.seat_id: placing.seat for placing in match.placings.all()}
    sitting = [seat for seat in seats.values() if seat.status == Seat.Status.SITTING]
    late = [seats[seat.pk] for seat in waited_for(match)]
    missing = [_named(match.group, seat) for seat in late if seat.participant or not is_masked]
    is_told = not is_masked or plays_alike(match.group.version, match.group.stage)
    step = "round not completed" if match.path.startswith("~") else match.path
    return Playing(
        group=match.group.code,
        round=f"{match.round} of {match.group.rounds}" if is_told else str(match.round),
        step=step if is_told else "",
        time_left=time_left(match.deadline_at) if is_told else "",
        seats=f"{len(sitting)} of {len(seats)}",
        waiting_for=", ".join(missing),
    )


def _named(group: Group, seat: Seat) -> str:
    """The seat, and in it the person whom the commands of docs/rescue.md can help."""
    name = seat_code(group.code, seat.number)
    return f"{name} ({seat.participant.code})" if seat.participant else name
