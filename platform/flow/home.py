"""The page between two visits: what comes next, how far somebody has come, and what they have earned. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import clock
from flow.addresses import has_reminders
from flow.awaited import again_at, how_long, is_awaited, when_awaited
from flow.between import said
from flow.horizon import is_told, known_to, number_of
from flow.kinds import kind
from flow.page import Page
from flow.zones import ASSUMED_ZONE, is_asked, place_of_zone
from paradigm import Table, View
from participants.models import Participant
from scheduling.models import ScheduledSession, Session
from scheduling.pairs import is_alone, pair_of
from scheduling.states import ATTENDED, OVER, State
from studies import definition
from studies.horizon import ends
from studies.markdown import slot_names
from studies.models import Version
from studies.schema_stages import GameStage
from studies.schema_waves import Wave

POLL_SECONDS = 25
PARTNER_NAME = "partner_name"
TO_COME = (State.PLANNED, State.OPEN, State.STARTED)
MARKS: Mapping[str, str] = {
    State.PLANNED: "to_come",
    State.OPEN: "open",
    State.STARTED: "begun",
    State.COMPLETED: "done",
    State.PARTIAL: "in_part",
    State.MISSED: "missed",
    State.EXCUSED: "excused",
    State.CANCELLED: "cancelled",
}
Rows = Sequence[ScheduledSession]


@dataclass(frozen=True)
class Mark:
    """One visit in the row of visits.

    Attributes:
        name: What stands below its shape; `told` says which visit it is to those who do not see it.
        shape: A drawing of `participant/mark.html`, and what it means in `words`.
    """

    name: str
    told: str
    shape: str
    words: str
    is_next: bool = False


def home_page(session: Session) -> Page:
    """When the next visit opens, or a button to begin it; how far one has come, and what one has earned."""
    person = session.participant
    rows = known_to(person, list(person.scheduled.order_by("number")))
    row = next((one for one in rows if one.state in (State.PLANNED, State.OPEN)), None)
    if row is None or row.opens_at is None or row.closes_at is None:
        return _not_planned(session)
    is_open, now, zone = row.state == State.OPEN, clock.now(), person.zone
    pay, way = kind("pay", "so_far")(session), _way(rows, row)
    return Page(
        kind="home",
        title=_("Your next visit is open") if is_open else _("Thank you. See you again"),
        button=_("Begin") if is_open else "",
        view=View(tables=[_table(session, rows, pay.by_wave), *pay.tables]),
        poll_seconds=POLL_SECONDS,
        note=_note(session),
        facts={
            "before": _before(session, rows, pay.by_wave),
            "next": _now(row, now, zone) if is_open else _opening(row, now, zone),
            # one second at least: whoever looks at the very instant is led on by the next look
            "opens_seconds": 0 if is_open else max(1, _until(row.opens_at, now)),
            # of two who meet it closes where the day of one of them ends, which is told to nobody
            "closes_seconds": 0 if is_awaited(row) else _until(row.closes_at, now),
            "asks_zone": is_asked(session),
            # a visit that was open as the zone changed keeps its own; it is said by the clock that the page names
            "until": _until_when(row, zone),
            "about": _about(person, rows, row, pay.by_wave),
            "partner": _met_again(row, now, zone) or partner_named(person, row.wave),
            "has_reminders": has_reminders(session),
            "progress": _progress(rows, person),
            "way": way,
            "legend": _legend(way),
            "pay": pay.sentences,
        },
    )


def _now(row: ScheduledSession, now: datetime, zone: str) -> str:
    """Of an open visit: that it can be begun, or when the two meet who did not at first."""
    again = again_at(row)
    return _put_off(again, zone) if again is not None and again > now else _("You can begin now.")


def _put_off(again: datetime, zone: str) -> str:
    return _("Your partner has been here. You meet on %(when)s instead.") % {"when": said(again, zone)}


def _until_when(row: ScheduledSession, zone: str) -> str:
    """Until when it makes sense to begin: a partner does not wait for as long as the visit is open."""
    if is_awaited(row):  # when it opens, or when they meet instead, is said beside it
        return when_awaited(row) if row.state == State.OPEN and again_at(row) is None else how_long(row)
    assert row.closes_at is not None
    return _("You can begin until %(when)s.") % {"when": said(row.closes_at, zone)}


def _not_planned(session: Session) -> Page:
    """There is no time to tell yet."""
    waits = pair_of(session.participant) is not None
    told = _("Your next visit is planned as soon as your partner is as far as you are.") if waits else ""
    page = Page(kind="home", title=_("One moment, please"), facts={"next": told, "progress": ""})
    return replace(page, poll_seconds=POLL_SECONDS) if waits else page


def _met_again(row: ScheduledSession, now: datetime, zone: str) -> str:
    """What is told of the person whom one meets in a visit; empty where one meets nobody who lasts, or it stands above.

    A visit that is put off names its time once.
    """
    if not is_awaited(row):
        return ""
    again = again_at(row)
    if again is not None:
        return "" if again > now else _put_off(again, zone)
    return _("You meet your partner then: please come when it opens.")


def partner_named(person: Participant, wave: str) -> str:
    """By which name somebody knows the partner whom they meet again in a wave; empty unless pages of its games say it.

    Nowhere in a study in which people meet people: there only a program has a name, and the page would tell that it is
    one. Nor where it depends on a level whom they meet then: that nobody is told before.
    """
    study, stages = definition.definition(person.version), _wave(person, wave).stages
    games = [stage for stage in stages if isinstance(stage, GameStage)]
    plans = [study.groups.get(definition.group_of(study, game.id)) for game in games]
    met = {name for plan in plans if plan is not None for name in plan.ais}
    if any(plan.humans > 1 for plan in study.groups.values()) or len(met) != 1 or not _is_named(person.version, games):
        return ""
    known = person.partner_instances.filter(partner__in=met).exclude(display_name="").first()
    return _("You meet %(name)s again.") % {"name": known.display_name} if known is not None else ""


def _is_named(version: Version, games: Sequence[GameStage]) -> bool:
    """Whether a page of one of some games names a partner."""
    folders = tuple(f"{game.pages}/" for game in games)
    pages = (path for path in version.definition[definition.FROZEN]["files"] if path.startswith(folders))
    return any(PARTNER_NAME in slot_names(definition.text(version, path)) for path in pages)


def _note(session: Session) -> str:
    """That nobody said what their clock shows, as long as it is so and the person has not begun another visit."""
    if ASSUMED_ZONE not in session.facts:
        return ""
    place = place_of_zone(session.participant.zone)
    return _("You have not told us what your clock shows, so your visits open by the clock of %(place)s.") % {
        "place": place
    }


def _before(session: Session, rows: Rows, by_wave: Mapping[str, str]) -> str:
    """What became of the visit before, without a word of blame."""
    last = next((one for one in reversed(rows) if one.state in OVER and one.state != State.CANCELLED), None)
    if last is None:
        return f"{_('Saved.')} {_earned(session.wave, by_wave)}".strip()
    if last.state == State.MISSED:
        return _("You missed visit %(n)d. That is fine.") % {"n": number_of(last, rows)}
    if last.state == State.PARTIAL:
        words = _("The time for visit %(n)d was over before its end. What you sent is saved.")
        return words % {"n": number_of(last, rows)}
    return f"{_('Saved.')} {_earned(last.wave, by_wave)}".strip() if last.state == State.COMPLETED else ""


def _earned(wave: str, by_wave: Mapping[str, str]) -> str:
    return _("%(amount)s earned.") % {"amount": by_wave[wave]} if wave in by_wave else ""


def _opening(row: ScheduledSession, now: datetime, zone: str) -> str:
    assert row.opens_at is not None
    if row.opens_at <= now:
        return _("Your next visit opens now.")
    return _("Your next visit opens on %(when)s.") % {"when": said(row.opens_at, zone)}


def _about(person: Participant, rows: Rows, row: ScheduledSession, by_wave: Mapping[str, str]) -> str:
    """Which visit it is, how long it takes, what it pays, and, where people are told, whether others come after it."""
    number, count, told = number_of(row, rows), len(rows), is_told(person)
    words = [_("It is visit %(n)d of %(all)d.") % {"n": number, "all": count}] if told else []
    words = words or [_("It is visit %(n)d.") % {"n": number}]
    minutes = _wave(person, row.wave).minutes
    if minutes is not None:
        words.append(
            ngettext("It takes about %(n)d minute.", "It takes about %(n)d minutes.", minutes) % {"n": minutes}
        )
    if row.wave in by_wave:
        words.append(_("You earn %(amount)s for it.") % {"amount": by_wave[row.wave]})
    if told and count > 1 and number >= count - 1:
        words.append(_("It is the last one.") if number == count else _("After it one visit remains."))
    return " ".join(words)


def _wave(person: Participant, name: str) -> Wave:
    return next(wave for wave in definition.definition(person.version).waves if wave.id == name)


def _way(rows: Rows, upcoming: ScheduledSession) -> list[Mark]:
    """Every visit as a shape, the first one before those that were planned."""
    words = state_words()
    way = [Mark(_("First"), _("First visit"), MARKS[State.COMPLETED], words[State.COMPLETED])]
    for number, row in enumerate(rows, start=1):
        told = _("Visit %(n)d") % {"n": number}
        way.append(Mark(str(number), told, MARKS[row.state], words[State(row.state)], is_next=row == upcoming))
    return way


def _legend(way: Sequence[Mark]) -> list[Mark]:
    """What the shapes mean that are there, one of each."""
    return list({mark.words: mark for mark in way}.values())


def _progress(rows: Rows, person: Participant) -> str:
    done = sum(one.state in ATTENDED for one in rows)
    told = _("You have taken part in %(done)d of %(all)d visits so far.") % {"done": done, "all": len(rows)}
    if not is_told(person):
        told = _so_far(done, person)
    if any(one.exit and one.state not in OVER for one in rows):
        return f"{told} {_('The others do not take place any more; this one is still open to you.')}"
    if is_alone(person):
        return f"{told} {_('You do not meet your partner of before any more, and go on alone.')}"
    return told


def _so_far(done: int, person: Participant) -> str:
    """How far somebody has come who is not told how far it goes; the range is the one of the page of consent."""
    least, most = ends(definition.definition(person.version))
    words = ngettext(
        "You have taken part in %(done)d visit so far.", "You have taken part in %(done)d visits so far.", done
    )
    in_all = _("With the first one there are between %(least)d and %(most)d visits in all.")
    return f"{words % {'done': done}} {in_all % {'least': least.visits, 'most': most.visits}}"


def _until(at: datetime, now: datetime) -> int:
    """Whole seconds, never less than it takes."""
    return max(0, ceil((at - now).total_seconds()))


def state_words() -> Mapping[str, str]:
    """What people read of a state."""
    return {
        State.PLANNED: _("to come"),
        State.OPEN: _("open now"),
        State.STARTED: _("begun"),
        State.COMPLETED: _("done"),
        State.PARTIAL: _("done in part"),
        State.MISSED: _("missed"),
        State.EXCUSED: _("excused"),
        State.CANCELLED: _("does not take place"),
    }


def _table(session: Session, rows: Rows, by_wave: Mapping[str, str]) -> Table:
    words, zone = state_words(), session.participant.zone
    first = session if session.wave not in {row.wave for row in rows} else _first(session.participant)
    listed: list[list[Any]] = [[_("First"), said(first.started_at, zone), words[State.COMPLETED], first.wave]]
    listed += [[str(n), _when(row, zone), words[State(row.state)], row.wave] for n, row in enumerate(rows, start=1)]
    columns = [_("Visit"), _("Opens"), _("What became of it")]
    if by_wave:
        columns.append(_("Pay"))
        states = [State.COMPLETED, *(row.state for row in rows)]
        pays = [_pays(state, by_wave.get(one[-1], "")) for state, one in zip(states, listed, strict=True)]
        cells = [(*one[:-1], pay) for one, pay in zip(listed, pays, strict=True)]
    else:
        cells = [tuple(one[:-1]) for one in listed]
    caption = _("Your visits, by the clock of %(place)s") % {"place": place_of_zone(zone)}
    return Table(caption=caption, columns=columns, rows=cells)


def _pays(state: str, amount: str) -> str:
    """What a visit has paid, or will where it is finished; empty where its wave pays nothing of its own."""
    if not amount or state == State.COMPLETED:
        return amount
    return _("%(amount)s if you finish it") % {"amount": amount} if state in TO_COME else _("nothing")


def _first(person: Participant) -> Session:
    found = person.sessions.order_by("pk").first()
    assert found is not None, "whoever has planned visits has had the first"
    return found


def _when(row: ScheduledSession, zone: str) -> str:
    at = row.opens_at or row.planned_open
    return _("after the visit before") if at is None else said(at, zone)
