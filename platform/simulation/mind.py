"""What a simulated person does next, and after how long. Pure: the page, the person's own chance, nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from simulation.pages import CHOSEN, Asked, Shown
from simulation.profile import Profile

Do = Literal["answer", "look", "leave", "withdraw", "decline", "vanish", "reload"]
Again = Literal["", "other_tab", "back"]
Choose = Callable[[Shown], Mapping[str, str] | None]

# As static/js/session.js asks for news: while a socket is open, and after the page's time is up.
WITH_SOCKET_SECONDS = 25.0
AT_ZERO_SECONDS = (0.4, 2.4, 3.9, 6.9)
LEAST_SECONDS = 0.2  # before the limit: what is meant to be in time is sent no later
WORDS = ("I", "would", "share", "it", "in", "a", "fair", "way", "so", "that", "we", "both", "gain", "from", "this")
Stop = Literal["silent", "leave", "withdraw", "decline", "vanish"]


@dataclass(frozen=True)
class Move:
    """What to do next.

    Attributes:
        after_seconds: From the moment when the page was shown.
        do: "answer" sends `data`; so do "decline" and "withdraw", by the page's own button. "look" asks for news,
            "reload" loads the page again, "leave" uses the way out, "vanish" closes the browser for good.
        data: Answers by field name, or the quiet button that was pressed.
        again: Whether the form is sent once more: "other_tab" sends the same answers from a second tab that was opened
            on the same page, "back" sends the page again that is over by then, under its old key, with `second`.
        second: What is sent by going back.
        is_offline: Whether the browser hears nothing until then, as without a network: the page does not go on by
            itself, and an act comes after the limit.
    """

    after_seconds: float
    do: Do
    data: Mapping[str, str] = field(default_factory=dict)
    again: Again = ""
    second: Mapping[str, str] = field(default_factory=dict)
    is_offline: bool = False


def look_seconds(page: Shown, *, has_socket: bool, shown_for: float = 0.0) -> float:
    """How soon the page asks for news by itself; also the sign of life that keeps one's place.

    Args:
        shown_for: Seconds since the page was shown: when its time is up, it asks more often for a while.
    """
    is_often = page.kind == "waiting" or (page.is_live and not has_socket)
    seconds = float(page.poll_seconds) if is_often else WITH_SOCKET_SECONDS
    if page.seconds_left is None:
        return seconds
    return min([seconds, *(at for after in AT_ZERO_SECONDS if (at := page.seconds_left + after - shown_for) > 0)])


def place_of(page: Shown, answers: Mapping[str, str]) -> str:
    """Where in a study a page is, as far as a person can see: consent, quiz, lobby, game, debrief, or another one."""
    if page.kind == "waiting":
        return "lobby"
    if page.kind == "match":
        return "game"
    if page.offers("decline"):
        return "consent"
    if page.offers("withdraw"):
        return "debrief"
    return "quiz" if any(name in answers for name in page.asked) else "other"


class Mind:
    """One simulated person.

    Args:
        number: Which person, from 0.
        seed: The simulation's seed; with the number it settles everything that chance decides.
        answers: Right answers of the quiz and other fixed answers, by field name.
        choose: Decides what to answer where it returns something; what it leaves out is answered by chance.
        stops: Where this person stops playing along, and how, instead of what the profile would draw: place or heading
            of a page to how. "silent" looks on and never answers there.
    """

    def __init__(
        self,
        number: int,
        *,
        seed: str,
        profile: Profile,
        answers: Mapping[str, str],
        choose: Choose | None = None,
        stops: Mapping[str, Stop] | None = None,
    ) -> None:
        self.number = number
        self.profile = profile
        self.answers = answers
        self.choose = choose
        self.rng = Random(f"{seed}/person/{number}")  # noqa: S311  seeded on purpose
        self.slowness = self.rng.lognormvariate(0, profile.person_spread)
        self.has_two_tabs = self._happens(profile.two_tabs)
        drawn = self._stops()
        self.stops = drawn if stops is None else dict(stops)
        self._tried: set[str] = set()
        self._has_read: set[str] = set()

    def next_move(self, page: Shown) -> Move:
        """What to do about a page that has just been shown, or that was looked at in vain."""
        stopped = self._stopped(page)
        if stopped is not None:
            return stopped
        if not page.button:
            return self._look(page)
        if page.kind == "waiting" and self._happens(self.profile.not_ready):
            return self._look(page)
        if self._happens(self.profile.reloading):
            return Move(self._reading(page) / 2, "reload")
        return self._answer(page)

    def _stops(self) -> dict[str, Stop]:
        """Where the person will drop out: drawn once, whether or not they get there."""
        said = self.profile
        plans: list[tuple[str, float, Stop]] = [
            ("consent", said.declining, "decline"),
            ("quiz", said.quitting_quiz, self._quits()),
            ("lobby", said.quitting_lobby, self._quits()),
            ("debrief", said.withdrawing, "withdraw"),
        ]
        return {place: how for place, share, how in plans if self._happens(share)}

    def _quits(self) -> Stop:
        return "vanish" if self._happens(self.profile.vanishing) else "leave"

    def _stopped(self, page: Shown) -> Move | None:
        place = place_of(page, self.answers)
        how = self.stops.get(place) or self.stops.get(page.title)
        if how is None and place == "game" and page.button and self._happens(self.profile.quitting_act):
            how = self._quits()
        if how is None or how == "silent":
            return self._look(page) if how else None
        button: dict[str, str] = {name: value for name, value in page.buttons if name == how}
        if how == "decline" and not button:
            return None
        after = self._patience() if place == "lobby" else self._reading(page) + self._thinking()
        return Move(after, how, button)

    def _patience(self) -> float:
        return self.rng.expovariate(1 / self.profile.lobby_patience_seconds)

    def _look(self, page: Shown) -> Move:
        return Move(look_seconds(page, has_socket=False), "look")

    def _answer(self, page: Shown) -> Move:
        data = self._filled_in(page)
        typed = sum(len(data.get(one.name, "")) for one in page.asked.values() if one.kind in {"text", "textarea"})
        picked = sum(1 for one in page.asked.values() if one.kind not in {"text", "textarea"} and one.name in data)
        writing = typed / self.profile.typing_chars_per_s + picked * self.profile.picking_seconds
        wished = self._reading(page) + self._thinking() + self.slowness * writing
        move = Move(self._in_time(page.seconds_left, wished), "answer", data)
        if page.kind == "match" and page.seconds_left is not None and self._happens(self.profile.late_acts):
            late = page.seconds_left + self.rng.uniform(0, self.profile.lateness_seconds)
            move = replace(move, after_seconds=late, is_offline=True)
        return self._twice(page, move) if self.has_two_tabs else move

    def _twice(self, page: Shown, move: Move) -> Move:
        again: Again = self.rng.choice(("other_tab", "back"))
        return replace(move, again=again, second=self._filled_in(page) if again == "back" else {})

    def _in_time(self, left: int | None, wished: float) -> float:
        """People see the clock, and hurry."""
        longest = wished if left is None else max(0.0, left - LEAST_SECONDS)
        return wished if wished <= longest else longest * self.rng.uniform(0.7, 1)

    def _reading(self, page: Shown) -> float:
        """What was read before is not read again."""
        fresh = {line for line in page.text.split("\n") if line not in self._has_read}
        self._has_read |= fresh
        return self.slowness * sum(map(len, fresh)) / self.profile.reading_chars_per_s

    def _thinking(self) -> float:
        return self.slowness * self.profile.thinking_seconds * self.rng.lognormvariate(0, self.profile.thinking_spread)

    def _filled_in(self, page: Shown) -> dict[str, str]:
        """An answer to everything that is asked."""
        own = {name: self._value(asked) for name, asked in page.asked.items()}
        chosen = self.choose(page) if self.choose else None
        data = {name: value for name, value in own.items() if value is not None} | dict(chosen or {})
        self._tried |= set(page.asked)
        return data

    def _value(self, asked: Asked) -> str | None:
        """What is sent for one field; None where a browser sends nothing, as for an empty box."""
        right = self.answers.get(asked.name)
        if right is not None:
            misread = asked.name not in self._tried and self._happens(self.profile.misreading)
            return self._wrong(asked, right) if misread else right
        if asked.kind == "checkbox":
            is_ticked = asked.required or self._happens(self.profile.ticking_optional)
            return asked.values[0] if is_ticked else None
        if asked.kind in CHOSEN:
            return self.rng.choice(asked.values)
        if asked.kind == "number":
            return str(self.rng.randint(asked.low, asked.high))
        return self._words(asked)

    def _wrong(self, asked: Asked, right: str) -> str:
        """Another answer than the right one, as long as there is one."""
        if asked.kind == "number":
            number = self.rng.randint(asked.low, asked.high)
            return str(number if str(number) != right else asked.low if str(asked.low) != right else asked.high)
        return self.rng.choice([value for value in asked.values if value != right] or [right])

    def _words(self, asked: Asked) -> str:
        if not asked.required and self._happens(self.profile.leaving_optional_empty):
            return ""
        most = asked.most or 100
        return " ".join(self.rng.choices(WORDS, k=self.rng.randint(3, 12)))[:most].strip()

    def _happens(self, share: float) -> bool:
        return self.rng.random() < share
