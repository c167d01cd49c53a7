"""What a simulated run showed, as one report: tables for people and for programs, and whether the run was clean."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from flow.standing import failed_work
from matching.models import Group
from simulation import course, money, visits
from simulation.as_text import WIDTH, text_of
from simulation.balance import balance
from simulation.population import SECONDS_PER_MINUTE, Someone, people_of
from simulation.probes import pass_rates
from simulation.profile import Assumption
from simulation.sections import Cell, Column, Section, counted
from studies import definition
from studies.models import Study, Version
from studies.queries import version_of

FORMAT = "rapport-simulation/1"
STAMP = "SIMULATED. These people never existed; nothing here is a result."
MOST_KEPT = 20  # of each of these: the first are enough to begin with
LISTS = ("server_errors", "differences", "failures")


@dataclass(frozen=True)
class RunFacts:
    """What the tables of a study cannot know about a run.

    Args:
        mode: One of `models.SimulationRun.Mode`.
        participants: How many were to come.
        simulated_seconds: From the first to the last instant, by the study's own clock.
        wall_seconds: The same, by the clock on the wall.
        assumptions: As `Profile.rows` gives them.
        server_errors: Answers of the server that were errors, as people met them.
        differences: What verification found, a sentence each.
        failures: What kept people from going on, a sentence each.
        is_interrupted: Whether somebody stopped the run.
        start: Where the study's clock stood at first, in UTC; empty in reports of earlier releases.
    """

    mode: str
    seed: str
    participants: int
    simulated_seconds: float
    wall_seconds: float
    assumptions: Sequence[Assumption] = ()
    server_errors: Sequence[str] = ()
    differences: Sequence[str] = ()
    failures: Sequence[str] = ()
    is_interrupted: bool = False
    start: str = ""


@dataclass(frozen=True)
class Report:
    """One run. It goes to JSON and back, so that it can be kept and shown elsewhere."""

    study: str
    version: int
    software: str
    run: RunFacts
    people_entered: int
    groups_complete: int
    not_clean_because: Sequence[str]
    sections: Sequence[Section]

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong. Whether the design is a good one no run can say."""
        return not self.not_clean_because

    def as_json(self) -> dict[str, Any]:
        """For a file or a column; of `LISTS` the first `MOST_KEPT`."""
        first = {name: list(getattr(self.run, name))[:MOST_KEPT] for name in LISTS}
        return {
            "format": FORMAT,
            "is_simulated": True,
            "is_clean": self.is_clean,
            "study": self.study,
            "version": self.version,
            "software": self.software,
            "run": asdict(self.run) | first,
            "people_entered": self.people_entered,
            "groups_complete": self.groups_complete,
            "not_clean_because": list(self.not_clean_because),
            "sections": [section.as_json() for section in self.sections],
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Report":
        """The inverse of `as_json`."""
        plain = ("study", "version", "software", "people_entered", "groups_complete", "not_clean_because")
        sections = [Section.from_json(section) for section in said["sections"]]
        assumptions = [Assumption(**each) for each in said["run"]["assumptions"]]
        run = RunFacts(**said["run"] | {"assumptions": assumptions})
        return cls(**{name: said[name] for name in plain}, run=run, sections=sections)

    def as_text(self, width: int = WIDTH) -> str:
        """For a terminal: plain text, no line longer than `width` characters."""
        verdict = "Clean: nothing went wrong." if self.is_clean else f"Not clean: {'; '.join(self.not_clean_because)}."
        return "\n\n".join([STAMP, *(text_of(section, width) for section in self.sections), verdict]) + "\n"


def of(study: Study, run: RunFacts) -> Report:
    """The report of a simulated study, read from the database that Django is set up for.

    Raises:
        StudyError: "version_unknown".
    """
    version, people = version_of(study), people_of(study)
    complete = Group.objects.filter(version__study=study, status=Group.Status.COMPLETE).count()
    checks = _checks(study, people, run) | _nobody_got_through(version, people, complete)
    sections = [
        _facts(version, run, people),
        pass_rates(study),
        course.stages(study),
        *visits.visits(study, version),
        course.exits(people),
        money.hourly(people, definition.definition(version).payments),
        course.voids(study),
        course.waiting(study),
        money.cost(study, people),
        balance(study, version),
        _assumptions(run),
        _checked(checks),
    ]
    return Report(
        study=study.slug,
        version=version.number,
        software=settings.VERSION,
        run=run,
        people_entered=len(people),
        groups_complete=complete,
        not_clean_because=[why for what, found in checks.items() if (why := _why(what, found))],
        sections=sections,
    )


def _facts(version: Version, run: RunFacts, people: Sequence[Someone]) -> Section:
    rows: list[Sequence[Cell]] = [
        ["study", version.study.slug, ""],
        ["version", version.number, ""],
        ["software", settings.VERSION, ""],
        ["mode", run.mode, ""],
        ["seed", run.seed, ""],
        ["people who were to come", run.participants, "people"],
        ["people who entered", len(people), "people"],
        ["began, by the study's clock", run.start, "UTC"],
        ["time on the study's clock", run.simulated_seconds / SECONDS_PER_MINUTE, "min"],
        ["time on the wall", run.wall_seconds, "s"],
    ]
    columns = [Column("what", "what"), Column("value", "value"), Column("unit", "unit")]
    return Section("run", "This run", columns, rows)


def _assumptions(run: RunFacts) -> Section:
    """What the run takes for granted about people."""
    rows: list[Sequence[Cell]] = [[one.name, one.value, one.unit, one.meaning, one.source] for one in run.assumptions]
    columns = [
        Column("name", "name"), Column("value", "value", None), Column("unit", "unit"),
        Column("meaning", "what it means"), Column("source", "where it comes from"),
    ]  # fmt: skip
    notes = ["How people behave is assumed, not known: other assumptions give other minutes, exits and pay."]
    return Section("assumptions", "Assumptions", columns, rows, notes)


def _checks(study: Study, people: Sequence[Someone], run: RunFacts) -> dict[str, Sequence[str]]:
    """What must not happen in a clean run -> each time that it did, in words."""
    strange = [one.exit for one in people if not one.is_declared]
    return {
        "server error": run.server_errors,
        "difference found by verification": run.differences,
        "person who could not go on": run.failures,
        "person without an exit": [""] * sum(not one.exit for one in people),
        "exit that the study file does not declare": strange,
        "piece of background work given up": [""] * failed_work(study),
        "interruption": ["stopped before its end"] if run.is_interrupted else [],
    }


def _nobody_got_through(version: Version, people: Sequence[Someone], complete: int) -> dict[str, Sequence[str]]:
    """What no run may be clean with, because it shows nothing."""
    has_game = any(stage.kind == "game" for stage in definition.definition(version).stages)
    return {
        "run to which nobody came": [] if people else [""],
        "run in which no group played to its end": [""] if people and has_game and not complete else [],
    }


MANY = {
    "server error": "server errors",
    "difference found by verification": "differences found by verification",
    "person who could not go on": "people who could not go on",
    "person without an exit": "people without an exit",
    "exit that the study file does not declare": "exits that the study file does not declare",
    "piece of background work given up": "pieces of background work given up",
}


def _why(what: str, found: Sequence[str]) -> str:
    return counted(len(found), what, MANY.get(what, "")) if found else ""


def _checked(checks: Mapping[str, Sequence[str]]) -> Section:
    rows: list[Sequence[Cell]] = [
        [MANY.get(what, what), len(found), found[0] if found else ""] for what, found in checks.items()
    ]
    columns = [Column("what", "what must not be"), Column("found", "found"), Column("first", "the first")]
    notes = [
        "A run without any of these shows that the machinery carries the design, not that the design is a good one.",
        "None among n people bounds a rate at about 3/n with 95 % confidence: none among 40 still allows 1 in 13.",
    ]
    return Section("checks", "What went wrong", columns, rows, notes)
