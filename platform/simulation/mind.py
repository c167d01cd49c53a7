"""What a simulated person does next, and after how long. Pure: the page, the person's own chance, nothing else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

from simulation.answering import ZONE, Choose, Hand
from simulation.pages import ZONE_PAGE, Shown
from simulation.profile import ZONES, Profile, zone_of

Do = Literal["answer", "look", "leave", "withdraw", "decline", "vanish", "reload", "travel"]
Again = Literal["", "other_tab", "back"]

# As static/js/session.js asks for news: while a socket is open, and after the page's time is up.
WITH_SOCKET_SECONDS = 25.0
AT_ZERO_SECONDS = (0.4, 2.4, 3.9, 6.9)
SECONDS_PER_HOUR = 3600.0
LEAST_SECONDS = 0.2  # before the limit: what is meant to be in time is sent no later
Stop = Literal["silent", "leave", "withdraw", "decline", "vanish"]


@dataclass(frozen=True)
class Move:
    """What to do next.

    Attributes:
        after_seconds: From the moment when the page was shown.
        do: "answer" sends `data`; so do "decline" and "withdraw", by the page's own button. "look" asks for news,
            "reload" loads the page again, "leave" uses the way out, "vanish" closes the browser for good, "travel"
            says that the clock shows another time now.
        data: Answers by field name, the quiet button that was pressed, or the new zone.
        again: Whether the form is sent once more: "other_tab" sends the same answers from a second tab that was opened
            on the same page, "back" sends the page again that is over by then, under its old key, with `second`.
        second: What is sent by going back.
        is_offline: Whether the browser hears nothing until then, as without a network: the page does not go on by
            itself, and an act comes after the limit.
        typing_seconds: How much of the time before it is typing of which others in a talk may be told.
    """

    after_seconds: float
    do: Do
    data: Mapping[str, str] = field(default_factory=dict)
    again: Again = ""
    second: Mapping[str, str] = field(default_factory=dict)
    is_offline: bool = False
    typing_seconds: float = 0.0


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
        self.rng = Random(f"{seed}/person/{number}")  # noqa: S311  seeded on purpose
        self.slowness = self.rng.lognormvariate(0, profile.person_spread)
        self.has_two_tabs = self._happens(profile.two_tabs)
        drawn = self._stops()
        self.stops = drawn if stops is None else dict(stops)
        self._hand = Hand(self.rng, profile=profile, answers=answers, choose=choose, zone=zone_of(number, seed=seed))
        self._has_read: set[str] = set()

    def next_move(self, page: Shown) -> Move:
        """What to do about a page that has just been shown, or that was looked at in vain."""
        stopped = self._stopped(page)
        if stopped is not None:
            return stopped
        if page.kind == "home" and page.opens_in is not None and not page.button:
            return self._come_back(page)
        if not page.button:
            return self._look(page)
        if page.kind == "waiting" and self._happens(self.profile.not_ready):
            return self._look(page)
        if self._happens(self.profile.reloading):
            return Move(self._reading(page) / 2, "reload")
        return self._answer(page)

    def thinks_again(self, page: Shown) -> bool:
        """Whether what has been said on this page meanwhile changes the plan. Ours go on with what they are writing."""
        del page
        return False

    def _come_back(self, page: Shown) -> Move:
        """Close the browser until the next visit is open, or has been missed; or for good."""
        opens_in = page.opens_in or 0.0
        window = max(0.0, (page.closes_in or opens_in) - opens_in)
        if self._happens(self.profile.dropping_out):
            return Move(self._thinking(), "vanish")
        if ZONE_PAGE in page.links and self._happens(self.profile.travelling):
            return Move(self._thinking(), "travel", {ZONE: self.rng.choice(ZONES)})
        if self._happens(self.profile.missing_visits):
            return Move(opens_in + window + min(SECONDS_PER_HOUR, window), "reload", is_offline=True)
        return Move(opens_in + LEAST_SECONDS + self._late_by(window - 2 * LEAST_SECONDS), "reload", is_offline=True)

    def _late_by(self, most: float) -> float:
        """How long after its opening a visit is begun: exponential, cut where it closes, so always in the window."""
        mean = self.profile.visit_delay_hours * SECONDS_PER_HOUR
        if not mean or most <= 0:
            return 0.0
        return -mean * math.log1p(self.rng.random() * math.expm1(-most / mean))

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
        data = self._hand.fill_in(page)
        wished = self._reading(page) + self._thinking() + self.slowness * self._hand.seconds(page, data)
        move = Move(self._in_time(page.seconds_left, wished), "answer", data)
        typed = self.slowness * len(data.get("message", "")) / self.profile.typing_chars_per_s
        move = replace(move, typing_seconds=min(typed, move.after_seconds))
        if page.kind == "match" and page.seconds_left is not None and self._happens(self.profile.late_acts):
            late = page.seconds_left + self.rng.uniform(0, self.profile.lateness_seconds)
            move = replace(move, after_seconds=late, is_offline=True)
        return self._twice(page, move) if self.has_two_tabs else move

    def _twice(self, page: Shown, move: Move) -> Move:
        again: Again = self.rng.choice(("other_tab", "back"))
        return replace(move, again=again, second=self._hand.fill_in(page) if again == "back" else {})

    def _in_time(self, left: float | None, wished: float) -> float:
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

    def _happens(self, share: float) -> bool:
        return self.rng.random() < share
