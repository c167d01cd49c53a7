"""The points for which somebody is paid. This is the one place where rounds become points that are paid.

A belief that was drawn is paid instead of the match in which it was stated: that match counts with the points that the
belief won, and with nothing else. Every other match counts with its own points.
"""

from django.db.models import OuterRef, QuerySet, Subquery

from events.prepared import Given, prepared
from flow.models import Award, Placing
from participants.models import Participant


def points_of(participant: Participant) -> int:
    """What a participant earned in matches that are decided."""
    counted = _of_all_rounds.all(participant=participant.pk)
    return sum(int(own or 0) if instead is None else instead for own, instead in counted)


@prepared
def _of_all_rounds(participant: Given) -> QuerySet[Placing, tuple[int | None, int | None]]:
    """Of each match: its points, and what a belief won in its place."""
    drawn = Award.objects.filter(seat=OuterRef("seat"), match=OuterRef("match")).values("points")
    placings = Placing.objects.filter(seat__participant=participant, points__isnull=False)
    return placings.annotate(instead=Subquery(drawn)).order_by("pk").values_list("points", "instead")
