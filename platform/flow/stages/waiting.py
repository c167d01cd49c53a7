"""The waiting room: who is here, are you ready, how long it may take, and leaving with pay."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import clock
from flow.deadlines import stage_deadline
from flow.page import Page
from flow.services import forming
from flow.stage import Exit, Stay, Verdict
from flow.stages.limits import is_over, limit_of, set_limit
from flow.stages.texts import text_of
from matching import queries, rules, services
from matching.models import Ticket
from matching.queries import Room
from scheduling.models import Session
from studies import definition
from studies.models import Version
from studies.money import amount_text
from studies.schema_stages import WaitingRoomStage

POLL_SECONDS = 5


class WaitingRoom:
    """Implements `flow.stage.StageKind` for waiting rooms. What happens to tickets is decided in `matching.rules`."""

    def __init__(self, config: WaitingRoomStage, version: Version) -> None:
        self.config = config
        self.version = version
        self.study = definition.definition(version)
        self.plan = self.study.groups[config.forms]

    def exit_on_leaving(self, session: Session) -> str:
        """Whoever leaves while waiting is paid at least like whoever waited in vain."""
        return self.config.left_by.exit

    def open(self, session: Session) -> None:
        ticket = services.join(session, self.config.id)
        if not self.config.asks_ready:
            services.ready_at_once(ticket, ready_seconds=self.config.ready_seconds)
        set_limit(session, self.config.max_wait_seconds)
        forming.try_after_commit(self.version.pk, self.config.id)

    def page(self, session: Session) -> Page:
        room = self.room(session)
        text = text_of(
            self.version, self.config.page, here=room.here, needed=room.needed, usual_minutes=self._usual_minutes(room)
        )
        ticket = queries.ticket_of(session, self.config.id)
        is_asked = ticket is not None and ticket.status == Ticket.Status.ASKED
        return Page(
            kind="waiting",
            title=_("Are you ready?") if is_asked else text.title or _("Waiting for other players"),
            html=text.html,
            button=_("I am ready") if is_asked else "",
            deadline_at=self._ready_until(ticket) if is_asked else limit_of(session),
            poll_seconds=POLL_SECONDS,
            facts={
                "also": [{"name": "leave", "value": "1", "label": self._leave_label()}],
                "poll_always": True,
                "at_zero": self._at_zero(ticket),
            },
            note=self._note(ticket, room),
        )

    def room(self, session: Session) -> Room:
        """How many wait, and for how long that may take."""
        now = getattr(session, "read_at", None) or clock.now()
        return queries.room(self.version, self.config.id, self.plan, participant=session.participant, now=now)

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        if data.get("leave"):
            services.leave_waiting(session.participant)
            return Exit(self.config.left_by.exit)
        ticket = queries.ticket_of(session, self.config.id)
        if ticket is not None and services.mark_ready(ticket, ready_seconds=self.config.ready_seconds):
            forming.try_after_commit(self.version.pk, self.config.id)
        return Stay()

    def overdue(self, session: Session) -> Verdict:
        """The longest wait is over, or two questions were not answered. Who is about to be seated may still be."""
        ticket = queries.ticket_of(session, self.config.id)
        if ticket is None or ticket.status not in queries.LIVE:
            return Exit(self.config.on_timeout.exit)
        if not is_over(session):
            return Stay()
        until = self._in_hand_until(ticket)
        if until is not None and until > clock.now():
            stage_deadline(session, until)
            return Stay()
        services.expire(ticket)
        return Exit(self.config.on_timeout.exit)

    def seen(self, session: Session) -> bool:
        """A sign of life: only those who give one are counted and seated. Whether somebody may have been by it."""
        may_form = services.seen(session, self.config.id)
        if may_form:
            forming.try_after_commit(self.version.pk, self.config.id)
        return may_form

    def _ready_until(self, ticket: Ticket | None) -> datetime | None:
        if ticket is None or ticket.asked_at is None:
            return None
        return ticket.asked_at + timedelta(seconds=self.config.ready_seconds)

    def _in_hand_until(self, ticket: Ticket) -> datetime | None:
        """Until when a question or its answer holds; where nobody is asked only the longest wait counts."""
        fill = self.plan.fill.after_seconds if self.plan.fill else None
        terms = rules.Terms(self.plan.humans, self.config.ready_seconds, fill, asks=self.config.asks_ready)
        if ticket.status == Ticket.Status.ASKED and ticket.asked_at:
            return ticket.asked_at + terms.answer_within
        if terms.asks and ticket.status == Ticket.Status.READY and ticket.ready_at:
            return ticket.ready_at + terms.ready_lasts
        return None

    def _usual_minutes(self, room: Room) -> str:
        """A number, or the most it can be while nothing is known."""
        minutes = ceil((self.config.max_wait_seconds if room.seconds is None else room.seconds) / 60)
        return str(max(1, minutes)) if room.seconds is not None else _("up to %(n)d") % {"n": minutes}

    def _at_zero(self, ticket: Ticket | None) -> str:
        if ticket is None or ticket.status != Ticket.Status.ASKED:
            return _("If no group is complete when the time is up, your part ends here. %(paid)s") % {
                "paid": self._paid()
            }
        if ticket.misses + 1 < rules.MOST_MISSES:
            return _("If you do not press in time, we ask you once more.")
        return _("If you do not press in time, your part ends here. %(paid)s") % {"paid": self._paid()}

    def _paid(self) -> str:
        """What somebody gets for whom there is no group."""
        leaving, waits = self.study.exits[self.config.on_timeout.exit], self.study.pays_for_waiting
        if leaving.pay == "fixed" and leaving.amount:
            amount = {"amount": amount_text(leaving.amount, self.study.payments.currency)}
            if waits:
                return _("You then get %(amount)s and your pay for waiting.") % amount
            return _("You then get %(amount)s.") % amount
        if leaving.pay == "none":
            return ""
        if waits:
            return _("You then get your pay for waiting.")
        return _("You are then paid in full.") if leaving.pay == "full" else _("You keep what you have earned.")

    def _note(self, ticket: Ticket | None, room: Room) -> str:
        if ticket is not None and ticket.status == Ticket.Status.ASKED:
            return _("We are about to begin. Please press the button, so that we know you are still there.")
        if ticket is not None and ticket.status == Ticket.Status.READY:
            return _("Thank you. We begin as soon as the others are ready, too.")
        return f"{self._who_is_missing(room)} {self._how_long(room)}"

    def _who_is_missing(self, room: Room) -> str:
        missing = room.needed - room.here
        if missing <= 0:
            return _("Enough players are here.")
        if not self._may_count():
            return _("More players are needed.")
        return ngettext("%(n)d more player is needed.", "%(n)d more players are needed.", missing) % {"n": missing}

    def _how_long(self, room: Room) -> str:
        if room.seconds is None:
            return _("We cannot say yet how long it takes.")
        minutes = max(1, ceil(room.seconds / 60))
        if minutes * 60 > self.config.max_wait_seconds:
            return _("It may take longer than we can ask you to wait.")
        return ngettext("It takes about %(n)d minute.", "It takes about %(n)d minutes.", minutes) % {"n": minutes}

    def _may_count(self) -> bool:
        """A number of people would tell how many of the others are none."""
        return self.plan.ai == 0 or self.study.told.share == "exact"

    def _leave_label(self) -> str:
        leaving, waits = self.study.exits[self.config.left_by.exit], self.study.pays_for_waiting
        if leaving.pay == "fixed" and leaving.amount:
            amount = {"amount": amount_text(leaving.amount, self.study.payments.currency)}
            if waits:
                return _("Leave now with %(amount)s and the pay for waiting") % amount
            return _("Leave now with %(amount)s") % amount
        return _("Leave now with the pay for waiting") if waits and leaving.pay != "none" else _("Leave now")
