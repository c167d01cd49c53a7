"""How often one person may send forms. A hint, so without Redis it lets everyone pass."""

from collections import deque
from weakref import WeakValueDictionary

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


class Quick:
    """How often one person has sent messages over the sockets of this process, which serves all that they have.

    No more than forms may be sent in ten seconds, and five in one: what is more goes by the form, which says so.
    """

    MOST_IN_A_SECOND = 5
    _of: WeakValueDictionary[int, "Quick"] = WeakValueDictionary()

    def __init__(self) -> None:
        self._sent: deque[float] = deque(maxlen=MOST + 1)

    @classmethod
    def of(cls, participant_id: int) -> "Quick":
        """The one that all sockets of a person share, for as long as there is one."""
        return cls._of.setdefault(participant_id, cls())

    def is_too_quick(self, now: float) -> bool:
        """Count one more, and say whether there have been too many."""
        self._sent.append(now)
        in_a_second = sum(now - at < 1 for at in self._sent)
        return in_a_second > self.MOST_IN_A_SECOND or (len(self._sent) > MOST and now - self._sent[0] < SECONDS)
