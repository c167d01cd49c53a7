"""Practising: somebody plays some rounds alone, in one role after the other, and the others' answers are made up. Pure.

Where somebody stands follows from their answers so far: the course is gone through from its beginning each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paradigm.experiment import Script
from paradigm.fields import Field
from paradigm.imagined import Imagined, Scene, is_in_the_game, made_up
from paradigm.state import Place, Values
from paradigm.view import View


@dataclass(frozen=True)
class Stop:
    """One page of practice.

    Attributes:
        part: Which round in which role, from 1.
        fields: What is asked; empty where there is only something to read.
    """

    part: int
    place: Place
    state: Imagined
    fields: Sequence[Field]

    @property
    def view(self) -> View:
        """What is told."""
        return self.state.view(self.place)


@dataclass(frozen=True)
class Practice:
    """The rounds that somebody practises.

    Args:
        roles: In which role each round is practised, in order.
    """

    scene: Scene
    script: Script
    roles: Sequence[str]

    def stop_after(self, answers: Sequence[Values]) -> Stop | None:
        """The page that comes after these answers, one for each page; None when the practice is over.

        Raises:
            ImaginedError: the script does not say what others answer.
        """
        left = list(answers)
        past: dict[str, list[Imagined]] = {}
        for part, role in enumerate(self.roles, start=1):
            before = past.setdefault(role, [])
            seat = self.scene.seat_in(role)
            state = self.scene.begin(seat, len(before) + 1, before)
            stop = self._play(part, state, seat, left)
            if isinstance(stop, Stop):
                return stop
            before.append(stop)
        return None

    def _play(self, part: int, state: Imagined, seat: int, left: list[Values]) -> Stop | Imagined:
        """The page at which a round stands, or the round when it is over. Takes answers off `left`."""
        path = state.first()
        while path is not None:
            state = state.at(path)
            if is_in_the_game(state.step):
                place = state.place_of(seat)
                fields = state.asked(place)
                if not left:
                    return Stop(part, place, state, fields)
                answer = left.pop(0)
                own = {seat: answer} if fields else {}
                state = state.after(own | made_up(state, self.script, but=seat))
            path = state.at("").following(path)
        return state.at("")
