"""One page as a participant meets it, and where in the study that is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

DOOR, REFUSALS = "before coming in", "what cannot be taken in"
EXITS, BETWEEN = "exits", "between_visits"
"""Places that are no stages: before the first, what is said to what cannot be taken in, after the last, and between two
visits. No stage is called so: no id has spaces, and E408 keeps those free that a study file may name.
"""


@dataclass(frozen=True, order=True)
class Key:
    """Where a screen stands. Two conditions have the same keys, so that their screens can be laid beside each other.

    Attributes:
        stage: The id of a stage of the study file, or one of `DOOR`, `EXITS`, `REFUSALS` and `BETWEEN`.
        step: Of a game, as the experiment names it; the name of an exit; otherwise empty.
        role: Of the seat from which it is seen; empty where it does not matter yet.
        state: Which of the pages there: "first", "after an empty form", "acts" …
        visit: In which visit, "chat 3"; of a page between two, the one that is next. Empty in a study with one visit,
            and for pages that belong to none.
    """

    stage: str
    step: str = ""
    role: str = ""
    state: str = "first"
    visit: str = ""

    @property
    def place(self) -> str:
        """Stage and step as a study file names them: "game/feedback", "consent"."""
        return f"{self.stage}/{self.step}" if self.step else self.stage

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.place, self.role, self.state, self.visit)))


@dataclass(frozen=True)
class Screen:
    """One page.

    Attributes:
        condition: Under which it was met, "label=hidden"; empty where nothing is manipulated.
        html: The whole document, as the participant's browser gets it.
    """

    key: Key
    condition: str
    html: str


@dataclass(frozen=True)
class Drawn:
    """Everything that was drawn of a study.

    Attributes:
        screens: In the order in which they are met, condition by condition.
        not_reached: Names of game pages that no course of the game came to, though somebody may.
    """

    screens: Sequence[Screen]
    not_reached: Sequence[str] = ()

    def under(self, condition: str) -> Mapping[Key, Screen]:
        """The screens of one condition."""
        return {screen.key: screen for screen in self.screens if screen.condition == condition}

    def as_json(self) -> dict[str, object]:
        """For the way from one process to another."""
        rows = [[*astuple(s.key), s.condition, s.html] for s in self.screens]
        return {"screens": rows, "not_reached": list(self.not_reached)}

    @classmethod
    def from_json(cls, said: Mapping[str, Iterable[list[str]]]) -> "Drawn":
        """What `as_json` made."""
        screens = [Screen(Key(*row[:-2]), *row[-2:]) for row in said["screens"]]
        return cls(screens, [str(name) for name in said["not_reached"]])
