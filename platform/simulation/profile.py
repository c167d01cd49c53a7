"""Every assumption about simulated people, each with its unit, its bounds and where it comes from.

None of these numbers was measured by us. They make a simulation resemble a study well enough to find what breaks, what
people wait for and what it costs; they say nothing about what real people do.
"""

from dataclasses import dataclass
from random import Random
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Setting

OURS = "our assumption"
ZONES = (
    "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "America/Chicago", "America/Havana", "America/Los_Angeles",
    "America/New_York", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Asia/Beirut", "Asia/Jerusalem",
    "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Atlantic/Azores", "Australia/Adelaide", "Australia/Lord_Howe",
    "Australia/Sydney", "Europe/Berlin", "Europe/Dublin", "Europe/London", "Pacific/Auckland", "Pacific/Chatham",
    "Pacific/Kiritimati",
)  # fmt: skip
"""Where people's clocks are, each as often as any other: north and south, with and without a change of clocks."""


def _share(default: float, title: str, source: str = OURS) -> Any:
    return Setting(default=default, ge=0, le=1, title=title, json_schema_extra={"unit": "share", "source": source})


def _amount(default: float, title: str, unit: str, *, low: float = 0, high: float = 1e6, source: str = OURS) -> Any:
    return Setting(default=default, ge=low, le=high, title=title, json_schema_extra={"unit": unit, "source": source})


class Profile(BaseModel):
    """How simulated people arrive, read, think, write, err and leave.

    Raises:
        pydantic.ValidationError: a value outside its bounds, or a name that is none of these.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    arrivals_per_minute: float = _amount(
        6, "People who open the link, with exponential gaps; 0: all at once", "people/minute"
    )
    reading_chars_per_s: float = _amount(
        25, "Reading what was not read before", "characters/s", low=1, source=f"{OURS}: about 250 words a minute"
    )
    thinking_seconds: float = _amount(4, "Thinking before an answer, median", "s", high=3600)
    thinking_spread: float = _amount(
        0.5, "Thinking, standard deviation of its logarithm", "log units", high=2, source=f"{OURS}: skewed to the right"
    )
    typing_chars_per_s: float = _amount(
        3.5, "Typing", "characters/s", low=0.1, source=f"{OURS}: about 40 words a minute"
    )
    person_spread: float = _amount(
        0.25, "How much people differ in speed, standard deviation of its logarithm", "log units", high=2
    )
    picking_seconds: float = _amount(1.5, "Picking an option or typing a number", "s", high=3600)

    declining: float = _share(0.03, "People who decline on the consent page")
    misreading: float = _share(0.15, "Quiz items answered wrongly at first")
    ticking_optional: float = _share(0.5, "Optional boxes that are ticked")
    leaving_optional_empty: float = _share(0.3, "Optional texts that stay empty")
    reloading: float = _share(0.02, "Pages that are loaded again while they are read")
    two_tabs: float = _share(0.05, "People who send their forms a second time, from another tab or an older page")

    late_acts: float = _share(
        0.025, "Acts in the game that are sent after the limit", f"{OURS}: two acts a round, so 5 % late per round"
    )
    lateness_seconds: float = _amount(6, "How late they are sent, at most", "s", low=0.1, high=600)

    quitting_quiz: float = _share(0.15, "People who drop out in the quiz", f"{OURS}: with the lobby, 30 % together")
    quitting_lobby: float = _share(
        0.175, "People who drop out while they wait", f"{OURS}: with the quiz, 30 % together"
    )
    lobby_patience_seconds: float = _amount(60, "How long those wait before they go, mean", "s", low=0.1, high=36000)
    not_ready: float = _share(0.05, 'Questions "Are you ready?" that nobody answers')
    quitting_act: float = _share(
        0.005, "Acts in the game before which somebody drops out", f"{OURS}: about 5 % in a game of ten acts"
    )
    vanishing: float = _share(0.7, "Of those who drop out: who close the browser, and do not use the way out")
    visit_delay_hours: float = _amount(
        6,
        "In a study of several visits: how long after its opening a visit is begun; the mean if it never closed",
        "h",
        high=1000,
    )
    missing_visits: float = _share(
        0.1, "Visits to which somebody does not come", f"{OURS}: as diaries on phones have it"
    )
    dropping_out: float = _share(0.02, "Times between two visits at which somebody leaves for good, without a word")
    travelling: float = _share(0.02, "Times between two visits at which somebody says that their clock is another now")
    withdrawing: float = _share(0.02, "People who have their data deleted after the debrief")

    @classmethod
    def flawless(cls) -> Self:
        """Everybody arrives at once, is quick, answers everything right and in time, and stays to the end."""
        wrong = dict.fromkeys((name for name, unit in _units().items() if unit == "share"), 0.0)
        calm = {"arrivals_per_minute": 0, "thinking_spread": 0, "person_spread": 0, "picking_seconds": 0.02}
        calm |= {"visit_delay_hours": 0}
        quick = {"reading_chars_per_s": 20_000, "thinking_seconds": 0.05, "typing_chars_per_s": 1_000}
        return cls(**(wrong | calm | quick))

    def with_(self, **changes: float) -> Self:
        """The same people but for these changes, checked like the rest."""
        return type(self)(**(self.model_dump() | changes))

    @classmethod
    def from_words(cls, words: list[str]) -> Self:
        """The default people with changes as they are typed: "late_acts=0.1". Raises ValueError for what is none."""
        changes = dict(word.partition("=")[::2] for word in words)
        return cls(**changes)  # type: ignore[arg-type]  # pydantic reads the numbers

    def rows(self) -> list["Assumption"]:
        """Every assumption, for a report."""
        return [self._row(name) for name in type(self).model_fields]

    def _row(self, name: str) -> "Assumption":
        said = type(self).model_fields[name]
        extra = said.json_schema_extra
        assert isinstance(extra, dict)
        value = float(getattr(self, name))
        source = str(extra["source"]) if value == said.default else "set for this run"
        return Assumption(name, value, str(extra["unit"]), said.title or "", source)


@dataclass(frozen=True)
class Assumption:
    """One line of `Profile.rows`: name, value, unit, what it means, where it comes from."""

    name: str
    value: float | str
    unit: str
    meaning: str
    source: str


def arrivals(people: int, *, profile: Profile, seed: str) -> list[float]:
    """When each person opens the link, in seconds from the start, in order."""
    if not profile.arrivals_per_minute:
        return [0.0] * people
    rng = Random(f"{seed}/arrivals")  # noqa: S311  seeded on purpose
    at, found = 0.0, []
    for _ in range(people):
        at += rng.expovariate(profile.arrivals_per_minute / 60)
        found.append(at)
    return found


def zone_of(number: int, *, seed: str) -> str:
    """Where a person's clock is at first."""
    return Random(f"{seed}/zone/{number}").choice(ZONES)  # noqa: S311  seeded on purpose


def _units() -> dict[str, str]:
    return {name: str(said.json_schema_extra["unit"]) for name, said in Profile.model_fields.items()}  # type: ignore[index]
