"""Keeping whom the debrief reached, and that it was tried."""

from collections.abc import Callable, Iterable, Sequence

from django.db import transaction
from django.db.models import Max

from events import log
from events.prepared import run
from flow.models import Debriefing
from participants.models import Participant
from participants.services import lock_people, make_link

DELIVERED = "debrief.delivered"
TRIED = "debrief.tried"
Link = tuple[str, str]
"""A participant's code, and the token of a link, which is stored nowhere."""

_FIRST = """
INSERT INTO flow_debriefing (participant_id, how, attempt, at, delivered_at)
VALUES (%s, %s, 1, rapport_now(), rapport_now())
ON CONFLICT (participant_id, how, attempt) DO NOTHING RETURNING 1
"""


@transaction.atomic
def mark_delivered(participant: Participant, how: str) -> bool:
    """Note that the page with the debrief is being served; true for the first time. Two loads at once are one."""
    if not run(_FIRST, [participant.pk, how]):
        return False
    _record(DELIVERED, participant, how=how)
    return True


@transaction.atomic
def send_links(people: Iterable[Participant], hand_out: Callable[[Sequence[Link]], None]) -> int:
    """Make for each a link that leads back to their last page, count it as an attempt, and hand the links out.

    Args:
        hand_out: Writes them where they can be sent from. If it fails there were no links and no attempts.
    """
    wanted = list(people)
    # Two lists that are made at once must not count as the same attempt, nor as one. All are locked before anything is
    # written, by key, as whoever locks several people does.
    lock_people([one.pk for one in wanted])
    links = [(one.code, _try(one)) for one in wanted]
    hand_out(links)
    return len(links)


def _try(participant: Participant) -> str:
    how = Debriefing.How.MESSAGE
    before = participant.debriefings.filter(how=how).aggregate(n=Max("attempt"))["n"] or 0
    Debriefing.objects.create(participant=participant, how=how, attempt=before + 1)
    _record(TRIED, participant, how=how, attempt=before + 1)
    return make_link(participant.study, origin=participant.origin, participant=participant)


def _record(kind: str, participant: Participant, **facts: object) -> None:
    subject = ("participant", participant.pk)
    log.record(kind, study=participant.study_id, subject=subject, facts=facts)
