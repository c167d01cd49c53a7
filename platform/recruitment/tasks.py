"""What is due when a study has come further: perhaps it has as many people as it wants."""

from events.claim import Claim
from recruitment import services


def look_at_sample(claim: Claim) -> str | None:
    """Pause the study if its sample is reached or its last day is over."""
    return services.stop_when_full(int(claim.key.partition(":")[0]))
