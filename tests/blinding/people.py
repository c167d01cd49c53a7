"""The people of the test: observers act at once, partners take as long as the programs of the study are told to."""

from collections.abc import Mapping
from random import Random
from typing import Any, Protocol

from bots import delays
from simulation.mind import Mind, Move
from simulation.pages import Shown
from simulation.profile import Profile
from tests.blinding.experiments.meeting.experiment import WORDS, contribution
from tests.blinding.study import LIMITS, OBSERVER_SAID, TITLES, VOID, limit_seconds

AT_ONCE_SECONDS = 0.15
STEP_OF = {title: step for step, title in TITLES.items()}
SHOWING_WORDS = {"number", "both"}


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
        self.chance = Random(f"{seed}/paced/{number}")
        self.travel = travel
        self.limits = {title: LIMITS.get(step, self.limit_seconds) for step, title in TITLES.items()}
        self.is_observer = False
        self._has_missed = False
        self._at = ""
        self._made = 0

    def next_move(self, page: Shown) -> Move:
        """Play the game as said above; everything else at once."""
        if page.kind != "match":
            return super().next_move(page)
        if page.identity != self._at:
            self._at, self._made = page.identity, 0
        if page.title in STEP_OF:
            self.is_observer = OBSERVER_SAID in page.text
        if not page.button or (not self.is_observer and self._is_away(page)):
            return self._look(page)
        data = self._data(STEP_OF.get(page.title, ""), page)
        self._made += 1
        return Move(AT_ONCE_SECONDS if self.is_observer else self._seconds(page, data), "answer", data)

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
        return max(0.0, wished - self._passed(page) - self.travel.form())

    def _passed(self, page: Shown) -> float:
        """How long ago what is answered became known: the step's opening, or in a talk what was said before."""
        limit = self.limits.get(page.title)
        if limit is None or page.seconds_left is None or self._made > 1:
            return self.travel.page()
        return limit - page.seconds_left + self.travel.page() / 2

    def _data(self, step: str, page: Shown) -> dict[str, str]:
        if "message" in page.asked:
            said = contribution(step, self._made, self.chance)
            return {**said, "then": "ready"} if self.is_observer and step == "chat" else said
        given = {"word": self.chance.choice(WORDS), "number": str(self.chance.randint(0, 9))}
        return {name: given[name] for name in page.asked}
