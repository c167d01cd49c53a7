"""How long somebody may still talk today, and in this visit. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chat.models import Conversation
from chat.safety.policy import safety_of
from events import clock
from events.models import Event
from flow.models import Match
from matching.models import Seat
from studies.schema_safety import Safety

NONE = timedelta(0)


def time_left(match: Match) -> timedelta | None:
    """How much longer the people in a match may talk, the least of them; None where nothing limits it."""
    safety = safety_of(match.group.version)
    if safety is None or (safety.limits.minutes_per_visit is None and safety.limits.minutes_per_day is None):
        return None
    people = Seat.objects.filter(placings__match=match, session__isnull=False).select_related("session__participant")
    left = [one for seat in people for one in _left(safety, seat)]
    return max(NONE, min(left)) if left else None


def _left(safety: Safety, seat: Seat) -> Iterator[timedelta]:
    visit, day = safety.limits.minutes_per_visit, safety.limits.minutes_per_day
    person = seat.participant
    if person is None:
        return
    over = list(Conversation.objects.filter(match__placings__seat__participant=person, closed_at__isnull=False))
    spans = _spans(over)
    if visit is not None:
        mine = set(
            Conversation.objects.filter(match__placings__seat__session=seat.session).values_list("pk", flat=True)
        )
        yield timedelta(minutes=visit) - sum((end - begin for pk, begin, end in spans if pk in mine), NONE)
    if day is not None:
        now = clock.now().astimezone(ZoneInfo(person.zone or safety.staffed.zone))
        since = now.replace(hour=0, minute=0, second=0, microsecond=0)
        today = ((max(begin, since), end) for _, begin, end in spans if end > since)
        yield timedelta(minutes=day) - sum((end - begin for begin, end in today), NONE)


def _spans(over: Sequence[Conversation]) -> list[tuple[int, datetime, datetime]]:
    """From when to when conversations that are over lasted."""
    opened = Event.objects.filter(
        kind="step.opened", subject_kind="match", subject_id__in=[one.match_id for one in over]
    )
    began = {(one.subject_id, one.facts["path"]): one.at for one in opened}
    return [
        (one.pk, began[one.match_id, one.path], one.closed_at)
        for one in over
        if one.closed_at is not None and (one.match_id, one.path) in began
    ]
