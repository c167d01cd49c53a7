"""How often something happened in the present stretch of time. A hint in Redis: without it nothing is counted.

The stretch is part of the key. A counter that is only told to run out can run out between two commands, is then begun
anew by the second one without an end, and bars whoever it counts for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import time

from django.core.cache import cache

from events.patience import asked


@dataclass(frozen=True)
class Tally:
    """A count that begins anew every `seconds`, by each host's own clock: around a beginning twice as many may pass.

    Args:
        name: Unique to what is counted; a digest where that is somebody's name or address.
    """

    name: str
    seconds: int

    def add(self) -> int:
        """Count one more, and return how many there are now; 0 where nothing can be counted."""
        return self._ask(self._added)

    def count(self) -> int:
        """How many there are."""
        return self._ask(lambda key: int(cache.get(key) or 0))

    def take_back(self) -> None:
        """One of them was none."""
        self._ask(cache.decr)

    def forget(self) -> None:
        """None of them counts any more."""
        self._ask(lambda key: int(cache.delete(key)))

    def _added(self, key: str) -> int:
        # Mostly it is the first, and one way to Redis. The key outlives its stretch: it cannot run out between the two.
        return 1 if cache.add(key, 1, timeout=2 * self.seconds) else int(cache.incr(key))

    def _ask(self, command: Callable[[str], int]) -> int:
        def ask() -> int:
            try:
                return command(f"{self.name}:{int(time()) // self.seconds}")
            except ValueError:  # Redis was emptied between two commands
                return 0

        return asked(ask, 0, told="limiter is open")
