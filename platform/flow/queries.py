"""What to show, to whom, now. Reads only."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from events.clock import RapportNow
from events.prepared import Given, prepared
from flow import between
from flow.calculator import with_calculator
from flow.game import game_of
from flow.home import home_page
from flow.kinds import kind
from flow.lookup import stage_of, step_kind
from flow.models import Match
from flow.page import Kept, Page
from flow.showing import place_of
from flow.stage import StageKind
from flow.stages.limits import limit_of
from flow.state import MatchState
from matching.lasting import NAMED
from matching.models import Seat
from paradigm import Card, Decision, Field, Line, Place, Table, View
from paradigm.history import played
from paradigm.moves import Played
from paradigm.state import Values
from paradigm.steps import Leaf
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.markdown import fill
from studies.schema_partners import AutomatedPartner
from studies.slots import CALCULATOR


@dataclass(frozen=True)
class TurnFacts:
    """What an occupant that is no person needs to act at a step: what a person's page would hold, and when.

    Attributes:
        written: What is done here in its place, where that was settled before.
        answers: Number of the newest entry by somebody else that it is to answer in a talk, as whoever asks it has
            counted; 0: there is none, or it is at a decision.
    """

    step: str
    match_id: int
    path: str
    place: Place
    view: View
    fields: Sequence[Field]
    text: str
    seat: Seat
    chance: str
    opened_at: datetime
    deadline_at: datetime | None
    match_rev: int
    is_talk: bool
    played: Played | None = None
    written: Values | None = None
    answers: int = 0


@dataclass(frozen=True)
class Visit:
    """A participant's newest session, both as they were at the instant `now` of the database's clock."""

    session: Session
    now: datetime

    @cached_property
    def stage(self) -> StageKind | None:
        """The session's open stage, which keeps what it reads; None after the last."""
        return stage_of(self.session) if self.session.status == Session.Status.ACTIVE else None


def visit_of(participant: Participant) -> Visit | None:
    """The newest visit of a participant, read anew; None where there is none."""
    return _as_visit(_newest_of.first(participant=participant.pk))


def visit_with(sha256: str) -> Visit | None:
    """The newest visit of whoever's secret has this digest; None where that is nobody."""
    return _as_visit(_newest_with.first(sha256=sha256))


def _as_visit(session: Session | None) -> Visit | None:
    if session is None:
        return None
    session.participant.version = definition.version_of(session.participant.version_id)
    return Visit(session, session.read_at)  # type: ignore[attr-defined]


@prepared
def _newest_of(participant: Given) -> QuerySet[Session]:
    return _newest(Session.objects.filter(participant=participant))


@prepared
def _newest_with(sha256: Given) -> QuerySet[Session]:
    return _newest(Session.objects.filter(participant__token_sha256=sha256))


def _newest(sessions: QuerySet[Session]) -> QuerySet[Session]:
    return sessions.select_related("participant__study").annotate(read_at=RapportNow()).order_by("-pk")[:1]


def match_of(session: Session) -> Match | None:
    """The match of the round that is being played in which this session sits; None in a round that is sat out."""
    match = _match_of.first(session=session.pk, status=Seat.Status.SITTING)
    if match is not None:
        match.group.version = definition.version_of(match.group.version_id)
    return match


@prepared
def _match_of(session: Given, status: Given) -> QuerySet[Match]:
    matches = Match.objects.filter(placings__seat__session=session, placings__seat__status=status)
    return matches.filter(round=F("group__round")).select_related("group")


def rev_of(session: Session, stage: StageKind | None = None, *, said: int | None = None) -> str:
    """What the session's page answers to: it changes when the page changes for good, and tells nothing else.

    The version's seed is in it, so that nobody can find by trying which row numbers it was made from. After its dot is
    when the time ends, which a researcher may move, and how much others said meanwhile: an answer to the page of before
    still counts.

    Args:
        stage: The session's open stage, where the caller has it already.
        said: As if so much had been said in the open conversation; None: as much as has been.
    """
    seed = definition.version_of(session.participant.version_id).seed
    parts: list[Any] = [seed, session.pk, session.status, session.stage, session.rev]
    ends: list[Any] = [seed, limit_of(session)]
    if session.status == Session.Status.ACTIVE:
        answers = getattr(stage or stage_of(session), "answers", None)
        if answers is not None:
            answered, shown = answers(session) if said is None else answers(session, said)
            parts += answered
            ends += shown
    elif between.is_between(session):
        parts += between.answers(session)
    return f"{_digest(parts)}.{_digest(ends)[:8]}"


def lacks_only_lines(session: Session, rev: str, stage: StageKind | None, *, drawn: int, read: int) -> bool:
    """Whether nothing is new since a page with this revision but lines that its browser has been told, as it says.

    Args:
        drawn: How much had been said when the page was drawn.
        read: The number of the last line that stands on it now.
    """
    said = getattr(stage, "said", None)
    return said is not None and said(session) == read and rev == rev_of(session, stage, said=drawn)


def is_answered_by(session: Session, rev: str, stage: StageKind | None = None) -> bool:
    """Whether a form with this revision is for the page that the session is at."""
    return rev.partition(".")[0] == rev_of(session, stage).partition(".")[0]


