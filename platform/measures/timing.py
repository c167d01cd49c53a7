"""When each question of a page came into view, was first answered and last changed, as the browser counted. Pure.

A browser can say anything, and one without scripts says nothing. What cannot be true is left out, and the answer beside
it is kept: times are never a reason to refuse a form.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

FIELD = "times"
"""The name under which a form sends them: `a.1=120,3400,5100;a.2=150,,`."""
MOST_CHARS = 20_000
SLACK_MS = 1000  # clocks of browsers and servers do not run alike
_ONE = re.compile(r"([a-z0-9_.@]{1,60})=([0-9]{1,9}),([0-9]{0,9}),([0-9]{0,9})")


@dataclass(frozen=True)
class Times:
    """Milliseconds since the page was shown; None where it never happened."""

    shown_ms: int | None = None
    first_ms: int | None = None
    last_ms: int | None = None

    def is_possible(self, within_ms: float) -> bool:
        """Whether they stand in order, and none is later than the form came."""
        said = [one for one in (self.shown_ms, self.first_ms, self.last_ms) if one is not None]
        is_whole = (self.first_ms is None) == (self.last_ms is None)
        return is_whole and said == sorted(said) and all(one <= within_ms for one in said)


UNTIMED = Times()


def times_of(raw: str, keys: Collection[str], *, elapsed_ms: float) -> dict[str, Times]:
    """The times that can be true, by the key of the field.

    Args:
        raw: As sent.
        keys: Of the fields that the page asked.
        elapsed_ms: From the opening of the stage to the coming of the form, by the server's clock.
    """
    found: dict[str, Times] = {}
    for part in raw.split(";") if len(raw) <= MOST_CHARS else ():
        match = _ONE.fullmatch(part)
        if match is None or match[1] not in keys or match[1] in found:
            continue
        times = Times(int(match[2]), *(int(one) if one else None for one in (match[3], match[4])))
        if times.is_possible(elapsed_ms + SLACK_MS):
            found[match[1]] = times
    return found
