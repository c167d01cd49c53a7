"""Drawing the rounds that are paid, when somebody's game ends. Runs in a transaction that holds the group's lock."""

from collections import defaultdict
from collections.abc import Iterable

from flow.models import Match, PaidRound, Placing
from flow.paid import drawn_from, rule_of, urns_of
from matching.models import Group, Seat


def draw_paid_rounds(group: Group, seats: Iterable[Seat]) -> None:
    """Draw for the people in some seats whose game has ended; nothing where all rounds are paid."""
    rule = rule_of(group.version)
    people = [seat for seat in seats if seat.participant_id] if rule else []
    if rule is None or not people:
        return
    met: dict[int, dict[int, bool]] = defaultdict(dict)
    played = Placing.objects.filter(seat__in=people).values_list("seat", "match__round", "match__status")
    for seat_id, number, status in played:
        met[seat_id][number] = status == Match.Status.VOID
    PaidRound.objects.bulk_create(
        PaidRound(seat=seat, block=block, round=number)
        for seat in people
        for block, number in drawn_from(
            urns_of(rule, group.rounds, met[seat.pk], has_left=seat.status == Seat.Status.LEFT),
            seed=group.version.seed,
            group=group.code,
            seat=seat.number,
        ).items()
    )
