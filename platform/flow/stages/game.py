"""The stage in which a group plays. The page is whatever the seat's match says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import clock
from flow.errors import FlowError
from flow.game import game_of
from flow.kinds import VOID_PATH, kind
from flow.lookup import step_kind
from flow.models import Match
from flow.page import Page, Seen
from flow.queries import seen_now
from flow.services import games, rounds, visits
from flow.sitting import Sitting, sitting_of
from flow.stage import EndVisit, Handled, Refused, Verdict
from flow.state import MatchState
from flow.step import Asked
from flow.step_page import step_page
from matching.models import Group, Seat
from paradigm import Chat, Decision, Talk
from scheduling.models import Session
from studies import definition
from studies.markdown import render_page
from studies.models import Version
from studies.schema import StudyFile


class GameStage:
    """Implements `flow.stage.StageKind` for games."""

    def __init__(self, config: Any, version: Version) -> None:
        self.config = config
        self.version = version
        self._read: list[Sitting | None] | None = None

    def open(self, session: Session) -> None:
        """The game begins when the last person of the group has arrived; who has no seat in it goes on."""
        sitting = self._sitting(session)
        seat = sitting.seat if sitting else None
        if seat is None or seat.status != Seat.Status.SITTING:
            session.planned_exit = session.planned_exit or self.config.on_too_few.exit
            visits.move_on(session)
            return
        rounds.begin_when_all_are_here(games.lock_group(seat.group_id))

    def page(self, session: Session) -> Page:
        sitting = self._sitting(session)
        if sitting is None:
            return Page(kind="match", title=_("One moment, please"))
        sitting.settle()
        seat, match = sitting.seat, sitting.match
        points = sitting.points if self._study.payments.points else None
        group = seat.group
        if group.round == 0:
            text = format_html("<p>{}</p>", _("They are still reading the page before this one."))
            return Page(kind="match", title=_("Waiting for the other players to be ready"), html=text, points=points)
        where = _("Round %(n)d of %(all)d") % {"n": group.round, "all": group.rounds} if group.rounds > 1 else ""
        if seat.status != Seat.Status.SITTING:
            return Page(kind="match", title=_("One moment, please"), where=where, points=points)
        if match is None:
            return self._waiting(group, "sit_out", where=where, points=points)
        if not match.path:
            return Page(
                kind="match", title=_("Waiting for the other players"), html=_wait(group), where=where, points=points
            )
        return self._step(match, seat, where=where, points=points)

    def _step(self, match: Match, seat: Seat, *, where: str, points: int | None) -> Page:
        state = MatchState(match, reader=seat)
        implementation, step = step_kind(state)
        place = state.place(seat)
        is_asked = place in implementation.acting(state, step)
        asked = implementation.asked(state, step, place) if is_asked else Asked()
        page = replace(step_page(state, step, seen_now(state, place), asked), where=where, points=points)
        page = replace(page, seen=_seen(match, seat, step, page))
        if is_asked or not any(a.path == match.path and a.seat_id == seat.pk for a in state.stored_acts):
            return replace(page, note=asked.note or self._extra(match))
        if isinstance(step, Decision):
            return replace(page, title=_("Waiting for the other players"), html=_decided(), note=_("Saved."))
        return replace(page, note=_waits(match))

    def _extra(self, match: Match) -> str:
        """What the first round has more than the others."""
        n = self.config.first_round_extra_seconds
        if not n or match.round > 1 or match.path == VOID_PATH:
            return ""
        words = ngettext(
            "In this first round there is %(n)d second more for each step.",
            "In this first round there are %(n)d seconds more for each step.",
            n,
        )
        return words % {"n": n}

    def _waiting(self, group: Group, page: str, *, where: str, points: int | None) -> Page:
        game = game_of(group)
        source = definition.text(game.version, f"{game.config.pages}/{page}.md")
        text = render_page(source, game.parameters.slots() | {"void_points": game.void_points})
        return Page(kind="match", title=text.title, html=text.html, where=where, points=points)

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        sitting = self._sitting(session)
        if sitting is None or sitting.match is None or not sitting.match.path:
            return Handled("stale")
        seat, match = sitting.seat, sitting.match  # the caller holds the group's lock: they cannot have moved
        try:
            outcome = games.act_locked(
                match, seat, path=match.path, values=data, source="person", key=data.get("key", "")
            )
        except FlowError as error:
            if error.code != "refused":
                raise
            return Refused(error.errors)
        if outcome == games.STORED and kind("safety", "stops")(data):
            return EndVisit()
        # what is acknowledged as stored is an act or an entry: `verify` asks for it
        return Handled(outcome if outcome in (games.STORED, games.LATE) else "stale")

    def overdue(self, session: Session) -> Verdict:
        """Games have deadlines of their own, on the match."""
        return Handled()

    def answers(self, session: Session, said: int | None = None) -> tuple[Sequence[Any], Sequence[Any]]:
        sitting = self._sitting(session)
        if sitting is None:
            return (), ()
        return sitting.answered, sitting.shown if said is None else sitting.shown_with([said])

    def said(self, session: Session) -> int | None:
        """How much has been said in the open talk; None where there is none."""
        sitting = self._sitting(session)
        return sitting.said if sitting else None

    def until(self, session: Session) -> datetime | None:
        """When the time of the open step ends."""
        sitting = self._sitting(session)
        return sitting.match.deadline_at if sitting and sitting.match else None

    def writing(self, session: Session) -> Sequence[Any] | None:
        """Who else is writing in the open talk; None where nobody is told."""
        sitting = self._sitting(session)
        found: Sequence[Any] | None = kind("typing", "seen")(sitting.match, sitting.seat) if sitting else None
        return found

    @property
    def _study(self) -> StudyFile:
        return definition.definition(self.version)

    def _sitting(self, session: Session) -> Sitting | None:
        if self._read is None:
            self._read = [sitting_of(session, self.config.id)]
        return self._read[0]


def _seen(match: Match, seat: Seat, step: Any, page: Page) -> Seen | None:
    """Which entries of a conversation the page shows; a feed shows others than the newest."""
    if page.view is None or not isinstance(step, Talk) or not isinstance(step.channel, Chat):
        return None
    newest = max((line.seq for line in page.view.lines), default=0)
    return Seen(match.pk, match.path, seat.pk, newest) if newest else None


def _waits(match: Match) -> str:
    return _("Saved. Waiting for the other players.") if match.path != VOID_PATH else ""


def _decided() -> SafeString:
    """In place of a text that would still ask for what was done."""
    return format_html("<p>{}</p>", _("You cannot change your answer any more. The others are still busy."))


def _wait(group: Group) -> SafeString:
    """What is waited for, and for how long at most: the slowest open step of the round."""
    deadlines = group.matches.filter(round=group.round, deadline_at__isnull=False).values_list("deadline_at", flat=True)
    now = clock.now()
    seconds = max((int((at - now).total_seconds()) for at in deadlines if at), default=0)
    words = ngettext(
        "The other players are still in this round. What they are doing now takes at most %(n)d more second.",
        "The other players are still in this round. What they are doing now takes at most %(n)d more seconds.",
        max(seconds, 1),
    )
    return format_html("<p>{}</p>", words % {"n": max(seconds, 1)})
