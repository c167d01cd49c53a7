"""People who come to seven conversations: they say a thing or two in each, and end it as soon as they may."""

from collections.abc import Mapping
from dataclasses import replace

from chat.forms import MESSAGE, READY, THEN
from experiments.longitudinal_chat.policies import LIVES
from simulation.answering import EMAIL
from simulation.mind import Mind, Move
from simulation.pages import Shown
from simulation.profile import Profile
from tests.weeks.study import MISSING, SHORT

# They come some time after the opening, miss visits, leave, travel, err and send forms twice; most give an address.
PEOPLE = Profile.flawless().with_(
    misreading=0.1, reloading=0.02, two_tabs=0.05, ticking_optional=0.75, visit_delay_hours=0.3, missing_visits=MISSING,
    dropping_out=0.01, travelling=0.03, withdrawing=0.02,
)  # fmt: skip
LEAVING = 0.01  # share of the times between two visits at which somebody leaves and says so, one in two with their data
SAYING_MORE = 0.3  # share of talks
SPEAKS_AFTER = 25.0
ENDS_AFTER = SHORT["shortest_seconds"] + 30.0  # when they may, and their page has said so


def mailbox_of(number: int) -> str:
    """The address of a person, if they give one."""
    return f"person{number}@example.invalid"


class Talker(Mind):
    """One of them. What is asked of them in the quiz they know; all else they answer by chance."""

    _words = 0  # planned since this talk began

    def __init__(self, number: int, *, seed: str, answers: Mapping[str, str]) -> None:
        super().__init__(number, seed=seed, profile=PEOPLE, answers=answers)

    def next_move(self, page: Shown) -> Move:
        """As anybody, but for talks, addresses, and for whoever leaves between two visits."""
        if page.kind == "home" and page.opens_in is not None and not page.button and self._happens(LEAVING):
            return Move(self._thinking(), self.rng.choice(("leave", "withdraw")))
        move = super().next_move(page)
        if MESSAGE not in page.asked:
            self._words = 0
            return replace(move, data=self._with_address(page, move.data))
        return self._talking(page, move) if move.do == "answer" else move

    def _with_address(self, page: Shown, data: Mapping[str, str]) -> Mapping[str, str]:
        asked = [name for name, one in page.asked.items() if one.kind == EMAIL and data.get(name)]
        return {**data, **dict.fromkeys(asked, mailbox_of(self.number))}

    def _talking(self, page: Shown, move: Move) -> Move:
        """Wait as long as one must, say something, and end the talk with it; some say something else before."""
        may_end, words = THEN in page.asked, {MESSAGE: self.rng.choice(LIVES)}
        self._words += 1
        if self._words == 1 and not may_end and self._happens(SAYING_MORE):
            return replace(move, after_seconds=SPEAKS_AFTER, data=words)
        return replace(move, after_seconds=SPEAKS_AFTER if may_end else ENDS_AFTER, data=words | {THEN: READY})
