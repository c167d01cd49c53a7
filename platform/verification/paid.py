"""The rounds that are paid, drawn once more from the seed."""

from __future__ import annotations

from flow.models import Match, PaidRound
from flow.paid import drawn_from, rule_of, urns_of
from matching.models import Seat
from verification.inquiry import Inquiry
from verification.story import Story


def check_paid_rounds(inquiry: Inquiry, story: Story) -> None:
    """Whose game has ended has the rounds that chance gives, and nobody else has any."""
    society = story.society
    stored: dict[int, dict[int, int]] = {pk: {} for pk in society.seats}
    for one in PaidRound.objects.filter(seat__in=society.seats).order_by("seat", "block"):
        stored[one.seat_id][one.block] = one.round
        inquiry.report.count("paid rounds")
    for pk, seat in society.seats.items():
        inquiry.report.compare("paid rounds", society.seat(pk), _drawn(story, seat), stored[pk])


def _drawn(story: Story, seat: Seat) -> dict[int, int]:
    society = story.society
    group, rule = society.group, rule_of(society.group.version)
    if rule is None or seat.occupant != "person" or seat.status == Seat.Status.SITTING:
        return {}
    met = {
        match.round: match.status == Match.Status.VOID
        for pk, match in society.matches.items()
        if seat.pk in society.inside(pk)
    }
    urns = urns_of(rule, group.rounds, met, has_left=seat.status == Seat.Status.LEFT)
    return drawn_from(urns, seed=group.version.seed, group=group.code, seat=seat.number)
