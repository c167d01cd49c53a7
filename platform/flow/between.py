"""Between two visits: whether somebody is there, what may be changed then, and the calendar file. Reads only."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from events import clock
from flow.horizon import known_to
from flow.page import Page
from flow.zones import is_asked, place_of_zone, zone_field
from participants.models import Participant
from scheduling.calendars import next_of
from scheduling.ics import Entry, calendar_text, entry_name
from scheduling.meetings import waits_from_to
from scheduling.models import ScheduledSession, Session
from scheduling.pairs import is_met_in, pair_of
from scheduling.states import State
from scheduling.windows import slots_of
from studies import definition
from studies.schema import StudyFile
from studies.spans import span


def is_between(session: Session) -> bool:
    """Whether a visit, the person's newest, is over, and they are still in the study.

    Where something follows from it, the visit was read by `lock_newest`: the next may have been begun meanwhile.
    """
    is_over = session.status != Session.Status.ACTIVE
    return is_over and session.participant.status == Participant.Status.ACTIVE


def is_one_sitting(session: Session) -> bool:
    """Whether a visit ends after an hour of silence, though its window is still open."""
    waves = definition.definition(session.participant.version).waves
    return next(wave.resume == "one_sitting" for wave in waves if wave.id == session.wave)


def answers(session: Session) -> list[object]:
    """What the page answers to beside the session's own revision: which visit is next, when, and whether it is open.

    Of one with a partner also whether there still is one, and whether the two meet at another time.
    """
    row = next_of(session.participant)
    if row is None:
        return []
    shared = [row.pair_visit.again_at, row.pair_visit.pair.status] if row.pair_visit is not None else []
    return [row.number, row.state, row.opens_at, *shared]


def may_change_zone(session: Session) -> bool:
    """Whether somebody may have the visits to come planned by another clock: between two visits, where it was asked."""
    return is_between(session) and is_asked(session)


def zone_page(session: Session) -> Page:
    """The question by which clock they shall open."""
    now = place_of_zone(session.participant.zone)
    return Page(
        kind="zone",
        title=_("What time is it where you are?"),
        fields=[zone_field()],
        button=_("Yes, this is my time"),
        facts={"now": _("Your visits open by the clock of %(place)s.") % {"place": now}},
    )


def said(at: datetime, zone: str) -> str:
    """A day and a time of day by the clock of a zone, as people read them."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{formats.date_format(local, 'l')}, {formats.date_format(local, 'MONTH_DAY_FORMAT')}, {local:%H:%M}"


def calendar_of(participant: Participant) -> str:
    """The visits to come whose days are known, as a calendar file; the next alone where their number is not told."""
    study, has_partner = definition.definition(participant.version), pair_of(participant) is not None
    entries = []
    rows = list(participant.scheduled.select_related("pair_visit").order_by("number"))
    for row in known_to(participant, rows):
        if row.state not in (State.PLANNED, State.OPEN):
            continue
        opens, until = waits_from_to(row) if has_partner and is_met_in(study, row.wave) else _open_for(study, row)
        if opens is not None and until is not None:
            name = entry_name(participant.version.seed, participant.code, row.number)
            entries.append(Entry(name, opens, until, study.public_title))
    return calendar_text(entries, made_at=clock.now(), url=f"{settings.ORIGIN}{reverse('session')}")


def _open_for(study: StudyFile, row: ScheduledSession) -> tuple[datetime | None, datetime | None]:
    """From when to when a visit can be begun."""
    opens, closes = row.opens_at or row.planned_open, study.waves[slots_of(study)[row.number - 1].at].closes
    return opens, row.closes_at or (opens and closes and opens + span(closes.after).nominal) or None
