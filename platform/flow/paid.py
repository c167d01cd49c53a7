"""The points for which somebody is paid. This is the one place where rounds become points that are paid.

They are those of all rounds, of one, or of one round in each block. What is drawn is drawn when somebody's game ends,
from the version's secret seed, and stored: nobody can know it earlier, and everybody can reckon with it afterwards.

A belief that was drawn is paid instead of the match in which it was stated: that match counts with the points that the
belief won, and with nothing else, and only where its round is paid. Every other match counts with its own points.
"""

from collections.abc import Mapping, Sequence
from random import Random

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from events.prepared import Given, prepared
from flow.models import Award, PaidRound, Placing
from participants.models import Participant
from studies import definition
from studies.models import Version
from studies.schema_pay import PointsPay


def blocks_of(rule: PointsPay, rounds: int) -> Mapping[int, range]:
    """The rounds of each block, by its number from 1; the last may be shorter."""
    size = rule.block_rounds or max(rounds, 1)
    firsts = range(1, rounds + 1, size)
    return {number: range(first, min(first + size, rounds + 1)) for number, first in enumerate(firsts, start=1)}


def urns_of(rule: PointsPay, rounds: int, met: Mapping[int, bool], *, has_left: bool) -> Mapping[int, Sequence[int]]:
    """The rounds of each block from which one is drawn; a block without any has none.

    Whoever left early draws from every round that was planned, so that leaving never makes a round likelier: one that
    was not played pays nothing. Everybody else draws from the rounds in which they met others.

    Args:
        met: Round in which the seat met others → whether it was void.
    """
    if has_left:
        return {number: list(block) for number, block in blocks_of(rule, rounds).items()}
    found: dict[int, Sequence[int]] = {}
    for number, block in blocks_of(rule, rounds).items():
        mine = [one for one in block if one in met]
        counted = [one for one in mine if not met[one]] if rule.void == "left_out" else mine
        if mine:
            found[number] = counted or mine
    return found


def drawn_from(urns: Mapping[int, Sequence[int]], *, seed: str, group: str, seat: int) -> dict[int, int]:
    """Block → the round that is paid. The same whenever asked.

    Args:
        group: The group's code.
        seat: The seat's number in it.
    """
    chance = {block: Random(f"{seed}/paid round/{group}/{seat}/{block}") for block in urns}  # noqa: S311  seeded
    return {block: chance[block].choice(urn) for block, urn in urns.items()}


def rule_of(version: Version) -> PointsPay | None:
    """The rule by which rounds are drawn; None where all rounds are paid, or points pay nothing."""
    rule = definition.definition(version).payments.points
    return rule if rule and rule.is_drawn else None


def points_of(participant: Participant) -> int:
    """The points that a participant is paid for: of decided matches, and where rounds are drawn, of those drawn."""
    counted = _of_all_rounds if rule_of(participant.version) is None else _of_paid_rounds
    rows = counted.all(participant=participant.pk)
    return sum(int(own or 0) if instead is None else instead for own, instead in rows)


def paid_awards(awards: QuerySet[Award]) -> QuerySet[Award]:
    """Those of some awards that somebody is paid for: a person sits there, and the round is paid, too.

    It is where it was drawn, and where nothing was drawn for the seat, as all its rounds are paid.
    """
    drawn = PaidRound.objects.filter(seat=OuterRef("seat"))
    is_paid = ~Exists(drawn) | Exists(drawn.filter(round=OuterRef("match__round")))
    return awards.filter(is_paid, seat__participant__isnull=False)


def rounds_drawn_for(participant: Participant) -> tuple[int, ...] | None:
    """Which rounds were drawn for a participant, game by game; None where all are paid."""
    if rule_of(participant.version) is None:
        return None
    return tuple(_rounds_drawn.all(participant=participant.pk))


@prepared
def _of_all_rounds(participant: Given) -> QuerySet[Placing, tuple[int | None, int | None]]:
    return _counted(Placing.objects.filter(seat__participant=participant))


@prepared
def _of_paid_rounds(participant: Given) -> QuerySet[Placing, tuple[int | None, int | None]]:
    mine = Placing.objects.filter(seat__participant=participant)
    return _counted(mine.filter(seat__paid_rounds__round=F("match__round")))


def _counted(placings: QuerySet[Placing]) -> QuerySet[Placing, tuple[int | None, int | None]]:
    """Of each decided match: its points, and what a belief won in its place."""
    drawn = Award.objects.filter(seat=OuterRef("seat"), match=OuterRef("match")).values("points")
    decided = placings.filter(points__isnull=False).annotate(instead=Subquery(drawn))
    return decided.order_by("pk").values_list("points", "instead")


@prepared
def _rounds_drawn(participant: Given) -> QuerySet[PaidRound, int]:
    mine = PaidRound.objects.filter(seat__participant=participant).order_by("seat", "block")
    return mine.values_list("round", flat=True)
