"""A text about taking part has changed: asking those who wait, before a group can be made of them."""

from django.db.models import QuerySet

from flow.consenting import asked_again
from flow.deadlines import forget_stage_deadline
from flow.services import visits
from flow.services.locking import lock, retry_lock
from matching.queries import LIVE
from matching.services import leave_waiting
from scheduling.models import Session


def ask_those_who_wait(study_id: int) -> int:
    """Show the changed text to everybody who waits for a group; return how many were asked.

    Whoever agrees begins to wait anew, paid for both times. Everybody else is asked at the end of their open stage.
    """
    return sum(_ask(pk) for pk in _waiting(study_id).values_list("pk", flat=True))


def _waiting(study_id: int) -> QuerySet[Session]:
    active = Session.objects.filter(participant__study=study_id, status=Session.Status.ACTIVE)
    return active.filter(tickets__status__in=LIVE).order_by("pk").distinct()


def _ask(session_id: int) -> bool:
    def work() -> bool:
        # Under the lock: a group may have been made of those who waited, and then the others must not wait for one.
        session = lock(session_id)
        is_waiting = _waiting(session.participant.study_id).filter(pk=session.pk).exists()
        if not is_waiting or asked_again(session) is None:
            return False
        leave_waiting(session.participant)
        forget_stage_deadline(session)
        visits.enter(session)
        return True

    return retry_lock(work)