def _digest(parts: Sequence[Any]) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:24]


def page_of(session: Session, kept: Kept | None = None) -> Page:
    """The one page this session is at, decided by the server; `kept` where that is the page that was just kept.

    Read it together with its revision inside `events.moment.one_moment`: a page of before a step's end must not carry
    the revision of after, or it would look current for ever and its form would answer the wrong step.
    """
    if session.status != Session.Status.ACTIVE:
        page: Page = home_page(session) if between.is_between(session) else kind("exit", "page")(session)
        return _protected(replace(page, rev=rev_of(session)), session)
    stage = stage_of(session)
    is_kept = kept is not None and (kept.session, kept.rev) == (session.pk, session.rev)
    page = kept.page if kept is not None and is_kept else stage.page(session)
    stages = definition.definition(session.participant.version).stages
    places = definition.places(session.participant.version, session.wave)
    number, all_of = place_of(stages[places.start : places.stop], session.stage - places.start, session.repeat)
    where = _("Step %(n)d of %(all)d") % {"n": number, "all": all_of}
    where = f"{where} · {page.where}" if page.where else where
    return _protected(with_calculator(replace(page, where=where, rev=rev_of(session, stage)), session), session)


def _protected(page: Page, session: Session) -> Page:
    """The page, with the card with resources where what somebody wrote before it calls for that."""
    if definition.definition(session.participant.version).safety is None:
        return page
    found: Page = kind("safety", "offer")(page, session)
    return found


def view_from(stored: dict[str, Any]) -> View:
    """The view that `View.as_json` made."""
    return View(
        page=stored["page"],
        blocks=stored["blocks"],
        facts=stored["facts"],
        cards=[Card(**card) for card in stored["cards"]],
        lines=[Line(**line) for line in stored["lines"]],
        tables=[Table(**table) for table in stored["tables"]],
    )


def seen_now(state: MatchState, place: Place) -> View:
    """The view of a place at this moment: what it was told, and in an open exchange what has come since."""
    implementation, step = step_kind(state)
    before = view_from(state.exposure_of(state.seats[place.seat]).view)
    now: View = implementation.view(state, step, place, before)
    return replace(now, page=before.page)


def slots_of(state: MatchState, view: View) -> dict[str, Any]:
    """Every number and word that the page's text may name."""
    here = {"round": state.round, "rounds": state.rounds, "void_points": state.game.void_points}
    return state.parameters.slots() | here | {"calculator": CALCULATOR} | _names_in(state) | dict(view.facts)


def _names_in(state: MatchState) -> dict[str, str]:
    """The name of the partner that has one. Reads nothing where the study file gives nobody a name."""
    partners = definition.definition(state.game.version).partners.values()
    if not any(isinstance(partner, AutomatedPartner) and partner.identity for partner in partners):
        return {}
    named = [seat.settings[NAMED] for seat in state.seats.values() if NAMED in seat.settings]
    return {"partner_name": named[0]} if len(named) == 1 else {}


def turn(match_id: int, path: str, seat_id: int) -> TurnFacts | None:
    """What the occupant of a seat needs to act; None when the step is over or the seat has acted."""
    match = Match.objects.select_related("group__version__study").get(pk=match_id)
    if match.path != path:
        return None
    state = MatchState(match)
    seat = next((seat for seat in state.seats.values() if seat.pk == seat_id), None)
    implementation, step = step_kind(state)
    if seat is None or state.place(seat) not in implementation.acting(state, step):
        return None
    told = state.as_told(seat.number)
    place = told.place(seat)
    view = seen_now(state, place)
    experiment = state.game.experiment
    return TurnFacts(
        step=step.name if step else "void",
        match_id=match.pk,
        path=path,
        place=place,
        view=view,
        fields=implementation.asked(state, step, place).fields,
        # only a model reads words; a group of policies may have no pages
        text=_for_a_model(match, state, view) if seat.occupant == "model" else "",
        seat=seat,
        chance=f"{state.chance}/{path}/{seat.number}",
        opened_at=match.step_opened_at,
        deadline_at=match.deadline_at or _as_long_as(state, step),
        match_rev=match.rev,
        is_talk=type(step).__name__ == "Talk",
        played=played(experiment.moves, experiment.steps, place, told),
        written=step.written(place, told) if isinstance(step, Decision) and step.written else None,
    )


def _as_long_as(state: MatchState, step: Leaf | None) -> datetime | None:
    """When time would be up where no limit closes the step: a model has no longer there than among people."""
    if step is None:
        return None
    return state.match.step_opened_at + timedelta(seconds=state.game.seconds_of(step, state.round))


def _for_a_model(match: Match, state: MatchState, view: View) -> str:
    """The words of a person's page; what a person may try out beside them is no word."""
    return fill(page_text(match, view), slots_of(state, view) | {"calculator": ""})


def page_text(match: Match, view: View) -> str:
    """The frozen Markdown of what a view shows: its page, then its blocks."""
    game = game_of(match.group)
    names = [view.page, *view.blocks]
    return "\n\n".join(definition.text(game.version, f"{game.config.pages}/{name}.md") for name in names)
