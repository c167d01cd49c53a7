"""Untruths about when points were given."""

import json

from events.models import Event
from tests.verification.played import Played
from tests.verification.tampering import case, change, event, match


@case("points given at a step")
def points_were_given_without_a_word(played: Played) -> None:
    opened = Event.objects.get(kind="step.opened", subject_id=match(played).pk, facts__settled=True)
    change(opened, facts=json.dumps({name: fact for name, fact in opened.facts.items() if name != "settled"}))


@case("points given twice")
def points_were_given_before(played: Played) -> None:
    first = event(match(played), "step.opened")
    change(first, facts=json.dumps(first.facts | {"settled": True}))
