"""What people answered to a study's probes, and how many of each condition answered as expected. Reads rows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Literal

from django.db.models.functions import Collate

from events.models import Event
from matching.queries import Company, company_of, levels_of_people
from measures.facts import OPENED
from measures.intervals import wilson
from measures.models import Answer, PageShown
from measures.probes import Levels, Probe, probes_of
from participants.models import Participant
from scheduling.models import Session
from studies.models import Study, condition_of

AT_ONCE = 2000


@dataclass(frozen=True)
class Probed:
    """One person and one probe that they came to.

    Attributes:
        condition: Their levels that held when it was asked.
        met: Whom they met in their group; "" without one.
        tries: How often it was answered; 0 where it never was.
        answer: The last one, as text; None where there is none.
        passed: Whether that is expected; None without an answer, or where the level is not known.
        passed_first: The same of the first answer.
        began: When the visit of the last answer began; without one, the newest.
    """

    person: Participant
    probe: Probe
    condition: str
    met: Company | Literal[""] = ""
    tries: int = 0
    answer: str | None = None
    expected: Sequence[str] = ()
    passed: bool | None = None
    passed_first: bool | None = None
    at: datetime | None = None
    began: datetime | None = None


@dataclass(frozen=True)
class Rate:
    """How many people of one origin and condition, who met alike, answered a probe as expected.

    Attributes:
        asked: Who came to it; `answered`: of whom it is known whether they passed.
        interval: Of the share of `passed` among `answered`, at `measures.intervals.LEVEL`.
    """

    origin: str
    kind: str
    stage: str
    item: str
    factor: str
    condition: str
    met: str
    asked: int
    answered: int
    passed: int
    passed_first: int

    @property
    def share(self) -> float | None:
        """Of those who answered; None of nobody."""
        return self.passed / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """From and to; None of nobody."""
        return wilson(self.passed, self.answered)


@dataclass
class _Visits:
    """All of one person's.

    Attributes:
        session: The newest.
        began: When each began, by its key.
    """

    session: Session
    began: dict[int, datetime] = field(default_factory=dict)
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=lambda: defaultdict(list))
    opened: set[str] = field(default_factory=set)  # stages
    asked: dict[str, set[str]] = field(default_factory=dict)  # stage → keys of the fields on pages that were shown

    def has_come_to(self, probe: Probe) -> bool:
        """Whether the person was shown the page that asks it, or has answered it.

        Who is past a stage may never have seen it: a group that ends, or a researcher, leads on to a later one. And who
        is in it may not have come to its last page. Before pages were kept the log alone tells who came to a stage.
        """
        if (probe.stage, probe.item) in self.answers:
            return True
        pages = self.asked.get(probe.stage)
        return probe.stage in self.opened if pages is None else (probe.key or probe.item) in pages


def everybody(study: Study) -> Iterator[Probed]:
    """Every probe that somebody came to who did not ask for deletion, by their codes."""
    people = Participant.objects.filter(study=study).exclude(status=Participant.Status.WITHDRAWN)
    by_bytes = Collate("code", "C")  # an order that does not depend on the database's language
    found = people.order_by(by_bytes).iterator(chunk_size=AT_ONCE)
    while batch := list(islice(found, AT_ONCE)):
        yield from probed(batch)


def expected_now(session: Session) -> dict[str, str]:
    """What the open stage's probes expect of a person, by field: the first answer of each that would pass."""
    levels = levels_of_people([session.participant])[session.participant_id]
    here = [one for one in probes_of(session.participant.version_id) if one.place == session.stage]
    expected = {one.key or one.item: one.expected_of(levels) for one in here}
    return {key: answers[0] for key, answers in expected.items() if answers}


def probed(people: Sequence[Participant]) -> Iterator[Probed]:
    """Every probe that some people came to, in their order."""
    visits, levels, company = _visits(people), levels_of_people(people), company_of(people)
    for person in people:
        visit = visits.get(person.pk)
        for probe in probes_of(person.version_id) if visit else ():
            if visit is not None and visit.has_come_to(probe):
                yield replace(_one(person, probe, visit, levels[person.pk]), met=company.get(person.pk, ""))


def rates(found: Iterable[Probed]) -> list[Rate]:
    """Counted by origin, probe, condition and company, in the order in which probes are asked."""
    cells: dict[tuple[str, ...], list[Probed]] = defaultdict(list)
    places: dict[tuple[str, ...], int] = {}
    for one in found:
        probe = one.probe
        key = (one.person.origin, probe.kind, probe.stage, probe.item, probe.factor, one.condition, one.met)
        cells[key].append(one)
        places.setdefault(key, probe.place)
    ordered = sorted(cells, key=lambda key: (key[0], places[key], key))
    return [_rate(key, cells[key]) for key in ordered]


def _rate(key: tuple[str, ...], cell: Sequence[Probed]) -> Rate:
    origin, kind, stage, item, factor, condition, met = key
    known = [one for one in cell if one.passed is not None]
    return Rate(
        origin, kind, stage, item, factor, condition, met,
        asked=len(cell),
        answered=len(known),
        passed=sum(bool(one.passed) for one in known),
        passed_first=sum(bool(one.passed_first) for one in known),
    )  # fmt: skip


def _one(person: Participant, probe: Probe, visit: _Visits, levels: Levels) -> Probed:
    expected = probe.expected_of(levels)
    given = [one for one in visit.answers.get((probe.stage, probe.item), ()) if one.value is not None]
    condition = condition_of(probe.levels_then(levels))
    if not given:
        return Probed(person, probe, condition, expected=expected, began=visit.session.started_at)
    return Probed(
        person, probe, condition,
        tries=len(given),
        answer=str(given[-1].value),
        expected=expected,
        passed=str(given[-1].value) in expected if expected else None,
        passed_first=str(given[0].value) in expected if expected else None,
        at=given[-1].at,
        began=visit.began[given[-1].session_id],
    )  # fmt: skip


def _visits(people: Iterable[Participant]) -> Mapping[int, _Visits]:
    """The visits of each, with their answers in order."""
    sessions = {one.pk: one for one in Session.objects.filter(participant__in=people).order_by("pk")}
    found = {one.participant_id: _Visits(one) for one in sessions.values()}
    for visit in sessions.values():
        found[visit.participant_id].began[visit.pk] = visit.started_at
    for answer in Answer.objects.filter(session__in=sessions).order_by("session", "attempt", "pk"):
        found[sessions[answer.session_id].participant_id].answers[answer.stage, answer.item].append(answer)
    for event in Event.objects.filter(subject_kind="session", subject_id__in=sessions, kind=OPENED):
        found[sessions[event.subject_id].participant_id].opened.add(event.facts["stage"])
    shown = PageShown.objects.filter(session__in=sessions).values_list("session", "stage", "facts__asked")
    for session, stage, asked in shown.iterator(chunk_size=AT_ONCE):
        found[sessions[session].participant_id].asked.setdefault(stage, set()).update(asked or ())
    return found
