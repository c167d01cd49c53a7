"""One simulated run, inside the installation made for it: publish, play, check, report, and write it all down.

A plan comes in as JSON; into its folder go `report.json`, `report.txt`, `ledger.jsonl` and `SIMULATED-dataset/`.
"""

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from pydantic import BaseModel, Field

from events import clock, queries
from events.clock import ClockError
from events.offload import POOL, run_db
from exports.services.bundle import export
from participants.models import Participant
from participants.queries import link_of
from participants.services import make_link
from scheduling.windows import first_day
from simulation import news, realtime, report
from simulation.answering import Choose
from simulation.conduct import Conduct, right_answers
from simulation.door import Door, new_connector
from simulation.engine import MOST_AFTER_LAST_ARRIVAL, MOST_ROWS, Engine, Life
from simulation.ledger import Ledger
from simulation.mind import Mind
from simulation.models import SimulationRun
from simulation.person import Person
from simulation.profile import OURS, ZONES, Assumption, Profile, arrivals
from simulation.report import Report, RunFacts
from studies import definition, services
from studies.models import Version
from verification.check import check
from verification.report import Difference

Mode = SimulationRun.Mode
START = datetime(2030, 1, 7, 9, tzinfo=UTC)  # where the clock stands at first, unless somebody says otherwise
DAYS_BEFORE = timedelta(days=7)  # before the first day that a study file names
DB_THREADS = 4
LONGEST_CALENDAR = timedelta(days=500)  # of a study of several waves
REALTIME_SECONDS = 4 * 3600.0  # after the last arrival
SETTLING_SECONDS = 0.5  # between two looks whether due work is left
REPORT_JSON, REPORT_TEXT, LEDGER, DATASET = "report.json", "report.txt", "ledger.jsonl", "SIMULATED-dataset"


class Plan(BaseModel):
    """What is to be played, and how.

    Attributes:
        number: Of the version, in the installation it comes from; so are `definition` and `files`.
        policies: By role; see `simulation.conduct.Conduct`.
        start: Where the clock stands at first; see `start_of`. Not by the wall.
        out: The folder for what comes of it.
    """

    number: int
    definition: dict[str, Any]
    files: dict[str, str]
    participants: int = Field(ge=1)
    seed: str
    mode: Mode = Mode.FULL_SPEED
    profile: Profile = Profile()
    policies: dict[str, str] = Field(default_factory=dict)
    start: datetime | None = None
    out: Path


@dataclass(frozen=True)
class Progress:
    """How far a play has come; `seconds` are of the study's time, `forms` were acknowledged."""

    people: int
    arrived: int
    done: int
    forms: int
    seconds: float


Tell = Callable[[Progress], None]


