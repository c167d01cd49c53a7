"""A walk through every page of a study under one condition: visit by visit, stage by stage, with the turnings off it.

The lead is drawn. The others come when they are needed, and do only what leads on. Off the way to the later visits of a
wave there is nothing that was not there off the way to its first, so there only what lies on the way is drawn.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from flow.lookup import stage_of
from flow.models import Match
from flow.services import sessions
from matching.models import Seat
from participants.models import Participant
from participants.services import make_link
from screens import answers, services
from screens.errors import ScreensError
from screens.people import STALE_REV, Browser, Visitor
from screens.screen import DOOR, EXITS, REFUSALS, Key, Screen
from screens.visits import companions, let_open, visits_of
from studies import definition
from studies.models import Version
from studies.schema_stages import DebriefStage
from studies.services import close_study, open_study, pause_study

FIRST, EMPTY, LEAVING = "first", "after an empty form", "pause or leave"
MOST_PAGES = 60  # of one stage
OF_NO_VISIT = frozenset({DOOR, EXITS, REFUSALS})


class Tour:
    """One condition of a version.

    Attributes:
        screens: What was drawn, by key, in the order in which it was met.
        not_reached: Game pages to which no course of a game came.
        leads: Whose pages are drawn: one person, and after a game of this visit one of each role, by the name of the
            role.
        visit: Which visit is walked through.
        met: By stage, the pages of a game that somebody has seen in any visit.
        conduct: What seats of a game do in the course that is played to its end.
    """

    def __init__(self, version: Version, condition: str) -> None:
        self.version, self.condition = version, condition
        self.study = definition.definition(version)
        self.stages = self.study.stages
        self.screens: dict[Key, Screen] = {}
        self.not_reached: list[str] = []
        self.people: list[Visitor] = []
        self.leads: list[tuple[str, Visitor]] = []
        self.visits = visits_of(version)
        self.visit = self.visits[0]
        self.met: dict[str, set[str]] = {}
        self.conduct: answers.Conduct = answers.by_chance

    @property
    def is_thorough(self) -> bool:
        """Whether what turns off the way is drawn, too: it is in the first visit of each wave."""
        return self.visit.repeat == 1

    def walk(self, walkers: "Walkers", between: "Between") -> None:
        """Draw everything; what was written meanwhile is undone.

        Args:
            walkers: By kind of stage, who walks through it; every other kind is filled in and sent.
            between: What comes before and after a visit.

        Raises:
            ScreensError: "no_condition", "no_group", "stuck".
        """
        with services.undone():
            self._door()
            self.leads = [("", self.another())]
            self._refusals(self.leads[0][1])
            for _ in range(companions(self.version)):
                self.another()
            for visit in self.visits:
                self.visit = visit
                self._walk_through(walkers, between)
            self._ends()
            self._other_exits()

    def _walk_through(self, walkers: "Walkers", between: "Between") -> None:
        """One visit, of the person with whom the tour began."""
        lead = self.people[0]
        if lead.is_over:
            return
        self.leads = [("", lead)]
        if self.visit.number > 1 and not between.before(self):
            return
        for index in self.visit.stages:
            walkers.get(self.stages[index].kind, answer)(self, index)
        between.after(self)

    def draw(self, key: Key, html: str) -> None:
        """Keep a page, unless there is one under this key already."""
        key = self._of_this_visit(key)
        self.screens.setdefault(key, Screen(key, self.condition, html))

    def has(self, key: Key) -> bool:
        """Whether there is a page under this key."""
        return self._of_this_visit(key) in self.screens

    def _of_this_visit(self, key: Key) -> Key:
        return key if key.visit or key.stage in OF_NO_VISIT else replace(key, visit=self.visit.name)

    def before_act(self, match: Match, seat: Seat) -> None:
        """A seat of a game is about to act."""

    def allocating(self, act: Callable[[], Any]) -> None:
        """Do something after which somebody may have a condition, so that it is the condition of this tour."""
        services.under(self.version, self.condition, lambda: _ignore(act()))

    def another(self) -> Visitor:
        """Let one more person come in, who stays."""
        self.people.append(self._newcomer())
        return self.people[-1]

    def _newcomer(self) -> Visitor:
        found: list[Visitor] = []
        number = len(self.people) + 1
        self.allocating(lambda: found.append(Visitor(self.version, number)))
        return found[-1]

    def gather(self, stage: int, count: int) -> Sequence[Visitor]:
        """Have so many people at a stage, the leads among them, and return them all."""
        while len(self._within(stage)) < count:
            self.another()
        for one in self._within(stage):
            self.bring(one, stage)
        return [one for one in self.people if one.place == (self.visit.number, stage)]

    def _within(self, stage: int) -> list[Visitor]:
        return [one for one in self.people if not one.is_over and one.place <= (self.visit.number, stage)]

    def bring(self, one: Visitor, stage: int) -> None:
        """Let somebody give the right answers until they are at a stage of this visit, or past it."""
        for _ in range(MOST_PAGES * len(self.stages) * self.visit.number):
            if one.is_over or one.place >= (self.visit.number, stage):
                return
            self.go_on(one)
        where = self.stages[one.session.stage].id
        raise ScreensError("stuck", f"nobody gets past stage {where} by right answers: see `manage.py simulate`")

    def go_on(self, one: Visitor) -> None:
        """Send the right answers from the page as it is; between two visits begin the next, when it opens."""
        if one.is_between:
            let_open(one)
            self.allocating(lambda: one.send({}))
            return
        session = one.session
        fields = one.page().fields
        data = answers.right(session, fields, stage_of(session))
        self.allocating(lambda: one.send(data))

    def exit(self, one: Visitor, role: str, why: str) -> None:
        """Draw the last page of somebody who has reached an exit; harmless for anybody else."""
        if one.is_over:
            self.draw(Key(EXITS, one.participant.exit, role, why), one.html())

    def _door(self) -> None:
        study = self.version.study
        paths = [reverse("landing", args=[make_link(study, origin=Participant.Origin.SIMULATED)]) for _ in range(2)]
        self._at_the_door("before the study is open", paths[0])
        open_study(study)
        self.draw(Key(DOOR), Browser().get(paths[1]))
        for why, turn in (("while the study pauses", pause_study), ("after the study", close_study)):
            with services.undone():
                turn(study)
                self._at_the_door(why, paths[1])
            study.refresh_from_db()
        self.draw(Key(REFUSALS, state="a link that nobody has"), Browser().get(reverse("landing", args=["x" * 43])))
        self.draw(Key(REFUSALS, state="the study's page in another browser"), Browser().get(reverse("session")))

    def _at_the_door(self, why: str, path: str) -> None:
        self.draw(Key(DOOR, state=why), Browser().post(path, {"form_key": "screens"}))

    def _refusals(self, one: Visitor) -> None:
        """What is said to a form that cannot be read, and to one that is for another page."""
        unreadable = one.browser.send_raw(reverse("session"), "{}", "application/json")
        self.draw(Key(REFUSALS, state="a form that cannot be read"), unreadable)
        self.draw(Key(REFUSALS, state="a form of a page that is over"), one.send_and_see({}, rev=STALE_REV))

    def _ends(self) -> None:
        for role, lead in self.leads:
            self.exit(lead, role, "at the end")
        if any(isinstance(stage, DebriefStage) and stage.when != "exit" for stage in self.stages):
            self._late_debriefs()

    def _late_debriefs(self) -> None:
        """The same last pages when everybody has finished and the study is closed: then they explain it."""
        with services.undone():
            for one in self.people:
                if not one.is_over:
                    sessions.leave(one.session.pk)
            close_study(self.version.study)
            for role, lead in self.leads:
                self.exit(lead, role, "at the end, when the study is over for everybody")
        self.version.study.refresh_from_db()

    def _other_exits(self) -> None:
        """Exits to which no turning led: a researcher may send anybody there."""
        met = {key.step for key in self.screens if key.stage == EXITS}
        for name in self.study.exits:
            if name not in met:
                with services.undone():
                    one = self._newcomer()
                    sessions.leave(one.session.pk, exit_name=name)
                    self.exit(one, "", "sent there by a researcher")


Walk = Callable[[Tour, int], None]
Walkers = dict[str, Walk]


@dataclass(frozen=True)
class Between:
    """What comes before every visit but the first, and after each.

    Attributes:
        before: Returns whether the visit was begun; there may have been no time for it.
    """

    before: Callable[[Tour], bool]
    after: Callable[[Tour], None]


def _ignore(_: Any) -> None:
    """A result that does not matter."""


@contextmanager
def turning(tour: Tour, one: Visitor, role: str, why: str) -> Iterator[None]:
    """Something that is done and undone; whoever is out afterwards sees the page of an exit, which is drawn."""
    with services.undone():
        yield
        tour.exit(one, role, why)


def answer(tour: Tour, index: int) -> None:
    """Draw a stage page by page, and pass it with the right answers."""
    for role, lead in tour.leads:
        pages_of(tour, index, role=role, lead=lead)


def pages_of(tour: Tour, index: int, *, role: str, lead: Visitor, also: Callable[[Key], None] | None = None) -> None:
    """Draw what one person sees of a stage, and pass it.

    Args:
        also: Draws the turnings off its first page, given the key of that page.
    """
    stage = tour.stages[index].id
    for number in range(1, MOST_PAGES + 1):
        if not lead.is_at(index):
            return
        key = Key(stage, role=role, state=FIRST if number == 1 else f"page {number}")
        tour.draw(key, lead.html())
        empty_form(tour, key, lead)
        if number == 1:
            leaving(tour, key, lead)
            if also and tour.is_thorough:
                also(key)
        tour.go_on(lead)
    raise ScreensError("stuck", f"stage {stage} does not end by right answers: see `manage.py simulate`")


def empty_form(tour: Tour, key: Key, one: Visitor) -> None:
    """Draw what is said to somebody who answers nothing, where something must be answered."""
    if not tour.is_thorough or not any(field.required for field in one.page().fields):
        return
    with services.undone():
        after = EMPTY if key.state == FIRST else f"{key.state}, {EMPTY}"
        tour.draw(Key(key.stage, key.step, key.role, after), one.send_and_see({}))


def leaving(tour: Tour, key: Key, one: Visitor) -> None:
    """Draw the page on pausing and leaving, and both ways of leaving."""
    if not tour.is_thorough:
        return
    tour.draw(Key(key.stage, key.step, key.role, LEAVING), one.leave_page())
    for withdraw, how in ((False, "left"), (True, "left, data deleted")):
        with turning(tour, one, key.role, f"{how}, from {key.stage}"):
            sessions.leave(one.session.pk, withdraw=withdraw)
