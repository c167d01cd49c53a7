"""What whoever shares a visit with a partner is told: that one waits for them, and not as long as the visit is open."""

from datetime import datetime
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import clock
from flow.between import said
from scheduling.models import Pair, ScheduledSession
from scheduling.states import State
from studies import definition
from studies.lasting import longest_wait

A_MINUTE = 60


def is_awaited(row: ScheduledSession) -> bool:
    """Whether a partner comes to a planned visit, too."""
    return row.pair_visit is not None and row.pair_visit.pair.status == Pair.Status.LASTING


def again_at(row: ScheduledSession) -> datetime | None:
    """When the two of a visit are to meet instead, where one came and the other did not."""
    return row.pair_visit.again_at if row.pair_visit is not None and is_awaited(row) else None


def is_put_off(row: ScheduledSession) -> bool:
    """Whether the two are to meet at another time, which is still to come."""
    again = again_at(row)
    return again is not None and again > clock.now()


def when_awaited(row: ScheduledSession) -> str:
    """From when on the partner waits in a visit, and for how long at most."""
    assert row.opens_at is not None
    again, zone = again_at(row), row.participant.zone
    if again is not None and is_put_off(row):
        opens = _("You meet your partner on %(when)s.") % {"when": said(again, zone)}
    elif row.state == State.OPEN:
        opens = _("It opened on %(when)s.") % {"when": said(row.opens_at, zone)}
    else:
        opens = _("It opens on %(when)s.") % {"when": said(row.opens_at, zone)}
    return f"{opens} {how_long(row)}"


def how_long(row: ScheduledSession) -> str:
    """For how long the partner waits at most."""
    study = definition.definition(row.participant.version)
    minutes = ceil(longest_wait(study, row.wave) / A_MINUTE)
    words = ngettext(
        "Your partner waits for you at most %(n)d minute.", "Your partner waits for you at most %(n)d minutes.", minutes
    )
    return words % {"n": minutes}
