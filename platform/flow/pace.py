"""How often one person may send forms. A hint, so without Redis it lets everyone pass."""

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
