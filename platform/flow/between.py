"""Between two visits: whether somebody is there, what may be changed then, and the calendar file. Reads only."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from events import clock
from flow.page import Page
from flow.zones import is_asked, place_of_zone, zone_field
from participants.models import Participant
from scheduling.calendars import next_of
from scheduling.ics import Entry, calendar_text, entry_name
from scheduling.models import Session
from scheduling.states import State
from scheduling.windows import slots_of
from studies import definition
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
    """What the page answers to beside the session's own revision: which visit is next, when, and whether it is open."""
    row = next_of(session.participant)
    return [] if row is None else [row.number, row.state, row.opens_at]


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
    """The visits to come whose days are known, as a calendar file."""
    study = definition.definition(participant.version)
    slots = slots_of(study)
    entries = []
    for row in participant.scheduled.filter(state__in=[State.PLANNED, State.OPEN]).order_by("number"):
        opens = row.opens_at or row.planned_open
        closes = study.waves[slots[row.number - 1].at].closes
        if opens is not None and closes is not None:
            name = entry_name(participant.version.seed, participant.code, row.number)
            until = row.closes_at or opens + span(closes.after).nominal
            entries.append(Entry(name, opens, until, study.public_title))
    return calendar_text(entries, made_at=clock.now(), url=f"{settings.ORIGIN}{reverse('session')}")
