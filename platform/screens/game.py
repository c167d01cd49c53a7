"""A game, played to its end with a person in every seat that is meant for one, and drawn from all their seats.

Beside the course that is played, others are tried and undone: each option, and nothing written where that is allowed.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property

from events import clock
from flow.deadlines import GRACE
from flow.game import game_of
from flow.kinds import kind
from flow.lookup import step_kind
from flow.models import Match
from flow.queries import turn
from flow.services import games
from flow.state import MatchState
from matching.models import Group
from matching.queries import group_of
from paradigm import Decision, Each, Talk
from paradigm.program import leaves, may_show
from screens import answers, services
from screens.answers import Conduct
from screens.errors import ScreensError
from screens.looking import DONE, Looking
from screens.people import Visitor
from screens.screen import Key
from screens.tour import EMPTY, Tour
from studies import definition
from studies.schema_stages import GameStage

MOST_STEPS = 500  # of one match
A_WHILE = timedelta(seconds=60)  # between two contributions to a talk that may not be ended yet
EXPLORED_ROUNDS = 2  # at the beginning; and the last


class Game:
    """One group's game.

    Attributes:
        people: Everybody who sits in it.
        roles: By role, the person from whose seat what follows is drawn.
    """

    def __init__(self, tour: Tour, config: GameStage, group: Group) -> None:
        self.tour, self.config, self._group = tour, config, group.pk
        self.experiment = definition.experiment(config.experiment)
        by_session = {one.session.pk: one for one in tour.people}
        seats = [s for s in group.seats.order_by("number") if s.session_id in by_session]
        seated = {seat.pk: by_session[seat.session_id] for seat in seats if seat.session_id}
        self.people = list(seated.values())
        self.roles: dict[str, Visitor] = {}
        for seat in seats:
            self.roles.setdefault(seat.role, seated[seat.pk])
        self._tried: set[Key] = set()  # where an empty form was sent, or nothing could be
        self.looking = Looking(tour, config.id, seated, self.experiment)

    @classmethod
    def at(cls, tour: Tour, index: int, lead: Visitor) -> "Game | None":
        """The game at a stage in which somebody sits; None where there is none."""
        group = group_of(lead.session)
        config = tour.stages[index]
        if group is None or not lead.is_at(index) or not isinstance(config, GameStage):
            return None
        return cls(tour, config, group)

    @property
    def group(self) -> Group:
        """As it stands now."""
        found = Group.objects.get(pk=self._group)
        found.version = self.tour.version
        return found

    def title(self, role: str) -> str:
        """What a role is called."""
        return self.experiment.roles[role].title or role

    def key(self, role: str, state: str) -> Key:
        """Of a page that belongs to no step."""
        return Key(self.config.id, role=self.title(role), state=state)

    def play(self) -> None:
        """Play every round, and say which pages of the game nobody saw."""
        while (group := self.group).status == Group.Status.ACTIVE and group.round:
            self._round(group)
        self.tour.not_reached += sorted(self._wanted() - self.looking.pages)

    def open_matches(self) -> list[Match]:
        """Of the round that is played; those in which most people meet come first."""
        group = self.group
        found = [fresh(match.pk) for match in group.matches.filter(round=group.round).order_by("number")]
        return sorted(found, key=lambda match: (-len(self.looking.people_of(match)), match.number))

    def play_match(self, match_id: int, conduct: Conduct) -> None:
        """Play one match to its end; every page that is new is drawn."""
        for _ in range(MOST_STEPS):
            match = fresh(match_id)
            if not match.path:
                return
            self.looking.at_match(match)
            self._empty_forms(match)
            self.play_step(match, conduct)
        raise ScreensError("stuck", f"{self.config.id}: a match does not end within {MOST_STEPS} steps")

    def play_step(self, match: Match, conduct: Conduct) -> None:
        """Let every seat that is asked act in its turn.

        Raises:
            ScreensError: "stuck" where nobody can act.
        """
        state = MatchState(match)
        implementation, step = step_kind(state)
        acting = implementation.acting(state, step)
        if not acting:
            raise ScreensError("stuck", f"{self.config.id}: nobody can act at {match.path}, so only time ends it")
        # first those whose page after their act was not drawn yet: whoever acts last has none
        for place in sorted(acting, key=lambda place: self._is_drawn_after(match, place.role)):
            seat = state.seats[place.seat]
            facts = turn(match.pk, match.path, seat.pk)
            if facts is None:
                continue
            self.tour.before_act(match, seat)
            source = "person" if seat.occupant == "person" else "policy"
            key = f"{match.pk}/{match.path}/{seat.number}/{kind('entries', 'count')(match, match.path)}"
            games.act(
                match_id=match.pk,
                path=match.path,
                seat_id=seat.pk,
                values=conduct(facts) if facts.written is None else facts.written,
                source=source,
                key=key,
            )
            self.looking.after_act(match, seat)
        if isinstance(step, Talk) and step.has_minimum:
            self._let_time_pass(fresh(match.pk), match.path)

    def _let_time_pass(self, match: Match, path: str) -> None:
        """In a talk that may not be ended yet, what is said takes time; and at its longest it is over."""
        if match.path != path or match.deadline_at is None:
            return
        later = clock.now() + A_WHILE
        if later < match.deadline_at:
            clock.stand(later)
            return
        clock.stand(max(later, match.deadline_at + GRACE + A_WHILE))
        games.close_overdue(match_id=match.pk, rev=match.rev)

    def _is_drawn_after(self, match: Match, role: str) -> bool:
        return self.tour.has(self.looking.key_of(match.path, role, DONE))

    def _wanted(self) -> set[str]:
        return may_show(self.experiment, game_of(self.group).parameters, self.roles)

    @cached_property
    def _sought(self) -> set[str]:
        """The pages that can come at every level: how long other courses are tried must not depend on the condition."""
        by_level = definition.parameters_by_level(self.tour.study, self.config)
        return set.intersection(*(may_show(self.experiment, values, self.roles) for _, values in by_level))

    def _round(self, group: Group) -> None:
        matches = self.open_matches()
        self.looking.at_those_who_rest(group.pk, group.round)
        if group.round <= EXPLORED_ROUNDS or group.round == group.rounds:
            self._explore_some(matches if group.round == 1 else matches[:1])
        for number, match in enumerate(matches, start=1):
            self.play_match(match.pk, self.tour.conduct)
            if number < len(matches):
                self.looking.at_match(fresh(match.pk))

    def _explore_some(self, matches: Sequence[Match]) -> None:
        """Try other courses, match by match, as long as that shows anything new."""
        if not self.tour.is_thorough:
            return
        for match in matches:
            known = self._sought & self.looking.pages
            self._explore(match)
            if self._sought & self.looking.pages == known:
                return

    def _explore(self, match: Match) -> None:
        """Play other courses of a match and undo them, until every page of the game has been met."""
        corners = self._corners(match)
        for number in range(corners):
            if not self._sought - self.looking.pages:
                return
            with services.undone():
                self.play_match(match.pk, answers.corner(number, of=corners))

    def _corners(self, match: Match) -> int:
        state = MatchState(match)
        decisions = [step for step in leaves(self.experiment.steps) if isinstance(step, Decision)]
        asked = [(one, place) for step in decisions for place in state.places for one in step.fields_of(place.role)]
        return answers.corners([one.resolve(place, state) for one, place in asked if not isinstance(one, Each)])

    def _empty_forms(self, match: Match) -> None:
        """Draw what is said to people who send nothing at the open step."""
        if not self.tour.is_thorough:
            return
        for seat, one in self.looking.people_of(match):
            key = self.looking.key_of(match.path, seat.role, EMPTY)
            if key in self._tried:
                continue
            self._tried.add(key)
            if any(field.required for field in one.page().fields):
                with services.undone():
                    self.tour.draw(key, one.send_and_see({}))


def fresh(match_id: int) -> Match:
    """A match as it stands now."""
    match = Match.objects.select_related("group").get(pk=match_id)
    match.group.version = definition.version_of(match.group.version_id)
    return match
