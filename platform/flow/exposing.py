"""What a seat is told as a step opens, as the record of exposures keeps it."""

from dataclasses import replace
from typing import Any

from django.utils import translation

from flow.lookup import step_kind
from flow.state import MatchState
from flow.step_page import step_page
from flow.visible import text_sha256
from matching.models import Seat
from paradigm import Choice, Place, Talk, View
from studies import definition


def told(state: MatchState, place: Place) -> dict[str, Any]:
    """The seat's view, and how its page asks for an act.

    Beside the fields of `paradigm.View`: `asked`, the keys of the fields in order; `options`, of each choice the values
    and labels in order; `acts`, whether there is anything to press; and where a person sits `text_sha256`, of the words
    of the page. What a talk shows grows while it goes on: it has no such hash.
    """
    implementation, step = step_kind(state)
    view = View(page="void") if step is None else state.view_of(place)
    view = replace(view, page=view.page or f"{state.path.rpartition('/')[2]}_{place.role}")
    asked = implementation.asked(state, step, place)
    choices = [one for one in asked.fields if isinstance(one, Choice)]
    found = view.as_json() | {
        "asked": [field.key for field in asked.fields],
        "options": {one.key: [[option.value, option.label] for option in one.offered] for one in choices},
        "acts": bool(asked.button),
    }
    seat = state.seats[place.seat]
    if seat.occupant == "person" and seat.status == Seat.Status.SITTING and not isinstance(step, Talk):
        with translation.override(definition.definition(state.game.version).language):
            # asked again in the study's language: whoever opened the step may speak another
            page = step_page(state, step, view, implementation.asked(state, step, place))
            found["text_sha256"] = text_sha256(page)
    return found
