"""What a simulated person writes into a form: what is known to be right, what a policy says, chance for the rest."""

from collections.abc import Callable, Mapping
from random import Random

from simulation.pages import CHOSEN, Asked, Shown
from simulation.profile import Profile

Choose = Callable[[Shown], Mapping[str, str] | None]

EMAIL = "email"
TYPED = frozenset({"text", "textarea", EMAIL})
ZONE = "zone"  # the field that asks what somebody's clock shows
WORDS = ("I", "would", "share", "it", "in", "a", "fair", "way", "so", "that", "we", "both", "gain", "from", "this")
MOST_CHARS = 100  # where the form sets no limit


class Hand:
    """Fills in forms within the bounds that they state.

    Args:
        rng: The person's own chance.
        answers: Right answers of the quiz and other fixed answers, by field name.
        choose: Decides what to answer where it returns something; what it leaves out is answered by chance.
        zone: What the person's browser names as the zone of its clock.
    """

    def __init__(
        self, rng: Random, *, profile: Profile, answers: Mapping[str, str], choose: Choose | None, zone: str
    ) -> None:
        self._rng = rng
        self._zone = zone
        self._profile = profile
        self._answers = answers
        self._choose = choose
        self._tried: set[str] = set()

    def fill_in(self, page: Shown) -> dict[str, str]:
        """An answer to everything that is asked, as a browser sends it: an empty box is not sent at all."""
        own = {name: self._value(asked) for name, asked in page.asked.items()}
        if any(asked.kind == "checkbox" and own[name] is None for name, asked in page.asked.items()):
            own |= {name: "" for name, asked in page.asked.items() if asked.kind == EMAIL}  # not without the tick
        chosen = self._choose(page) if self._choose else None
        self._tried |= set(page.asked)
        return {name: value for name, value in own.items() if value is not None} | dict(chosen or {})

    def seconds(self, page: Shown, data: Mapping[str, str]) -> float:
        """How long it takes to type and pick this."""
        typed = sum(len(data.get(one.name, "")) for one in page.asked.values() if one.kind in TYPED)
        picked = sum(1 for one in page.asked.values() if one.kind not in TYPED and one.name in data)
        return typed / self._profile.typing_chars_per_s + picked * self._profile.picking_seconds

    def _value(self, asked: Asked) -> str | None:
        right = self._answers.get(asked.name)
        if right is not None:
            is_misread = asked.name not in self._tried and self._happens(self._profile.misreading)
            return self._wrong(asked, right) if is_misread else right
        if asked.kind == "checkbox":
            is_ticked = asked.required or self._happens(self._profile.ticking_optional)
            return asked.values[0] if is_ticked else None
        if asked.kind in CHOSEN or asked.kind == "select":
            is_of_clock = asked.name == ZONE and self._zone in asked.values
            return self._zone if is_of_clock else self._rng.choice(asked.values)
        if asked.kind == "number":
            return str(self._rng.randint(asked.low, asked.high))
        if asked.kind == EMAIL:
            return f"person{self._rng.randrange(10**9)}@example.invalid"
        return self._words(asked)

    def _wrong(self, asked: Asked, right: str) -> str:
        """Another answer than the right one, as long as there is one."""
        if asked.kind == "number":
            drawn = self._rng.randint(asked.low, asked.high)
            return next((str(n) for n in (drawn, asked.low, asked.high) if str(n) != right), right)
        return self._rng.choice([value for value in asked.values if value != right] or [right])

    def _words(self, asked: Asked) -> str:
        if not asked.required and self._happens(self._profile.leaving_optional_empty):
            return ""
        words = " ".join(self._rng.choices(WORDS, k=self._rng.randint(3, 12)))
        while len(words) < asked.least:
            words = f"{words} {self._rng.choice(WORDS)}"
        return words[: asked.most or MOST_CHARS].strip().ljust(asked.least, "o")

    def _happens(self, share: float) -> bool:
        return self._rng.random() < share
