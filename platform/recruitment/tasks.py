"""What is due when a study has come further: perhaps it has as many people as it wants."""

from events import due
from events.claim import Claim
from recruitment import services


def look_at_sample(claim: Claim) -> str | None:
    """Pause the study if its sample is reached or its last day is over.

    Whatever else has happened in the study until now is looked at with it: while many are there it is counted once a
    second, and not at each of their steps.
    """
    study, _, _cause = claim.key.partition(":")
    due.take_along(claim, f"{study}:")
    return services.stop_when_full(int(study))
