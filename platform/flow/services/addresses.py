"""What a person decides about being reminded: an address, none, or no reminders at all. Each is one transaction."""

from django.db import transaction

from flow.services.locking import lock_newest, retry_lock
from participants import identity
from participants.models import Participant
from participants.services import revoke_mailed_links


def keep(participant_id: int, address: str) -> bool:
    """Keep an address that was given; false where the person's part is over, so that nothing is kept any more.

    Raises:
        ParticipantError: "no_address".
    """

    def work() -> bool:
        person = lock_newest(participant_id).participant
        is_there = person.status == Participant.Status.ACTIVE
        if is_there and identity.keep_address(person, address):
            revoke_mailed_links(person)
        return is_there

    return retry_lock(work)


def resume(participant_id: int) -> None:
    """Remind a person again who had wanted no reminders. Without an address there is one only by other channels."""

    def work() -> None:
        person = lock_newest(participant_id).participant
        if person.status == Participant.Status.ACTIVE:
            identity.resume(person)

    retry_lock(work)


@transaction.atomic
def stop(participant: Participant, *, by: str) -> None:
    """Remind a person no more, and forget the address. Harmless again.

    It takes no lock of the person's: whoever is about to be reminded while this is done may still be, for the last
    time.
    """
    if Participant.objects.filter(pk=participant.pk, status=Participant.Status.ACTIVE).exists():
        identity.stop(participant, by=by)
        if (
            by == "page"
        ):  # "delete my address": it may be a stranger's. By a message's own link its reader may come back
            revoke_mailed_links(participant)
