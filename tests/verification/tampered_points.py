"""Untruths about when points were given."""

import json

from events.models import Event
from flow.models import PaidRound
from matching.models import Seat
from tests.verification.played import Played
from tests.verification.tampering import case, change, event, match, remove, whole


@case("points given at a step")
def points_were_given_without_a_word(played: Played) -> None:
    opened = Event.objects.get(kind="step.opened", subject_id=match(played).pk, facts__settled=True)
    change(opened, facts=json.dumps({name: fact for name, fact in opened.facts.items() if name != "settled"}))


@case("points given twice")
def points_were_given_before(played: Played) -> None:
    first = event(match(played), "step.opened")
    change(first, facts=json.dumps(first.facts | {"settled": True}))


@case("paid rounds")
def another_round_was_drawn(played: Played) -> None:
    drawn = PaidRound.objects.filter(seat__group=whole(played)).earliest("pk")
    change(drawn, round=3 - drawn.round)  # of two


@case("paid rounds")
def nothing_was_drawn_for_a_seat(played: Played) -> None:
    remove(PaidRound.objects.filter(seat__group=whole(played)).earliest("pk"))


@case("paid rounds")
def drawn_for_somebody_who_still_plays(played: Played) -> None:
    seat = Seat.objects.filter(status="sitting", participant__isnull=False).earliest("pk")
    PaidRound.objects.create(seat=seat, block=1, round=1)
