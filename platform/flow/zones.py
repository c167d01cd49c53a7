"""In which zone a person's visits are planned: the study's, or the one that the person confirms after the first."""

from scheduling.models import Session
from studies import definition

ASKS_ZONE = "asks_zone"  # in a session's facts: its stages are over, and the zone is not known yet
BY_BROWSER = "browser_confirmed"


def is_zone_wanted(session: Session) -> bool:
    """Whether a person whose first visit is over must still say what their clock shows."""
    rule = definition.definition(session.participant.version).timezone
    return rule is not None and rule.source == BY_BROWSER and not session.participant.zone
