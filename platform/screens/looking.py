"""Looking at a game from the seats of people: which page each has, and whether one like it was drawn already."""

from collections.abc import Mapping
from typing import Any

from chat.earlier import is_later
from chat.forms import THEN
from flow.kinds import VOID_PATH
from flow.lookup import step_kind
from flow.models import Exposure, Match, Placing
from flow.state import MatchState
from matching.models import Seat
from paradigm import Experiment, Talk
from screens.people import Visitor
from screens.screen import Key
from screens.tour import Tour

VOID, SIT_OUT, WAITS, DONE = "void", "sit_out", "waits", "has answered"
MAY_END = "may end it now"
LATER, PAST = "after an earlier conversation", "an earlier conversation"


class Looking:
    """Draws what people in a game see.

    Args:
        stage: The id of the game's stage.
        seated: Who sits there, by the key of the seat; seats without a person are nobody's page.

    Attributes:
        pages: The names of all pages of the game, and blocks on them, that somebody has seen in any visit.
    """

    def __init__(self, tour: Tour, stage: str, seated: Mapping[int, Visitor], experiment: Experiment) -> None:
        self._tour, self._stage, self._seated, self._experiment = tour, stage, seated, experiment
        self.pages = tour.met.setdefault(stage, set())

    def key_of(self, path: str, role: str, state: str) -> Key:
        """The key of a page at a step."""
        step = VOID if path == VOID_PATH else path.rpartition("/")[2]
        return Key(self._stage, step, self._experiment.roles[role].title or role, state)

    def at_match(self, match: Match) -> None:
        """Draw the page of everybody in a match, as its step has just begun; or as it is over and others go on."""
        people = self.people_of(match)
        if not match.path:
            for seat, one in people:
                self._draw(self.key_of("", seat.role, "while others are still in the round"), one)
            return
        views = self._views_of(match)
        state = MatchState(match)
        implementation, step = step_kind(state)
        acting = {place.seat for place in implementation.acting(state, step)}
        for seat, one in people:
            view = views[seat.pk]
            self.pages |= {view["page"], *view.get("blocks", [])}
            phase = ("acts" if view["asked"] else "reads") if seat.number in acting else WAITS
            if seat.number in acting and THEN not in view["asked"] and self._may_end(state, seat):
                phase = MAY_END
            words = self._state(phase, view, match.path, seat.role)
            words += f", {LATER}" if is_later(state, seat) else ""
            self._draw(self.key_of(match.path, seat.role, words), one)
            self._past(self.key_of(match.path, seat.role, PAST), one)

    def _past(self, key: Key, one: Visitor) -> None:
        """Draw an earlier conversation, where somebody in a talk may read it."""
        past = one.page().facts.get("talk", {}).get("past") if key not in self._tour.screens else None
        if past and past["titles"]:
            self._tour.draw(key, one.past_page())

    def _may_end(self, state: MatchState, seat: Seat) -> bool:
        """Whether somebody in a talk may end it."""
        implementation, step = step_kind(state)
        asked = implementation.asked(state, step, state.place(seat)).fields
        return isinstance(step, Talk) and any(field.key == THEN for field in asked)

    def after_act(self, match: Match, seat: Seat) -> None:
        """Draw the page of somebody who has acted while others have not, and of those who read along in a talk."""
        key = self.key_of(match.path, seat.role, DONE)
        if seat.pk in self._seated and not self._tour.has(key) and _is_still_at(match):
            self._draw(key, self._seated[seat.pk])
        if isinstance(step_kind(MatchState(match))[1], Talk):
            self._readers(match, seat)

    def at_those_who_rest(self, group: int, number: int) -> None:
        """Draw the page of everybody who meets nobody in a round."""
        placed = set(Placing.objects.filter(match__group=group, match__round=number).values_list("seat", flat=True))
        for seat in Seat.objects.filter(group=group, status=Seat.Status.SITTING).order_by("number"):
            if seat.pk in self._seated and seat.pk not in placed:
                self._draw(self.key_of(SIT_OUT, seat.role, "rests"), self._seated[seat.pk])

    def _readers(self, match: Match, writer: Seat) -> None:
        for seat, one in self.people_of(match):
            key = self.key_of(match.path, seat.role, "while others write")
            if seat != writer and not self._tour.has(key) and _is_still_at(match):
                self._draw(key, one)

    def _draw(self, key: Key, one: Visitor) -> None:
        if not self._tour.has(key):
            self._tour.draw(key, one.html())

    def _state(self, phase: str, view: Mapping[str, Any], path: str, role: str) -> str:
        """What tells one page of a step from another: its text, and what stands on it besides."""
        usual = {f"{path.rpartition('/')[2]}_{role}", VOID}
        said = [phase, *([] if view["page"] in usual else [view["page"]]), *view.get("blocks", [])]
        said += [f"with “{table['caption']}”" for table in view["tables"]]
        return ", ".join(said + (["with messages"] if view["lines"] else []))

    def people_of(self, match: Match) -> list[tuple[Seat, Visitor]]:
        """Those in a match who are still there, by the number of their seats."""
        sitting = Placing.objects.filter(match=match, seat__status=Seat.Status.SITTING, seat__in=list(self._seated))
        return [(p.seat, self._seated[p.seat_id]) for p in sitting.select_related("seat").order_by("seat__number")]

    def _views_of(self, match: Match) -> dict[int, Any]:
        return dict(Exposure.objects.filter(match=match, path=match.path).values_list("seat", "view"))


def _is_still_at(match: Match) -> bool:
    return Match.objects.filter(pk=match.pk, path=match.path).exists()
