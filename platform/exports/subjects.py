"""From the primary keys in an event to codes that may leave the database. Works on a batch, so memory stays bounded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chat.models import Conversation
from exports.codes import match_code, seat_code
from exports.society import is_withdrawn
from flow.models import Match
from matching.models import Group, Seat, Ticket
from participants.models import Participant
from scheduling.models import Pair, Reminder, ScheduledSession, Session

KINDS = ("participant", "session", "ticket", "group", "match", "seat", "conversation")


@dataclass(frozen=True)
class Named:
    """Something that events are about. `began` is what its times count from."""

    code: str
    participant: str | None = None
    group: str | None = None
    began: datetime | None = None
    is_withdrawn: bool = False


@dataclass
class Names:
    """Everything that one batch of events refers to, by (kind, primary key)."""

    found: dict[tuple[str, int], Named] = field(default_factory=dict)

    def add(self, wanted: Mapping[str, Iterable[int]]) -> "Names":
        """Look up what is wanted, one query for each kind."""
        self._people(wanted.get("participant", ()))
        self._sessions(wanted.get("session", ()))
        self._windows(wanted.get("window", ()))
        self._reminders(wanted.get("reminder", ()))
        self._tickets(wanted.get("ticket", ()))
        self._pairs(wanted.get("pair", ()))
        self._groups(wanted.get("group", ()))
        self._matches(wanted.get("match", ()))
        self._seats(wanted.get("seat", ()))
        self._conversations(wanted.get("conversation", ()))
        return self

    def _people(self, keys: Iterable[int]) -> None:
        for one in Participant.objects.filter(pk__in=keys).prefetch_related("sessions"):
            began = min((session.started_at for session in one.sessions.all()), default=one.created_at)
            self.found["participant", one.pk] = _person(one, began)

    def _sessions(self, keys: Iterable[int]) -> None:
        for one in Session.objects.filter(pk__in=keys).select_related("participant"):
            self.found["session", one.pk] = _person(one.participant, one.started_at)

    def _windows(self, keys: Iterable[int]) -> None:
        for one in ScheduledSession.objects.filter(pk__in=keys).select_related("participant", "session"):
            self.found["window", one.pk] = _person(one.participant, one.opens_at or one.participant.created_at)

    def _reminders(self, keys: Iterable[int]) -> None:
        for one in Reminder.objects.filter(pk__in=keys).select_related("scheduled__participant"):
            visit = one.scheduled
            self.found["reminder", one.pk] = _person(visit.participant, visit.opens_at or visit.participant.created_at)

    def _tickets(self, keys: Iterable[int]) -> None:
        for one in Ticket.objects.filter(pk__in=keys).select_related("session__participant"):
            self.found["ticket", one.pk] = _person(one.session.participant, one.session.started_at)

    def _pairs(self, keys: Iterable[int]) -> None:
        for one in Pair.objects.filter(pk__in=keys):
            self.found["pair", one.pk] = Named(one.code, began=one.formed_at)

    def _groups(self, keys: Iterable[int]) -> None:
        for one in Group.objects.filter(pk__in=keys):
            self.found["group", one.pk] = Named(one.code, group=one.code, began=one.formed_at)

    def _matches(self, keys: Iterable[int]) -> None:
        for one in Match.objects.filter(pk__in=keys).select_related("group"):
            code = match_code(one.group.code, one.round, one.number)
            self.found["match", one.pk] = Named(code, group=one.group.code, began=one.group.formed_at)

    def _seats(self, keys: Iterable[int]) -> None:
        for one in Seat.objects.filter(pk__in=keys).select_related("group", "participant"):
            is_gone = is_withdrawn(one)
            person = one.participant.code if one.participant and not is_gone else None
            code = seat_code(one.group.code, one.number)
            self.found["seat", one.pk] = Named(code, person, one.group.code, one.group.formed_at, is_gone)

    def _conversations(self, keys: Iterable[int]) -> None:
        for one in Conversation.objects.filter(pk__in=keys).select_related("match__group"):
            match, group = one.match, one.match.group
            code = match_code(group.code, match.round, match.number)
            self.found["conversation", one.pk] = Named(code, group=group.code, began=group.formed_at)


def _person(one: Participant, began: datetime) -> Named:
    is_gone = one.status == Participant.Status.WITHDRAWN
    return Named(one.code, one.code, began=began, is_withdrawn=is_gone)
