"""The people of the test: observers act at once, partners take as long as the programs of the study are told to."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import Any, Protocol

from bots import delays
from flow.services.rounds import VOID_SECONDS
from simulation.mind import Mind, Move
from simulation.pages import Shown
from simulation.person import spoken
from simulation.profile import Profile
from tests.blinding.experiments.meeting.experiment import WORDS, contribution
from tests.blinding.study import LIMITS, OBSERVER_SAID, TITLES, VOID, limit_seconds

AT_ONCE_SECONDS = 0.15
ANSWER_SECONDS = 0.6  # later than the page of whoever has just spoken is drawn
LEAST_TYPING_SECONDS = 0.05  # where the way takes longer than the writing, as on a machine that is busy
STEP_OF = {title: step for step, title in TITLES.items()}
SHOWING_WORDS = {"talk", "chat", "number", "both"}  # whatever comes after the words shows them, and they are read
USUAL_CHARS = fmean(map(len, WORDS))
VOID_LIMIT = {VOID: VOID_SECONDS}


class Travel(Protocol):
    """How long what a browser sends and receives is on its way, in seconds."""

    def page(self) -> float:
        """The last page, from asking for it."""

    def form(self) -> float:
        """A form, until the server takes it in."""

    def message(self) -> float:
        """A message through the socket, until the server takes it in."""

    def last(self) -> float:
        """The newest of both, which is as long again on its way back."""


@dataclass(frozen=True)
class _Plan:
    """What to do, when, by the monotonic clock, and how much of the time before it is typing."""

    at: float
    data: dict[str, str]
    typing_seconds: float = 0.0


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
        self._planned_for = ("", 0, False)
        self._plan: _Plan | None = None

    def next_move(self, page: Shown) -> Move:
        """Play the game as said above; everything else at once."""
        if page.kind != "match":
            return super().next_move(page)
        if page.title in STEP_OF:
            self.is_observer = OBSERVER_SAID in page.text
        if not page.button:
            return self._look(page)
        turn = self._turn(page)
        if turn != self._planned_for:  # a page that only shows more of the talk changes nobody's mind
            self._planned_for, self._plan = turn, self._planned(page) if turn[-1] else None
        if self._plan is None:
            return self._look(page)
        after = max(0.0, self._plan.at - time.monotonic())
        return Move(after, "answer", self._plan.data, typing_seconds=self._plan.typing_seconds)

    def thinks_again(self, page: Shown) -> bool:
        """Whether it has become their turn in a talk."""
        return page.kind == "match" and page.button and self._turn(page) != self._planned_for

    def _turn(self, page: Shown) -> tuple[str, int, bool]:
        """Which page it is, how much somebody has said on it, and whether it is for them to act.

        An observer begins and answers the partner once. A partner speaks as it likes in a talk with a quota; in an open
        one a second time when it was answered, as a program does.
        """
        said, heard, step = page.said, page.last_seq - page.said, STEP_OF.get(page.title, "")
        if "message" not in page.asked:
            is_own = True
        elif self.is_observer:
            is_own = said <= min(heard, 1)
        else:
            is_own = step != "chat" or not said or heard > said
        return page.identity, said, is_own

    def _planned(self, page: Shown) -> _Plan | None:
        if not self.is_observer and self._is_away(page):
            return None
        data = self._data(STEP_OF.get(page.title, ""), page)
        now = time.monotonic()
        if self.is_observer:
            return _Plan(now + (ANSWER_SECONDS if page.said else AT_ONCE_SECONDS), data)
        wait, way = self._wait(page, data), self._way(page, data)
        return _Plan(now + wait.seconds - self._passed(page) - way, data, _typing(wait, way))

    def _is_away(self, page: Shown) -> bool:
        if page.title == VOID:
            missed, self._has_missed = self._has_missed, False
            return missed and not delays.is_back(self.pace, self.chance)
        is_act = bool(page.asked) and "message" not in page.asked
        self._has_missed = is_act and delays.is_missed(self.pace, self.chance)
        return self._has_missed

    def _wait(self, page: Shown, data: Mapping[str, str]) -> delays.Wait:
        step = STEP_OF.get(page.title, "")
        read = 2 * USUAL_CHARS if step in SHOWING_WORDS else 0
        read += USUAL_CHARS if step == "chat" and page.said else 0  # what they were answered
        written = len(data.get("word", "")) + len(data.get("message", ""))
        effort = delays.Effort(read_chars=round(read), written_chars=written, picks=len({"number", "then"} & set(data)))
        return delays.wait(self.pace, effort, limit_s=self.limit_seconds, rng=self.chance)

    def _way(self, page: Shown, data: Mapping[str, str]) -> float:
        """How long what is about to be sent will be on its way."""
        return self.travel.message() if spoken(page, Move(0, "answer", data)) else self.travel.form()

    def _passed(self, page: Shown) -> float:
        """How long ago the wait began: with the step, in a talk with one's last entry or its answer, as of programs."""
        limit = self.limits.get(page.title)
        if page.said and STEP_OF.get(page.title) == "chat":
            return self.travel.message()  # the answer came by a line
        if page.said or limit is None or page.seconds_left is None:
            return self.travel.last()
        return limit - page.seconds_left + self.travel.page() / 2

    def _data(self, step: str, page: Shown) -> dict[str, str]:
        if "message" in page.asked:
            return contribution(step, 0 if self.is_observer else page.said, self.chance)  # an observer ends nothing
        given = {"word": self.chance.choice(WORDS), "number": str(self.chance.randint(0, 9))}
        return {name: given[name] for name in page.asked}


def _typing(wait: delays.Wait, way: float) -> float:
    """How long before a message is sent the others are told that it is being written: never not at all."""
    return max(LEAST_TYPING_SECONDS, wait.writing_s - way) if wait.writing_s else 0.0
