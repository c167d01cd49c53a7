"""How often one person may send forms. A hint, so without Redis it lets everyone pass."""

from events.tally import Tally
from participants.models import Participant

MOST = 20
SECONDS = 10


def is_too_fast(participant: Participant) -> bool:
    """Count one form, and say whether there have been too many in the last seconds.

    Simulated people may be as fast as the machine: the seconds between their forms are not ours.
    """
    if participant.study.is_simulated:
        return False
    return Tally(f"forms:{participant.pk}", SECONDS).add() > MOST
