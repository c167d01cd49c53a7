"""What the last page says of the belief that was drawn, and of what is paid for it."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from events.prepared import Given, prepared
from flow.game import game_of
from flow.models import Award, Placing
from flow.paid import paid_awards
from paradigm import Decision, Table
from paradigm.fields import plain
from paradigm.program import step_at
from participants.models import Participant

TYPE = "type"
Cell = str | int


def drawn_tables(participant: Participant) -> list[Table]:
    """One small table for each game in which a belief was drawn; none where its words were deleted.

    What was true is told of numbers alone. Who was an AI is for the debrief to tell, which may come later.
    """
    if not _drawn_for.all(participant=participant.pk):  # as in most studies
        return []
    of_theirs = Award.objects.filter(seat__participant=participant)
    awards = of_theirs.exclude(said__isnull=True, chances__isnull=True)  # what did not come has chances: none
    paid = set(paid_awards(awards).values_list("pk", flat=True))
    found = awards.select_related("match__group__version", "seat").order_by("pk")
    return [_table(award, is_paid=award.pk in paid) for award in found]


@prepared
def _drawn_for(participant: Given) -> QuerySet[Award, int]:
    """One of somebody's beliefs that were drawn."""
    return Award.objects.filter(seat__participant=participant).values_list("pk", flat=True)[:1]


def _table(award: Award, *, is_paid: bool) -> Table:
    columns = [_("Round"), _("Question"), _("Your answer")]
    row: list[Cell] = [award.match.round, _question(award), _("none in time") if award.said is None else award.said]
    if award.what != TYPE and award.truth is not None and award.chances is not None:
        columns += [_("What was true"), _("Chance to win")]
        row += [award.truth, f"{100 * award.chances / award.tickets:.0f} %"]
    heads, cells = _paid(award) if is_paid else _not_paid()
    return Table(caption=_("One of the questions to you was drawn"), columns=[*columns, *heads], rows=[[*row, *cells]])


def _paid(award: Award) -> tuple[Sequence[str], Sequence[Cell]]:
    return [_("Points paid"), _("In place of")], [award.points, _earned(award)]


def _not_paid() -> tuple[Sequence[str], Sequence[Cell]]:
    """Neither the belief nor its round is paid, whatever both would have brought."""
    return [_("Points paid")], [_("0, as this round was not drawn")]


def _question(award: Award) -> str:
    """The label under which it was asked."""
    step = step_at(game_of(award.match.group).experiment.steps, award.path)
    name, _sign, about = award.field.partition("@")
    fields = [plain(one) for one in (step.fields_of(award.seat.role) if isinstance(step, Decision) else ())]
    label = next((field.label for field in fields if field.name == name), name)
    return label.replace("{about}", about)


def _earned(award: Award) -> int:
    """What the round would have paid."""
    return Placing.objects.values_list("points", flat=True).get(seat=award.seat, match=award.match) or 0
