"""What is known of people that a rule of exclusion may name, read from the rows of some people at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import islice

from events.models import Event
from flow.models import Act, Match, Placing
from flow.showing import SKIPPED
from matching.models import Group, Seat
from measures.exclusions import Fact, Ruling, Value, rulings, variables_in
from measures.models import Answer
from measures.probes import probes_of
from participants.models import Participant
from scheduling.models import Session
from studies.definition import definition, version_of
from studies.domains import Numbers
from studies.schema_stages import BriefingStage, QuizStage, SurveyStage
from studies.schema_waves import Wave
from studies.variables import Variable

OPENED, CLOSED = "stage.opened", "stage.closed"
MATCHES = {"rounds_completed": Match.Status.COMPLETE, "rounds_void": Match.Status.VOID}


@dataclass
class _Person:
    """The rows of one person, of all visits."""

    is_over: bool = False
    visits: list[Session] = field(default_factory=list)
    answers: dict[tuple[int, str, str], Answer] = field(default_factory=dict)  # the last one, by visit, stage and item
    stages: dict[tuple[int, str, str], datetime] = field(default_factory=dict)  # by visit, kind of event and stage
    seats: list[Seat] = field(default_factory=list)
    rounds: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by status of the match
    missed: int = 0

    @property
    def session(self) -> Session | None:
        """The newest visit."""
        return self.visits[-1] if self.visits else None

    def is_past(self, place: int, wave: Wave | None) -> bool:
        """Whether nothing can change any more at a stage and before it: it may come again at a later visit."""
        if self.session is None or self.is_over:
            return self.session is not None
        is_here = wave is not None and wave.id == self.session.wave
        if is_here and wave is not None and self.session.repeat < wave.repeat:
            return False
        return self.session.stage > place or (is_here and self.session.status == Session.Status.FINISHED)

    def times(self, kind: str, stage: str) -> dict[int, datetime]:
        """When something happened to a stage, by visit."""
        return {visit: at for (visit, what, where), at in self.stages.items() if (what, where) == (kind, stage)}

    def was_skipped(self, stage: str) -> bool:
        """Whether a stage was never for the person; a researcher may have taken them to it all the same."""
        return bool(self.times(SKIPPED, stage)) and not self.times(OPENED, stage)

    def given(self, stage: str, item: str) -> list[Answer]:
        """The last answer to an item at each visit, in order."""
        found = (self.answers.get((visit.pk, stage, item)) for visit in self.visits)
        return [one for one in found if one is not None]


def rulings_of(people: Sequence[Participant]) -> Iterator[tuple[Participant, Ruling]]:
    """Every rule of exclusion for some people, in their order, by the version that each of them is in."""
    declared = [one for one in people if definition(version_of(one.version_id)).exclusions]
    rows = _rows(declared)
    for one in declared:
        said = definition(version_of(one.version_id)).exclusions
        for ruling in rulings(said, _facts(one, rows[one.pk])):
            yield one, ruling


def _facts(person: Participant, rows: _Person) -> dict[str, Fact]:
    return {name: _fact(person, rows, one) for name, one in variables_in(person.version_id).items()}


def _fact(person: Participant, rows: _Person, variable: Variable) -> Fact:
    if not rows.is_past(variable.place, _wave_at(person, variable.place)):
        return Fact()  # an answer, too: whoever is still at the stage may give another
    if variable.item:
        return _answer(next(reversed(rows.given(variable.stage, variable.item)), None))
    if variable.name in {"quiz_attempts", "quiz_minutes"}:
        return _of_quizzes(person, rows, variable)
    if variable.name in {"checks_failed", "attention_failed"}:
        return _failed(person, rows, variable)
    if variable.name == "minutes":
        return _minutes(rows)
    return _of_games(rows, variable)


def _wave_at(person: Participant, place: int) -> Wave | None:
    """The wave of a stage; None behind the last one."""
    waves = definition(version_of(person.version_id)).waves
    return next(islice((wave for wave in waves for _ in wave.stages), place, None), None)


def _answer(answer: Answer | None) -> Fact:
    if answer is None or answer.value is None:
        return Fact()
    value: Value = answer.value if isinstance(answer.value, str) else Fraction(str(answer.value))
    return Fact(value, answer.at)


def _of_quizzes(person: Participant, rows: _Person, variable: Variable) -> Fact:
    """Over all quizzes of the study that the person came to, at every visit."""
    quizzes = [stage.id for stage in definition(version_of(person.version_id)).stages if isinstance(stage, QuizStage)]
    stages = [one for one in quizzes if not rows.was_skipped(one)]
    came = [rows.times(OPENED, one) for one in stages]
    spans = [
        (begin, _end(rows, visit, one))
        for one, begun in zip(stages, came, strict=True)
        for visit, begin in begun.items()
    ]
    ends = [end for _, end in spans if end is not None]
    if not ends or not all(came) or len(ends) < len(spans):
        return Fact()
    if variable.name == "quiz_minutes":
        seconds = sum((end - begin).total_seconds() for begin, end in spans if end is not None)
        return Fact(min(Fraction(str(seconds)) / 60, _most(variable)), max(ends))
    tries = dict[tuple[int, str], int]()
    for (visit, stage, _), each in rows.answers.items():
        if stage in stages:
            tries[visit, stage] = max(each.attempt, tries.get((visit, stage), 0))
    return Fact(Fraction(sum(tries.values())), max(ends))


def _end(rows: _Person, visit: int, stage: str) -> datetime | None:
    """When a stage was over at a visit; who left the study there ended it by that."""
    finished = next((one.finished_at for one in rows.visits if one.pk == visit), None)
    return rows.stages.get((visit, CLOSED, stage)) or finished


def _failed(person: Participant, rows: _Person, variable: Variable) -> Fact:
    """Items with a right answer whose last answer was another, at the stages that were for the person; at each visit.

    Unknown where one of them was answered at no visit; 0 where none was to be.
    """
    kind = BriefingStage if variable.name == "checks_failed" else SurveyStage
    stages = {stage.id for stage in definition(version_of(person.version_id)).stages if isinstance(stage, kind)}
    probes = [one for one in probes_of(person.version_id) if one.stage in stages and one.kind != "manipulation"]
    asked = [rows.given(one.stage, one.item) for one in probes if not rows.was_skipped(one.stage)]
    given = [[one for one in each if one.is_correct is not None] for each in asked]
    if not all(given):
        return Fact()
    skipped = [at for one in probes if rows.was_skipped(one.stage) for at in rows.times(SKIPPED, one.stage).values()]
    every = [one for each in given for one in each]
    failed = sum(one.is_correct is False for one in every)
    return Fact(Fraction(failed), max([*skipped, *(one.at for one in every)]))


def _most(variable: Variable) -> Fraction:
    """The most that a variable with an upper bound can be."""
    if not isinstance(variable.domain, Numbers) or variable.domain.high is None:
        raise TypeError(f"{variable.name} has no upper bound")
    return variable.domain.high


def _minutes(rows: _Person) -> Fact:
    """From the start of the first visit to the end of the last one."""
    session = rows.session
    if session is None or session.finished_at is None:
        return Fact()
    seconds = (session.finished_at - rows.visits[0].started_at).total_seconds()
    return Fact(Fraction(str(seconds)) / 60, session.finished_at)


def _of_games(rows: _Person, variable: Variable) -> Fact:
    """Of the groups in which the person sat, once these or the person's part in them are over."""
    if not rows.seats or any(_still_plays(seat) for seat in rows.seats):
        return Fact()
    ends = [seat.group.ended_at for seat in rows.seats if seat.status == Seat.Status.DONE]
    finished = rows.session.finished_at if rows.session else None
    at = max((end for end in ends if end is not None), default=finished)
    count = rows.missed if variable.name == "missed_acts" else rows.rounds[MATCHES[variable.name]]
    return Fact(Fraction(count), at)


