"""Between two visits: what is told then, in the person's own zone. Reads only."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from events import clock
from flow.addresses import has_reminders
from flow.page import Page
from flow.zones import ASSUMED_ZONE, is_asked, place_of_zone, zone_field
from paradigm import Table, View
from participants.models import Participant
from scheduling.calendars import next_of
from scheduling.ics import Entry, calendar_text, entry_name
from scheduling.models import ScheduledSession, Session
from scheduling.states import ATTENDED, OVER, State
from scheduling.windows import slots_of
from studies import definition
from studies.spans import span

POLL_SECONDS = 25
Rows = Sequence[ScheduledSession]


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
    """What the page answers to beside the session's own revision: which visit is next, and whether it is open."""
    row = next_of(session.participant)
    return [] if row is None else [row.number, row.state]


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


def home_page(session: Session) -> Page:
    """When the next visit opens, or a button to begin it; and how far one has come."""
    rows = list(session.participant.scheduled.order_by("number"))
    row = next((one for one in rows if one.state in (State.PLANNED, State.OPEN)), None)
    if row is None or row.opens_at is None or row.closes_at is None:
        return Page(kind="home", title=_("One moment, please"), facts={"next": "", "progress": ""})
    is_open = row.state == State.OPEN
    now = clock.now()
    zone = session.participant.zone  # a visit that was open as the zone changed keeps its own
    opens, closes = _said(row.opens_at, zone), _said(row.closes_at, zone)
    return Page(
        kind="home",
        title=_("Your next visit is open") if is_open else _("Thank you. See you again"),
        button=_("Begin") if is_open else "",
        view=View(tables=[_table(session, rows)]),
        poll_seconds=POLL_SECONDS,
        note=_note(session),
        facts={
            "next": _("You can begin now.") if is_open else _("Your next visit opens on %(when)s.") % {"when": opens},
            "opens_seconds": _until(row.opens_at, now),
            "closes_seconds": _until(row.closes_at, now),
            "asks_zone": is_asked(session),
            "has_reminders": has_reminders(session),
            "until": _("You can begin until %(when)s.") % {"when": closes},
            "progress": _progress(rows),
        },
    )


def _progress(rows: Rows) -> str:
    done = sum(one.state in ATTENDED for one in rows)
    said = _("You have taken part in %(done)d of %(all)d visits so far.") % {"done": done, "all": len(rows)}
    if any(one.exit and one.state not in OVER for one in rows):
        return f"{said} {_('The others do not take place any more; this one is still open to you.')}"
    return said


def _note(session: Session) -> str:
    """That nobody said what their clock shows, as long as it is so and the person has not begun another visit."""
    if ASSUMED_ZONE not in session.facts:
        return ""
    place = place_of_zone(session.participant.zone)
    return _("You have not told us what your clock shows, so your visits open by the clock of %(place)s.") % {
        "place": place
    }


def _until(at: datetime, now: datetime) -> int:
    """Whole seconds, never less than it takes."""
    return max(0, ceil((at - now).total_seconds()))


def _table(session: Session, rows: Rows) -> Table:
    words = {
        State.PLANNED: _("to come"),
        State.OPEN: _("open now"),
        State.STARTED: _("begun"),
        State.COMPLETED: _("done"),
        State.PARTIAL: _("done in part"),
        State.MISSED: _("missed"),
        State.EXCUSED: _("excused"),
        State.CANCELLED: _("does not take place"),
    }
    said = [(str(row.number), _when(row, session.participant.zone), words[State(row.state)]) for row in rows]
    caption = _("Your visits, by the clock of %(place)s") % {"place": place_of_zone(session.participant.zone)}
    return Table(caption=caption, columns=[_("Visit"), _("Opens"), _("What became of it")], rows=said)


def _when(row: ScheduledSession, zone: str) -> str:
    at = row.opens_at or row.planned_open
    return _("after the visit before") if at is None else _said(at, zone)


def _said(at: datetime, zone: str) -> str:
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
