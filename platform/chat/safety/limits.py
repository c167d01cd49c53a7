"""How long somebody may still talk today, and in this visit. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chat.models import Conversation
from chat.safety.policy import safety_of
from events import clock
from events.models import Event
from flow.models import Act, Match, Placing
from matching.models import Seat
from participants.models import Participant
from studies.schema_safety import Safety

NONE = timedelta(0)


@dataclass(frozen=True)
class Span:
    """From when to when somebody was in a conversation; up to now where they are."""

    begin: datetime
    end: datetime
    session: int | None = None


def time_left(match: Match) -> timedelta | None:
    """How long the people in a match may talk, the least of them, as its talk opens; None where nothing limits it.

    The talk itself does not count as long as it is open: what is left is counted from its opening.
    """
    safety = safety_of(match.group.version)
    if safety is None or (safety.limits.minutes_per_visit is None and safety.limits.minutes_per_day is None):
        return None
    people = Seat.objects.filter(placings__match=match, session__isnull=False).select_related("session__participant")
    left = [one for seat in people for one in _left(safety, seat, match)]
    return max(NONE, min(left)) if left else None


def length_of(spans: Iterable[Span]) -> timedelta:
    """How long one was in any of some conversations: a minute in two at once is one minute. Pure."""
    total, until = NONE, None
    for one in sorted(spans, key=lambda span: span.begin):
        begin = one.begin if until is None else max(one.begin, until)
        if one.end > begin:
            total, until = total + (one.end - begin), one.end
    return total


def _left(safety: Safety, seat: Seat, match: Match) -> Iterator[timedelta]:
    visit, day = safety.limits.minutes_per_visit, safety.limits.minutes_per_day
    person = seat.participant
    if person is None:
        return
    now = clock.now()
    spans = _spans(person, now, but=match)
    if visit is not None:
        yield timedelta(minutes=visit) - length_of(one for one in spans if one.session == seat.session_id)
    if day is not None:
        local = now.astimezone(ZoneInfo(person.zone or safety.staffed.zone))
        since = local.replace(hour=0, minute=0, second=0, microsecond=0)
        today = (Span(max(one.begin, since), one.end) for one in spans if one.end > since)
        yield timedelta(minutes=day) - length_of(today)


def _spans(person: Participant, now: datetime, *, but: Match) -> list[Span]:
    """Every conversation of somebody but the open one of a match.

    Each from its opening until it was over, or until they ended it for themselves or left: others may go on for hours.
    """
    seats = {seat.pk: seat for seat in Seat.objects.filter(participant=person)}
    placed = dict(Placing.objects.filter(seat__in=list(seats)).values_list("match", "seat"))
    talks = list(Conversation.objects.filter(match__in=list(placed)).exclude(match=but, path=but.path, closed_at=None))
    began, gone, done = _opened(talks), _gone(seats.values()), _ended(seats)
    spans = []
    for talk in talks:
        begin, seat = began.get((talk.match_id, talk.path)), seats[placed[talk.match_id]]
        if begin is not None:
            mine = gone.get((seat.group_id, seat.number)), done.get((talk.match_id, talk.path, seat.pk))
            ends = [at for at in (talk.closed_at, *mine) if at is not None]
            spans.append(Span(begin, min([now, *ends]), seat.session_id))
    return spans


def _opened(talks: Iterable[Conversation]) -> Mapping[tuple[int, str], datetime]:
    """When each was opened, by its match and path."""
    matches = [one.match_id for one in talks]
    opened = Event.objects.filter(kind="step.opened", subject_kind="match", subject_id__in=matches)
    return {(one.subject_id, one.facts["path"]): one.at for one in opened}


def _gone(seats: Iterable[Seat]) -> Mapping[tuple[int, int], datetime]:
    """When somebody left a seat, by its group and number."""
    groups = [seat.group_id for seat in seats]
    left = Event.objects.filter(kind="seat.left", subject_kind="group", subject_id__in=groups)
    return {(one.subject_id, one.facts["seat"]): one.at for one in left}


def _ended(seats: Iterable[int]) -> Mapping[tuple[int, str, int], datetime]:
    """When each of some seats (by their keys) said that it would say no more, by match, path and seat."""
    acts = Act.objects.filter(seat__in=list(seats))
    return {(act.match_id, act.path, act.seat_id): act.at for act in acts}
