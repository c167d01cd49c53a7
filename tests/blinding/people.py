"""The people of the test: observers act at once, partners take as long as the programs of the study are told to."""

import time
from collections.abc import Mapping
from random import Random
from typing import Any, Protocol

from bots import delays
from flow.services.rounds import VOID_SECONDS
from simulation.mind import Mind, Move
from simulation.pages import Shown
from simulation.profile import Profile
from tests.blinding.experiments.meeting.experiment import WORDS, contribution
from tests.blinding.study import LIMITS, OBSERVER_SAID, TITLES, VOID, limit_seconds

AT_ONCE_SECONDS = 0.15
STEP_OF = {title: step for step, title in TITLES.items()}
SHOWING_WORDS = {"talk", "chat", "number", "both"}  # whatever comes after the words shows them, and they are read
VOID_LIMIT = {VOID: VOID_SECONDS}


class Travel(Protocol):
    """How long what a browser sends and receives is on its way, in seconds."""

    def page(self) -> float:
        """The last page, from asking for it."""

    def form(self) -> float:
        """A form, until the server takes it in."""


class Paced(Mind):
    """A person whose pace is drawn as a program's is: the same functions, the same numbers, another seed.

    That people are like this is assumed, not found. It makes the test ask one thing: whether what the platform sends
    tells two partners apart whose own conduct does not. As a program's, a person's time begins when the step opens, and
    the page says to a tenth of a second how long that was ago: the news of it and the way of the page are a part of it.

    Args:
        pace: As in a study file under `delay`.
        travel: How long pages and forms are on their way.
    """

    def __init__(self, number: int, *, seed: str, pace: Mapping[str, Any], travel: Travel) -> None:
        super().__init__(number, seed=seed, profile=Profile.flawless(), answers={})
        self.pace = delays.Pace(**pace)
        self.limit_seconds = limit_seconds(pace)  # of decisions, and no page's is shorter
        self.limits = {title: LIMITS.get(step, self.limit_seconds) for step, title in TITLES.items()} | VOID_LIMIT
        self.chance = Random(f"{seed}/paced/{number}")
        self.travel = travel
        self.is_observer = False
        self._has_missed = False
        self._planned_for = ("", 0)
        self._plan: tuple[float, dict[str, str]] | None = None  # when, by the monotonic clock, and what; None: nothing

    def next_move(self, page: Shown) -> Move:
        """Play the game as said above; everything else at once."""
        if page.kind != "match":
            return super().next_move(page)
        if page.title in STEP_OF:
            self.is_observer = OBSERVER_SAID in page.text
        if not page.button:
            return self._look(page)
        what = (page.identity, _said(page))
        if what != self._planned_for:  # a page that only shows more of the talk changes nobody's mind
            self._planned_for, self._plan = what, self._planned(page)
        if self._plan is None:
            return self._look(page)
        at, data = self._plan
        return Move(max(0.0, at - time.monotonic()), "answer", data)

    def _planned(self, page: Shown) -> tuple[float, dict[str, str]] | None:
        if not self.is_observer and self._is_away(page):
            return None
        data = self._data(STEP_OF.get(page.title, ""), page)
        now = time.monotonic()
        return now + AT_ONCE_SECONDS if self.is_observer else now + self._seconds(page, data), data

    def _is_away(self, page: Shown) -> bool:
        if page.title == VOID:
            missed, self._has_missed = self._has_missed, False
            return missed and not delays.is_back(self.pace, self.chance)
        is_act = bool(page.asked) and "message" not in page.asked
        self._has_missed = is_act and delays.is_missed(self.pace, self.chance)
        return self._has_missed

    def _seconds(self, page: Shown, data: Mapping[str, str]) -> float:
        read = sum(map(len, WORDS[:2])) if STEP_OF.get(page.title) in SHOWING_WORDS else 0
        written = len(data.get("word", "")) + len(data.get("message", ""))
        effort = delays.Effort(read_chars=read, written_chars=written, picks=len({"number", "then"} & set(data)))
        wished = delays.seconds(self.pace, effort, limit_s=self.limit_seconds, rng=self.chance)
        return wished - self._passed(page) - self.travel.form()

    def _passed(self, page: Shown) -> float:
        """How long ago the wait began: with the step, or in a talk with one's own last entry, as programs' do."""
        limit = self.limits.get(page.title)
        if _said(page) or limit is None or page.seconds_left is None:
            return self.travel.form()
        return limit - page.seconds_left + self.travel.page() / 2

    def _data(self, step: str, page: Shown) -> dict[str, str]:
        if "message" in page.asked:
            said = contribution(step, _said(page), self.chance)
            return {**said, "then": "ready"} if self.is_observer and step == "chat" else said
        given = {"word": self.chance.choice(WORDS), "number": str(self.chance.randint(0, 9))}
        return {name: given[name] for name in page.asked}


def _said(page: Shown) -> int:
    """How many entries of one's own a talk's page shows."""
    return page.text.split("\n").count("You")
