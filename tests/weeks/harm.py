"""Tickers, workers and Redis die at random times, as long as people play."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import redis

from config.places import places_of
from tests.faults.nemesis import is_alive
from tests.machinery.running import Running

TICKER = "another ticker"
REDIS = "redis"
KILLED = ("sweeper", TICKER, TICKER, "jobs", "bots", REDIS)
# A pointer on its way is lost with whoever dies just then; without Redis none is told until all are connected again.
SHADOW_SECONDS = {REDIS: 10.0}
SHADOW, LEFT_BEFORE = 0.5, 1.0


@dataclass
class Harm:
    """What was killed, and when by this host's clock."""

    kills: list[tuple[str, float]] = field(default_factory=list)

    @property
    def kinds(self) -> Counter[str]:
        """How often what was killed."""
        return Counter(name for name, _ in self.kills)

    def explains(self, after: float, by: float) -> bool:
        """Whether a pointer that should have come in a stretch of time can have died with what was killed."""
        return any(after - SHADOW_SECONDS.get(name, SHADOW) <= at <= by + LEFT_BEFORE for name, at in self.kills)


class Tickers:
    """Sweepers beside that of `up`, each started again when it has died."""

    def __init__(self, running: Running, count: int) -> None:
        self._env = running.env
        self._living = [self._start() for _ in range(count)]

    def _start(self) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", "tests.weeks.ticker"]
        return subprocess.Popen(argv, env=self._env, stderr=subprocess.DEVNULL)

    def kill_one(self, rng: Random) -> None:
        """SIGKILL one, and start another in its place."""
        place = rng.randrange(len(self._living))
        self._living[place].kill()
        self._living[place].wait()
        self._living[place] = self._start()

    def close(self) -> None:
        """End all."""
        for one in self._living:
            one.terminate()
        for one in self._living:
            one.wait(30)


@contextmanager
def killed_at_random(running: Running, *, seconds: tuple[float, float], seed: str) -> Iterator[Harm]:
    """Three tickers at once, and as long as the block lasts somebody is killed every few seconds.

    Args:
        seconds: The shortest and the longest time between two deaths.
    """
    harm, over, rng = Harm(), threading.Event(), Random(seed)
    tickers = Tickers(running, 2)

    def work() -> None:
        bag: list[str] = []
        while not over.wait(rng.uniform(*seconds)):
            bag = bag or rng.sample(KILLED, k=len(KILLED))
            name = bag.pop()
            if _kill(running, tickers, name, rng):
                harm.kills.append((name, time.time()))

    killer = threading.Thread(target=work, name="killer", daemon=True)
    killer.start()
    try:
        yield harm
    finally:
        over.set()
        killer.join(30)
        tickers.close()


def _kill(running: Running, tickers: Tickers, name: str, rng: Random) -> bool:
    """Kill it, unless it is dead already."""
    if name == TICKER:
        tickers.kill_one(rng)
        return True
    if name == REDIS:
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(_address(running), socket_timeout=3) as client:
            client.flushdb()  # all it holds is lost, too
    if not is_alive(running.pid(name)):
        return False
    os.kill(running.pid(name), signal.SIGKILL)
    return True


def _address(running: Running) -> str:
    return places_of(running.home).redis_url


def names() -> Sequence[str]:
    """All that may die."""
    return sorted(set(KILLED))
