"""Whether somebody must wait with a conversation until the study team is there. Reads only.

So it is where the study file says `outside: closed`. They wait before the room in which their group is formed, so
nobody else waits with them. Who is in that room by then, or in a conversation, goes on.
"""

from datetime import datetime

from events import clock
from scheduling.models import Session
from studies import definition
from studies.companions import talks_of
from studies.models import Version
from studies.schema_safety import Staffed
from studies.schema_stages import GameStage, WaitingRoomStage
from studies.staffing import opens_at

CLOSED = "closed"  # in a session's facts: it waits until conversations may begin, before the stage is opened
SHUT = "talk.shut"


def closing(version: Version) -> Staffed | None:
    """The hours outside of which no conversation begins; None where one may begin at any time."""
    safety = definition.definition(version).safety
    return safety.staffed if safety is not None and safety.staffed.outside == "closed" else None


def shut_until(session: Session) -> datetime | None:
    """When the room that a session is about to enter may be entered; None where that is now.

    Demonstrations and simulated people are in no danger.
    """
    study, version = session.participant.study, session.participant.version
    hours = closing(version)
    if hours is None or study.is_demo or study.is_simulated or not _leads_to_talk(version, session):
        return None
    now = clock.now()
    at = opens_at(hours, now)
    return at if at > now else None


def _leads_to_talk(version: Version, session: Session) -> bool:
    said = definition.definition(version)
    if not isinstance(said.stages[session.stage], WaitingRoomStage):
        return False
    coming = said.stages[session.stage : definition.places(version, session.wave).stop]
    game = next((one for one in coming if isinstance(one, GameStage)), None)
    return game is not None and any(stage.id == game.id for stage, _ in talks_of(said))
