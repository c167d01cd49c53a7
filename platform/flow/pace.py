"""How often one person may send forms, and say something over sockets.

Neither guards what is true: PostgreSQL refuses what must not be stored. Forms are counted in Redis, for all processes
together, as a hint: without it everyone passes. Sockets are counted in the memory of the process that serves them.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable

from events.tally import Tally
from participants.models import Participant

MOST = 20
SECONDS = 10
MOST_COPIES = 6  # of one's own data, which take longer to gather than any page
COPY_SECONDS = 60


def is_too_fast(participant: Participant, *, what: str = "forms", most: int = MOST, seconds: int = SECONDS) -> bool:
    """Count one form, or one of something else, and say whether there have been too many of it in the last seconds.

    Simulated people may be as fast as the machine: the seconds between their forms are not ours.
    """
    if participant.study.is_simulated:
        return False
    return Tally(f"{what}:{participant.pk}", seconds).add() > most


class Recent:
    """How often each of many did something in the last seconds, as far as this process has seen.

    Whoever did nothing for so long is forgotten, so what is kept is bounded by who comes within that time; and above
    `most_kept` by that number: then those who were quiet for longest begin anew.
    """

    def __init__(self, most: int, seconds: float, *, most_kept: int = 20_000) -> None:
        self._most, self._seconds, self._most_kept = most, seconds, most_kept
        self._of: OrderedDict[Hashable, deque[float]] = OrderedDict()  # whoever was there last stands last

    def add(self, who: Hashable, now: float) -> bool:
        """Count one more, and say whether there have been too many. What is too much counts, too."""
        times = self._of.setdefault(who, deque(maxlen=self._most + 1))
        times.append(now)
        self._of.move_to_end(who)
        self._forget(now)
        return self.is_full(who, now)

    def is_full(self, who: Hashable, now: float) -> bool:
        """Whether there have been too many."""
        times = self._of.get(who)
        return times is not None and len(times) > self._most and now - times[0] < self._seconds

    def clear(self) -> None:
        """Forget everybody."""
        self._of.clear()

    def __len__(self) -> int:
        return len(self._of)

    def _forget(self, now: float) -> None:
        while self._of:
            quietest = next(iter(self._of))
            if len(self._of) <= self._most_kept and now - self._of[quietest][-1] < self._seconds:
                return
            del self._of[quietest]


class AtSockets:
    """How much one person may say over all sockets of this process, however often they are opened anew.

    The browser is not told in words: what is too much goes by its form, or its socket is closed and it polls until it
    opens one again. This process serves all sockets of an address; where there were two, each would count its own.
    """

    MOST_IN_A_SECOND = 5
    MOST_FRAMES, FRAMES_SECONDS = 60, 10.0  # a browser of ours says a few, in each of its tabs
    MOST_OPENED, OPENED_SECONDS = 20, 10.0

    def __init__(self) -> None:
        # no more than forms may be sent in ten seconds, and five in one
        self._messages = (Recent(self.MOST_IN_A_SECOND, 1.0), Recent(MOST, SECONDS))
        self._frames = Recent(self.MOST_FRAMES, self.FRAMES_SECONDS)
        self._opened = Recent(self.MOST_OPENED, self.OPENED_SECONDS)

    def is_too_quick(self, participant_id: int, now: float) -> bool:
        """Count one message more, and say whether there have been too many."""
        found = [one.add(participant_id, now) for one in self._messages]  # each counts it
        return any(found)

    def is_flooded(self, participant_id: int, now: float) -> bool:
        """Count one frame of any kind more, and say whether there have been too many."""
        return self._frames.add(participant_id, now)

    def is_barred(self, participant_id: int, now: float) -> bool:
        """Whether there have been too many frames, so that another socket is not let in."""
        return self._frames.is_full(participant_id, now)

    def opens_too_often(self, secret: str, now: float) -> bool:
        """Count one socket more of whoever has a secret, by its digest: nothing is asked of the database before."""
        return self._opened.add(secret, now)

    def clear(self) -> None:
        """Forget everybody."""
        for one in (*self._messages, self._frames, self._opened):
            one.clear()


at_sockets = AtSockets()
