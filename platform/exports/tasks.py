"""What is due after somebody asked that their data be deleted."""

from events.claim import Claim
from exports.services import erasure


def erase(claim: Claim) -> str | None:
    """Delete a person's data, or look again later; the row is settled in the transaction that does either."""
    return erasure.erase(claim)
