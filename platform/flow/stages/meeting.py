"""The waiting room of two people who stay partners: from the second visit on each waits for the other, and nobody else.

Nobody gets another partner unseen. Who has waited as long as anybody waits is let go, and paid for the visit.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from django.utils.html import format_html
from django.utils.translation import gettext as _

from events import clock
from flow.between import said
from flow.deadlines import GRACE, UNTIL, stage_deadline
from flow.page import Page
from flow.services import forming, partners, visits
from flow.stage import Handled, Stay, Verdict
from flow.stages.limits import is_over, limit_of
from flow.stages.waiting import POLL_SECONDS, WaitingRoom
from matching import queries, rules, services
from matching.company import is_there
from matching.models import Ticket
from matching.queries import Room
from scheduling import meetings, pairs
from scheduling.meetings import KEPT_WAITING, LEFT_WAITING, NOT_READY, PARTNER_ABSENT
from scheduling.models import Pair, PairVisit, Session
from scheduling.services import NOT_FINISHED
from scheduling.states import State
from studies import definition
from studies.lasting import forms_pair, lasting
from studies.models import Version
from studies.schema_pairs import Lasting
from studies.schema_stages import WaitingRoomStage

AGAIN = "again"  # in a session's facts: when the two are to meet instead
CAME = "came"  # and whether who is told so has waited in vain
AWAY_FOR = timedelta(seconds=60)  # whoever has not been heard of for longer when the time is up was not there


def room_of(config: WaitingRoomStage, version: Version) -> WaitingRoom:
    """The waiting room that a stage declares."""
    made = MeetingRoom if forms_pair(definition.definition(version), config) else WaitingRoom
    return made(config, version)


class MeetingRoom(WaitingRoom):
    """Implements `flow.stage.StageKind`. Who has had no partner yet is in a waiting room like any other."""

    def open(self, session: Session) -> None:
        visit = self._visit(session)
        if visit is not None and partners.is_partner_gone(visit, session.participant):
            partners.let_go(session, visit)
        elif visit is not None and visit.again_at is not None and visit.again_at > clock.now():
            self._adjourn(session, visit.again_at, came=False)
        else:
            super().open(session)

    def exit_on_leaving(self, session: Session) -> str:
        """Whoever leaves the study in a later visit does so as from any other page."""
        return "" if self._is_of_pair(session) else super().exit_on_leaving(session)

    def room(self, session: Session) -> Room:
        pair = pairs.pair_of(session.participant)
        if pair is None or not self._is_of_pair(session):
            return super().room(session)
        here = 1 + is_there(pairs.partner_of(pair, session.participant), self.config.id, clock.now())
        return Room(here, 2, None)

    def page(self, session: Session) -> Page:
        if AGAIN in session.facts:
            return self._adjourned(session)
        page = super().page(session)
        if not self._is_of_pair(session):
            return page
        ticket = queries.ticket_of(session, self.config.id)
        is_asked = ticket is not None and ticket.status == Ticket.Status.ASKED
        facts = {**page.facts, "also": [_leave()], "at_zero": self._after_the_wait(ticket if is_asked else None)}
        note = page.note if is_asked or (ticket and ticket.status == Ticket.Status.READY) else self._who(session)
        if partners.is_first_without(session.participant):
            told = _("You do not meet your partner of before any more. From now on you meet another one.")
            note = f"{told} {note}".strip()
        return replace(page, note=note, facts=facts)

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        if not data.get("leave") or not self._is_of_pair(session):
            return super().submit(session, data)
        visit = self._visit(session)
        services.leave_waiting(session.participant)
        if visit is not None and session.facts.get(CAME):  # who has waited in vain need not come again
            partners.let_go(session, visit)
            return Handled()
        return self._end(session, LEFT_WAITING)

    def overdue(self, session: Session) -> Verdict:
        """The longest wait is over, two questions were not answered, or something became of the partner."""
        if not self._is_of_pair(session):
            return super().overdue(session)
        ticket, visit = queries.ticket_of(session, self.config.id), self._visit(session)
        if pairs.is_alone(session.participant):
            services.leave_waiting(session.participant)
            visits.move_on(session)
            return Handled()
        if visit is not None and partners.is_partner_gone(visit, session.participant):
            return self._after_the_partner(session, ticket, visit)
        if AGAIN in session.facts:
            return self._meet_again(session)
        if ticket is None or ticket.status not in queries.LIVE:
            return self._end(session, NOT_READY)
        return self._wait_on(session, ticket) or self._waited_in_vain(session, ticket, visit)

    def seen(self, session: Session) -> bool:
        """A sign of life. Who has no partner any more may wait for one to go who must not be theirs again."""
        may_form = super().seen(session)
        if self._is_of_pair(session) and pairs.pair_of(session.participant) is None:
            forming.try_after_commit(self.version.pk, self.config.id)
            return True
        return may_form

    def _after_the_partner(self, session: Session, ticket: Ticket | None, visit: PairVisit) -> Verdict:
        """The partner has gone: whoever was there meanwhile is let go; who was away kept the partner waiting."""
        was_away = ticket is not None and not _was_there(ticket)
        services.leave_waiting(session.participant)
        if was_away and partners.has_waited(visit, session.participant):
            return self._end(session, KEPT_WAITING)
        partners.let_go(session, visit)
        return Handled()

    def _wait_on(self, session: Session, ticket: Ticket) -> Verdict | None:
        """Whether there is time left, or an answer still holds."""
        now, limit = clock.now(), limit_of(session)
        until = limit if limit is not None and not is_over(session) else self._in_hand_until(ticket)
        if until is None or until + GRACE <= now:
            return None
        stage_deadline(session, until)
        forming.try_after_commit(self.version.pk, self.config.id)
        return Stay()

    def _waited_in_vain(self, session: Session, ticket: Ticket, visit: PairVisit | None) -> Verdict:
        was_there = _was_there(ticket, limit_of(session))
        services.expire(ticket)
        if not was_there:
            return self._end(session, NOT_FINISHED)
        if visit is None:  # another partner was to come, and nobody was there
            visits.end_visit(session, reason=PARTNER_ABSENT, state=State.COMPLETED)
            return Handled()
        again = self._another_time(session, visit)
        if again is not None:
            self._adjourn(session, again, came=True)
            return Stay()
        partners.let_go(session, visit)
        return Handled()

    def _another_time(self, session: Session, visit: PairVisit) -> datetime | None:
        """When the two may meet instead; None where the file does not offer it, or the partner has begun the visit."""
        row = meetings.partner_row(visit, session.participant)
        after = self._rule.on_absent.after
        if after is None or row is None or row.state != State.OPEN:
            return None
        pair = visit.pair
        visit = meetings.lock_visit(visit)
        visit.pair = pair
        return meetings.put_off(visit, after)

    def _adjourn(self, session: Session, at: datetime, *, came: bool) -> None:
        session.facts = {AGAIN: at.isoformat(), CAME: came}
        stage_deadline(session, at - GRACE)

    def _meet_again(self, session: Session) -> Verdict:
        """It is the other time: wait anew, as long as at first."""
        at = datetime.fromisoformat(session.facts[AGAIN])
        if clock.now() < at:
            stage_deadline(session, at - GRACE)
            return Stay()
        until = clock.now() + timedelta(seconds=self.config.max_wait_seconds)
        services.join(session, self.config.id)
        session.facts = {UNTIL: until.isoformat()}
        stage_deadline(session, until)  # and not `set_limit`, which would cancel the row that may be in hand here
        forming.try_after_commit(self.version.pk, self.config.id)
        return Stay()

    def _end(self, session: Session, reason: str) -> Verdict:
        """The visit ends here without having been finished, and nobody waits for this person any more."""
        visit = self._visit(session)
        visits.end_visit(session, reason=reason)
        if visit is not None:
            partners.tell_partner(session, visit)
        return Handled()

    def _adjourned(self, session: Session) -> Page:
        when = said(datetime.fromisoformat(session.facts[AGAIN]), session.participant.zone)
        came = session.facts.get(CAME)
        lead = self._thanks(session) if came else ""
        how = _("The two of you can meet on %(when)s: come back then. You can close this page meanwhile.")
        end = (
            _("If you do not want to come again, end this visit now: it counts as done.")
            if came
            else _("If you cannot come then, end this visit now.")
        )
        return Page(
            kind="waiting",
            title=_("Your partner has not come") if came else _("Your partner has been here before"),
            html=format_html("<p>{} {}</p><p>{}</p>", lead, how % {"when": when}, end),
            poll_seconds=POLL_SECONDS,
            facts={"also": [_leave()]},
        )

    def _thanks(self, session: Session) -> str:
        """To whoever has waited in vain; of pay only where the wait, or the visit, pays something."""
        if self.config.pay_per_minute > 0 or self.study.payments.per_wave.get(session.wave, 0) > 0:
            return _("You have waited as long as we can ask of you, and are paid for it.")
        return _("You have waited as long as we can ask of you.")

    def _who(self, session: Session) -> str:
        if pairs.pair_of(session.participant) is None:
            return ""
        if self.room(session).here > 1:
            return _("Your partner is here.")
        return _("Your partner is not here yet.")

    def _after_the_wait(self, asked: Ticket | None) -> str:
        if asked is not None and asked.misses + 1 < rules.MOST_MISSES:
            return _("If you do not press in time, we ask you once more.")
        if asked is not None:
            return _("If you do not press in time, this visit ends here.")
        if self._rule.on_absent.then == "offer_again":
            return _(
                "If your partner has not come when the time is up, you can meet at another time, or end the visit."
            )
        return _("If your partner has not come when the time is up, this visit ends, and counts as done.")

    @cached_property
    def _rule(self) -> Lasting:
        found = lasting(self.study)
        assert found is not None, "a waiting room of a group that lasts"
        return found

    def _visit(self, session: Session) -> PairVisit | None:
        """The visit that somebody shares with the partner they have now."""
        visit = meetings.visit_of(session)
        return visit if visit is not None and visit.pair.status == Pair.Status.LASTING else None

    def _is_of_pair(self, session: Session) -> bool:
        """Whether somebody has, or had, a partner, and this is a later visit than the first one."""
        number = definition.visit_number(self.version, session.wave, session.repeat)
        return number > 1 and pairs.last_pair_of(session.participant) is not None


def _was_there(ticket: Ticket, until: datetime | None = None) -> bool:
    """Whether somebody who waited had been heard of until the time was up, or until now."""
    now = clock.now()
    return ticket.status in queries.LIVE and ticket.seen_at >= min(now, until or now) - AWAY_FOR


def _leave() -> dict[str, str]:
    return {"name": "leave", "value": "1", "label": _("End this visit now")}