def _still_plays(seat: Seat) -> bool:
    return seat.status == Seat.Status.SITTING and seat.group.status == Group.Status.ACTIVE


def _rows(people: Sequence[Participant]) -> Mapping[int, _Person]:
    """Everything that decides, in six queries for all."""
    ids = [one.pk for one in people]
    found = {one.pk: _Person(is_over=one.status != Participant.Status.ACTIVE) for one in people}
    sessions = {one.pk: one for one in Session.objects.filter(participant__in=ids).order_by("pk")}
    for session in sessions.values():
        found[session.participant_id].visits.append(session)
    for answer in Answer.objects.filter(session__in=sessions).order_by("attempt", "pk"):
        owner = found[sessions[answer.session_id].participant_id]
        owner.answers[answer.session_id, answer.stage, answer.item] = answer
    events = Event.objects.filter(subject_kind="session", subject_id__in=sessions, kind__in=(OPENED, CLOSED, SKIPPED))
    for event in events.order_by("-pk"):  # the first opening counts: somebody may be sent back to a waiting room
        owner = found[sessions[event.subject_id].participant_id]
        owner.stages[event.subject_id, event.kind, event.facts["stage"]] = event.at
    _add_games(found, ids)
    return found


def _add_games(found: Mapping[int, _Person], ids: Sequence[int]) -> None:
    for seat in Seat.objects.filter(participant__in=ids).select_related("group").order_by("pk"):
        found[seat.participant_id or 0].seats.append(seat)
    met = Placing.objects.filter(seat__participant__in=ids, match__round__gte=1)
    for person, status in met.values_list("seat__participant", "match__status"):
        found[person].rounds[status] += 1
    missed = Act.objects.filter(seat__participant__in=ids, source=Act.Source.TIMEOUT, match__round__gte=1)
    for person in missed.values_list("seat__participant", flat=True):
        found[person].missed += 1
