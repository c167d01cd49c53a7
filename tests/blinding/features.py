"""Numbers made of everything that an observer receives except words: the more the better, none picked by hand.

An attribute's value becomes numbers by its form: a number as it is, anything else by its length, its first digits, its
first and last character and a fingerprint, so that a classifier can split on any of them. Words of pages are left out,
but the letters that say where somebody stands count as attributes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from tests.blinding.readings import PHASES, Numbers, fingerprint
from tests.blinding.recorder import Frame
from tests.blinding.socket_frames import POINTER, kind_of

POSITIONS = frozenset({"letter", "who", "where"})  # classes of elements whose words are places, not talk
FIRST_FRAMES = 10
UNTIMELY = frozenset({"date", "content-length"})  # the hour; and a length that counts words, too
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DIGITS = re.compile(r"\d+")


class PageRead(HTMLParser):
    """One page: its attributes in order, its tags, and how large it is without its words.

    Attributes:
        values: Name of an attribute, with its tag and class → its values in order.
        title, where: Words by which the test finds out which step a page belongs to; no feature.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.values: dict[str, list[str]] = defaultdict(list)
        self.tags: list[str] = []
        self.title = ""
        self.where = ""
        self.size = len(html)
        self._words = 0
        self._open: list[tuple[str, str, str]] = []
        self.feed(html)
        self.close()
        self.size -= self._words

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        own = at.get("id", "").partition("-")[0] or at.get("name", "") or at.get("class", "").partition(" ")[0]
        for name, value in at.items():
            self.values[f"{tag}.{own}@{name}"].append(value)
        self._open.append((tag, at.get("id", ""), at.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_comment(self, data: str) -> None:
        self.values["comment"].append(data)

    def handle_data(self, data: str) -> None:
        self._words += len(data)
        _, id_, class_ = self._open[-1] if self._open else ("", "", "")
        if id_ == "title":
            self.title += data.strip()
        if class_ == "where":
            self.where += data
        if class_ in POSITIONS and class_ != "where":
            self.values[f"position.{class_}"].append(data)


def of_value(name: str, value: str) -> Numbers:
    """One value as numbers."""
    if _NUMBER.fullmatch(value):
        return {name: float(value)}
    found = _DIGITS.search(value)
    digits = float(found[0][:9]) if found else -1.0
    ends = {f"{name} begins": float(ord(value[0])), f"{name} ends": float(ord(value[-1]))} if value else {}
    return ends | {f"{name} is": fingerprint(value), f"{name} length": float(len(value)), f"{name} digits": digits}


def of_page(page: PageRead, prefix: str) -> Numbers:
    """A page as numbers."""
    numbers: Numbers = {
        f"{prefix} size": float(page.size),
        f"{prefix} tags": float(len(page.tags)),
        f"{prefix} order": fingerprint(*page.tags),
    }
    for name, values in page.values.items():
        numbers |= of_value(f"{prefix} {name} first", values[0])
        numbers |= of_value(f"{prefix} {name} last", values[-1])
        numbers |= {f"{prefix} {name} count": float(len(values)), f"{prefix} {name} all": fingerprint(*values)}
    return numbers


def of_headers(headers: Sequence[tuple[str, str]], prefix: str) -> Numbers:
    """An answer's headers as numbers."""
    numbers: Numbers = {f"{prefix} headers": fingerprint(*(name.lower() for name, _ in headers))}
    for name, value in headers:
        if name.lower() not in UNTIMELY:
            numbers |= of_value(f"{prefix} header {name.lower()}", value)
    return numbers


def of_times(frames: Sequence[Frame], opened_at: float) -> Numbers:
    """When frames came, and how many of which kind.

    Args:
        frames: Of one step, the one that opens the next included.
        opened_at: When the news of the step came.
    """
    numbers: Numbers = {"frames": float(len(frames))}
    for kind, at in _firsts_and_lasts(frames):
        numbers[kind] = at - opened_at
    before = opened_at
    for index, frame in enumerate(frames[:FIRST_FRAMES]):
        numbers |= {f"at {index}": frame.at - opened_at, f"gap {index}": frame.at - before, f"took {index}": frame.took}
        numbers[f"kind {index}"] = fingerprint(kind_of(frame))
        before = frame.at
    pointers = [frame.at for frame in frames if kind_of(frame) == POINTER]
    ends = {"end": frames[-1].at, "last pointer": pointers[-1] if pointers else frames[-1].at}
    for name, at in ends.items():
        numbers[f"{name} after"] = at - opened_at
        numbers |= {f"{name} phase {phase}": (at - opened_at) % phase for phase in PHASES}
    counts: dict[str, float] = defaultdict(float)
    for frame in frames:
        counts[f"count {kind_of(frame)}"] += 1
    return numbers | counts


def _firsts_and_lasts(frames: Sequence[Frame]) -> Iterator[tuple[str, float]]:
    for frame in frames:
        yield f"last {kind_of(frame)}", frame.at
    for frame in reversed(frames):
        yield f"first {kind_of(frame)}", frame.at
