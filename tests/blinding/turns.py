"""From what an observer received to rows: one for each act that was asked of a partner, one for each meeting.

A turn's row holds what was received in its step, and in the steps before it of the same meeting.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.blinding import features
from tests.blinding.features import PageRead
from tests.blinding.meetings import Observer
from tests.blinding.readings import Numbers
from tests.blinding.recorder import Frame
from tests.blinding.socket_frames import POINTER, kind_of, of_socket
from tests.blinding.study import TITLES, VOID

STEP_OF = {title: step for step, title in TITLES.items()} | {VOID: "void"}
WAITING = "waiting"  # for the other match of the round
_ROUND = re.compile(r"Round (\d+) of")


@dataclass
class Stretch:
    """What came while one step's page was shown, the frame that brought the next included."""

    round: int
    step: str
    opened_at: float
    frames: list[Frame] = field(default_factory=list)
    pages: list[PageRead] = field(default_factory=list)

    def numbers(self) -> Numbers:
        """Everything but words."""
        found = features.of_times(self.frames, self.opened_at) | of_socket(self.frames, self.opened_at)
        for name, page in {"first page": self.pages[0], "last page": self.pages[-1]}.items():
            found |= features.of_page(page, name)
        sizes = [float(page.size) for page in self.pages]
        found |= {"pages": float(len(sizes)), "least size": min(sizes), "most size": max(sizes)}
        for name, frames in {"first": self.frames, "last": self.frames[::-1]}.items():
            answer = next((frame for frame in frames if frame.asked), None)
            found |= features.of_headers(answer.headers, name) if answer else {}
        return {f"{self.step}: {name}": value for name, value in found.items()}


@dataclass(frozen=True)
class Row:
    """One thing to be judged: its numbers, whether a program did it, and in which group."""

    group: str
    is_program: bool
    numbers: Numbers


def stretches(frames: Sequence[Frame]) -> list[Stretch]:
    """Cut a recording where the page goes on to another step."""
    found: list[Stretch] = []
    news_at = 0.0
    for frame in frames:
        page = PageRead(frame.body) if frame.asked and "</" in frame.body else None
        match = _ROUND.search(page.where) if page else None
        if found:
            found[-1].frames.append(frame)
        if page and match:
            where = (int(match[1]), STEP_OF.get(page.title, WAITING))
            if not found or (found[-1].round, found[-1].step) != where:
                opened_at = news_at if news_at > frame.at - frame.took - 1 else frame.at
                found.append(Stretch(*where, opened_at=opened_at, frames=[frame]))
            found[-1].pages.append(page)
        if kind_of(frame) == POINTER:
            news_at = frame.at
    return found


def rows(observers: Sequence[Observer]) -> tuple[list[Row], list[Row]]:
    """The rows of turns, and the rows of meetings."""
    turns, meetings = [], []
    for observer in observers:
        sofar: dict[int, Numbers] = {}
        for stretch in stretches(observer.frames):
            if stretch.round not in observer.programs:
                continue
            known = sofar.get(stretch.round, {}) | stretch.numbers()
            sofar[stretch.round] = known
            if stretch.step != WAITING:
                turns.append(Row(observer.group, observer.programs[stretch.round], known))
        meetings += [Row(observer.group, observer.programs[number], found) for number, found in sofar.items()]
    return turns, meetings