class _Play:
    """The people of a plan, and what they leave behind."""

    def __init__(self, plan: Plan, version: Version, *, tell: Tell | None, stop: threading.Event) -> None:
        self.plan = plan
        self.ledger = Ledger()
        self.people: list[Person] = []
        self.began = clock.now()
        self._tell = tell
        self._stop = stop
        self._after = arrivals(plan.participants, profile=plan.profile, seed=plan.seed)
        self._answers = right_answers(version)
        tokens = [make_link(version.study, origin=Participant.Origin.SIMULATED) for _ in self._after]
        self._addresses = [f"{settings.ORIGIN}{reverse('landing', args=[token])}" for token in tokens]
        self._links = [link.pk for token in tokens if (link := link_of(token))]

    async def play(self) -> None:
        """Everybody, to the end or until stopped."""
        threads = 1 if self.plan.mode == Mode.ORDERED else DB_THREADS
        with ThreadPoolExecutor(threads, thread_name_prefix="simulation-db") as pool:
            POOL.set(pool)
            async with new_connector() as connector:
                for number, address in enumerate(self._addresses):
                    door = Door(address, person=number, ledger=self.ledger, connector=connector)
                    self.people.append(Person(door, self._mind(number, pool)))
                await (self._by_the_wall() if self.plan.mode == Mode.REALTIME else self._by_events())

    def _mind(self, number: int, pool: ThreadPoolExecutor) -> Mind:
        plan = self.plan
        conduct = Conduct(self._links[number], number=number, seed=plan.seed, policies=plan.policies)
        choose = _off_the_loop(conduct, pool) if plan.mode == Mode.REALTIME else conduct
        return Mind(number, seed=plan.seed, profile=plan.profile, answers=self._answers, choose=choose)

    async def _by_events(self) -> None:
        lives = [
            Life(person, link, self.began + timedelta(seconds=after))
            for person, link, after in zip(self.people, self._links, self._after, strict=True)
        ]
        is_ordered = self.plan.mode == Mode.ORDERED
        engine = Engine(
            lives,
            at=self.began,
            is_ordered=is_ordered,
            longest=MOST_AFTER_LAST_ARRIVAL if len(self.plan.definition["waves"]) == 1 else LONGEST_CALENDAR,
            tell=self._told,
            stop=self._stop,
        )
        await engine.play()

    async def _by_the_wall(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        until = began + self._after[-1] + REALTIME_SECONDS

        def told(_people: Sequence[Person]) -> None:
            self._told(self.began + timedelta(seconds=loop.time() - began))

        await realtime.play(
            self.people, seconds=until - began, arrive_after=self._after, progress=told, stop=self._stop
        )
        # Whoever closed the browser has no exit until a deadline has passed.
        while loop.time() < until and not self._stop.is_set() and await run_db(self._is_work_left):
            await asyncio.sleep(SETTLING_SECONDS)

    def _is_work_left(self) -> bool:
        """Whether anything is due, but to see whether people are still there who stayed and could not go on."""
        stuck = [link for person, link in zip(self.people, self._links, strict=True) if person.failure]
        return news.has_work_but_watching(queries.agenda(limit=MOST_ROWS), news.all_who_came_by(stuck))

    def _told(self, at: datetime) -> None:
        if self._tell:
            arrived = sum(bool(person.titles) for person in self.people)
            done = sum(person.is_done or person.failure is not None for person in self.people)
            seconds = (at - self.began).total_seconds()
            self._tell(Progress(len(self.people), arrived, done, len(self.ledger), seconds))


def run(plan: Plan, *, tell: Tell | None = None, stop: threading.Event | None = None) -> Report:
    """Play a plan in the (empty, simulated) database that Django is set up for.

    Args:
        tell: Called now and then with how far it has come.
        stop: Set it to end early; what was reached is checked and reported all the same.

    Raises:
        ClockError: "not_simulated".
        StudyError: as `studies.services.publish_copy`.
    """
    stop = stop or threading.Event()
    began = time.monotonic()
    version = _published(plan)
    played = _Play(plan, version, tell=tell, stop=stop)
    asyncio.run(played.play())
    plan.out.mkdir(parents=True, exist_ok=True)
    played.ledger.write(plan.out / LEDGER)
    export(version.study, plan.out / DATASET)
    differences = check(version.study, played.ledger).differences
    wall_seconds = time.monotonic() - began
    facts = _facts(played, wall_seconds, differences=differences, is_interrupted=stop.is_set())
    found = report.of(version.study, facts)
    (plan.out / REPORT_TEXT).write_text(found.as_text(), encoding="utf-8")
    # Last: whoever finds it knows that all the rest is there.
    (plan.out / REPORT_JSON).write_text(json.dumps(found.as_json(), indent=1), encoding="utf-8")
    return found


def _published(plan: Plan) -> Version:
    if not clock.is_simulated():
        raise ClockError("not_simulated", "simulated people never come into a database that was not made for them")
    if plan.mode != Mode.REALTIME:
        clock.stand(plan.start or start_of(plan.definition))
    # Not the study's own seed, which would tell the allocation of real people before they come.
    seed = hashlib.sha256(f"simulation/{plan.seed}".encode()).hexdigest()[:32]
    version = services.publish_copy(plan.definition, plan.files, number=plan.number, seed=seed)
    services.open_study(version.study)
    return version


def start_of(said: Mapping[str, Any]) -> datetime:
    """Where the clock stands at first: the same in every run, and a week before the first day that a study file names.

    Args:
        said: The definition of a version.
    """
    day = first_day(definition.read(said))
    return START if day is None else datetime.combine(day, START.timetz()) - DAYS_BEFORE


def _facts(played: _Play, wall_seconds: float, *, differences: Sequence[Difference], is_interrupted: bool) -> RunFacts:
    plan = played.plan
    errors = [error for person in played.people for error in person.door.server_errors]
    # Whoever was stopped on the way could have gone on.
    failures = [str(person.failure) for person in played.people if person.failure and not is_interrupted]
    return RunFacts(
        mode=plan.mode,
        seed=plan.seed,
        participants=plan.participants,
        simulated_seconds=(clock.now() - played.began).total_seconds(),
        wall_seconds=wall_seconds,
        assumptions=[*plan.profile.rows(), *_policies(plan), *_zones(plan)],
        server_errors=errors,
        differences=[str(difference) for difference in differences],
        failures=failures,
        is_interrupted=is_interrupted,
        start=f"{played.began:%Y-%m-%d %H:%M}",
    )


def _zones(plan: Plan) -> list[Assumption]:
    """Where people's clocks are, where they are asked."""
    rule = definition.read(plan.definition).timezone
    if rule is None or rule.source == "fixed":
        return []
    meaning = "Where people's clocks are at first, each zone as often as any other"
    return [Assumption("zones", ", ".join(ZONES), f"{len(ZONES)} zones", meaning, OURS)]


def _policies(plan: Plan) -> list[Assumption]:
    """By which rule people decide in a game: an assumption like the others."""
    meaning = "By which of the experiment's policies somebody decides in a game"
    said = {f"policy of {role}": (policy, "set for this run") for role, policy in plan.policies.items()}
    said["policy"] = ("drawn", OURS)
    return [Assumption(name, policy, "policy", meaning, source) for name, (policy, source) in said.items()]


def _off_the_loop(choose: Choose, pool: ThreadPoolExecutor) -> Choose:
    """On the wall clock a mind decides on the loop, where the database cannot be asked."""
    return lambda page: pool.submit(choose, page).result()
