"""Whether conditions and outcomes of a study are held back now, and from whom.

The one place that decides. From the first recruited person on until collection is closed nobody sees them but a named
monitor: who looks at outcomes by condition while data come in stops when it suits. Before that person came there are
only trials and a pilot, which never count; a demonstration and simulated people have no outcomes at all.
"""

from datetime import datetime
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser

from events.models import Event
from studies.models import Deviation, Membership, Study
from studies.problems import StudyError
from studies.queries import CLOSED, has_begun, researcher_named


class State(StrEnum):
    """How a study stands."""

    NEVER = "never"  # a demonstration, or simulated
    NOT_YET = "not_yet"  # nobody who was recruited has entered
    MASKED = "masked"
    UNMASKED = "unmasked"  # before collection was closed: a deviation, with its reason
    ENDED = "ended"  # collection is closed


def state_of(study: Study) -> State:
    """How a study stands now; `study.status` is taken as it was read."""
    if study.is_demo or study.is_simulated:
        return State.NEVER
    if unmasking_of(study) is not None:
        return State.UNMASKED
    if study.status == Study.Status.CLOSED:
        return State.ENDED
    return State.MASKED if has_begun(study) else State.NOT_YET


def is_masked(study: Study) -> bool:
    """Whether conditions and outcomes are held back from everybody but a monitor."""
    return state_of(study) == State.MASKED


def is_masked_for(study: Study, user_id: int | None) -> bool:
    """Whether they are held back from an account. None: from whoever works on the server."""
    return is_masked(study) and not is_monitor(study, user_id)


def is_monitor(study: Study, user_id: int | None) -> bool:
    """Whether an account was named as a monitor of a study."""
    return study.memberships.filter(user=user_id or 0, role=Membership.Role.MONITOR).exists()


def monitor_named(study: Study, username: str) -> AbstractBaseUser:
    """The monitor of a study with a name. Raises StudyError: "user_unknown", "user_not_staff", "not_a_monitor"."""
    user = researcher_named(username)
    if not is_monitor(study, user.pk):
        remedy = f"a monitor is named with `manage.py study monitor {study.slug} USERNAME`"
        raise StudyError("not_a_monitor", f"{username} is no monitor of {study.slug}; {remedy}")
    return user


def refuse_while_masked(study: Study, what: str) -> None:
    """Raise StudyError "masked" where they are held back.

    Args:
        what: What would tell them, as the beginning of a sentence: "what people wrote".
    """
    if is_masked(study):
        raise StudyError(
            "masked",
            f"{what} would tell conditions or outcomes of {study.slug}, which are held back while data come in: "
            f"wait until it is closed, or give a reason with `manage.py study unmask {study.slug} --reason TEXT`",
        )


def unmasking_of(study: Study) -> Deviation | None:
    """What ended the masking before collection was closed, if anything did."""
    return study.deviations.filter(kind=Deviation.Kind.UNMASKED).first()


def ended_at(study: Study) -> datetime | None:
    """When conditions and outcomes could first be seen by everybody; None while they cannot, and where nobody masks."""
    if study.is_demo or study.is_simulated:
        return None
    unmasked = unmasking_of(study)
    if unmasked is not None:
        return unmasked.at
    closed = Event.objects.filter(kind=CLOSED, subject_kind="study", subject_id=study.pk).order_by("pk").first()
    return closed.at if closed else None
