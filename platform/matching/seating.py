"""From a plan of seats to the rows: who fills each, what they are called, and the settings drawn for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from events.prepared import insert_all
from matching.errors import MatchingError
from matching.lasting import NAMED, lasting_partner
from matching.models import Group, Seat, Ticket
from matching.pools import draw_from_pools, model_settings
from matching.rules import AI, HUMAN, SeatPlan, plan_seats
from paradigm import Experiment, Parameters
from paradigm import Seat as SeatFacts
from paradigm.state import FACTS
from participants.models import Participant
from studies import definition
from studies.models import Version, levels_of
from studies.paces import pace_of
from studies.schema import StudyFile
from studies.schema_delivery import Delivery
from studies.schema_partners import (
    AutomatedPartner,
    Delay,
    Fill,
    GroupPlan,
    ModelPartner,
    Partner,
    PersonPartner,
    PolicyPartner,
)
from studies.schema_sampled import personas_under, urn_of
from studies.schema_stages import GameStage

KNOWN = "facts_known"  # in the settings of a seat: which of the facts that were dealt it is told
WIZARD = "wizard"
"""In the settings of a seat in whose place people of the study team may write."""


@dataclass(frozen=True)
class Table:
    """Everything frozen that seats are made from."""

    version: Version
    study: StudyFile
    game: GameStage
    plan: GroupPlan
    experiment: Experiment

    def parameters(self, group: Group) -> Parameters:
        """The parameters under which a group plays, once it has its condition."""
        return definition.parameters(self.version, self.game.id, group.condition, group.topic)

    def chance(self, purpose: str, group: Group) -> Random:
        """The group's own chance for one purpose."""
        return Random(f"{self.version.seed}/{purpose}/{group.code}")  # noqa: S311  seeded on purpose

    def partner(self, kind: str, levels: Mapping[str, str]) -> tuple[str, Partner]:
        """Name and entry of the partner that fills the seats of a kind, at the levels of a group.

        Raises:
            MatchingError: "no_occupant".
            StudyError: "level_missing".
        """
        name = self.plan.partners.human if kind == HUMAN else self.plan.ai_under(levels)
        if name is None:
            raise MatchingError("no_occupant", f"the group has {kind} seats but `partners` names nobody for them")
        return name, self.study.partners[name]


def table_of(version: Version, game_stage: str) -> Table:
    """What is frozen about the group that plays at a game stage.

    Raises:
        MatchingError: "no_group": no waiting room before the stage forms one.
        StudyError: "stage_unknown".
    """
    study = definition.definition(version)
    game = definition.stage_named(version, game_stage)
    name = definition.group_of(study, game_stage)
    if not isinstance(game, GameStage) or not name:
        raise MatchingError("no_group", f'no waiting room before "{game_stage}" of {version} forms a group')
    return Table(
        version=version,
        study=study,
        game=game,
        plan=study.groups[name],
        experiment=definition.experiment(game.experiment),
    )


def game_after(study: StudyFile, waiting_room: str) -> str:
    """The id of the game stage that a waiting room's groups play; "" where none follows."""
    ids = [stage.id for stage in study.stages]
    later = study.stages[ids.index(waiting_room) + 1 :]
    return next((stage.id for stage in later if isinstance(stage, GameStage)), "")


def make_seats(
    table: Table, group: Group, tickets: Sequence[Ticket], *, fill: Fill | None, replacement: str | None = None
) -> Sequence[Seat]:
    """Seat those who hold the tickets, automate the rest, and deal. The group's condition is set already.

    Args:
        fill: Who stands in where a person is missing; None refuses.
        replacement: The entry of `partners` that takes the seat of a partner who dropped out.

    Raises:
        MatchingError: "no_occupant" where a person is missing and nobody may stand in; "too_many".
    """
    roles = {name: (seats.humans, seats.ai) for name, seats in table.plan.roles.items()}
    if len(tickets) > table.plan.humans:
        raise MatchingError("too_many", f"{len(tickets)} people for {table.plan.humans} seats")
    people = {ticket.pk: ticket for ticket in tickets}
    plans = plan_seats(roles, list(people), table.chance("seats", group))
    chance = table.chance("occupants", group)
    seats = [_seat(table, group, plan, people=people, fill=replacement or fill, chance=chance) for plan in plans]
    draw_from_pools(table.version, group, seats)
    dealt = _dealt(table, group, seats)
    for seat in seats:
        seat.dealt = dict(dealt.get(seat.number, {}))
    if any(FACTS in seat.dealt for seat in seats):
        for seat in seats:
            seat.settings = seat.settings | {KNOWN: table.experiment.known_by(seat.role, table.parameters(group))}
    return insert_all(seats)


def _seat(
    table: Table, group: Group, plan: SeatPlan, *, people: Mapping[int, Ticket], fill: Fill | str | None, chance: Random
) -> Seat:
    """
    Args:
        fill: Who takes the seat of a person who is missing: stand-ins, or an entry of `partners`.
    """
    levels = levels_of(group.condition)
    name, partner = table.partner(plan.kind, levels)
    seat = Seat(group=group, number=plan.number, role=plan.role, partner=name)
    seat.knows = "|".join(table.study.told.labels_known(plan.role))
    seat.label = definition.label_for(partner, levels) or ""
    if plan.person is not None:
        ticket = people[plan.person]
        seat.kind, seat.occupant = HUMAN, "person"
        seat.session, seat.participant = ticket.session, ticket.session.participant
        return seat
    seat.kind, seat.is_stand_in = AI, plan.is_stand_in
    met = [ticket.session.participant for ticket in people.values()]
    if not plan.is_stand_in:
        return _filled(table, seat, partner, met, chance)
    if fill is None:
        raise MatchingError("no_occupant", f'a {plan.role} is missing and the study file declares no "fill"')
    seat.partner = fill if isinstance(fill, str) else fill.label_as
    instead = table.study.partners[seat.partner]
    seat.label = definition.label_for(instead, levels) or ""
    if isinstance(fill, str):
        return _filled(table, seat, instead, met, chance)
    seat.occupant, seat.policy, seat.settings = "policy", chance.choice(fill.policies), _stand_in_settings(table)
    return seat


def _filled(table: Table, seat: Seat, partner: Partner, met: Sequence[Participant], chance: Random) -> Seat:
    """A seat with the automated partner that its entry declares, which may be one that lasts."""
    levels = levels_of(seat.group.condition)
    seat.occupant, seat.policy, seat.settings = automated(table.study, partner, chance, levels)
    if lasting := lasting_partner(table.version, seat.partner, partner, met):
        seat.policy = lasting.persona
        seat.settings |= {NAMED: lasting.display_name} if lasting.display_name else {}
    return seat


def automated(
    study: StudyFile, partner: Partner, chance: Random, levels: Mapping[str, str]
) -> tuple[str, str, dict[str, Any]]:
    """Occupant, policy or persona, and settings of a seat that is meant to have no person.

    Args:
        levels: Those of its group.

    Raises:
        StudyError: "level_missing": a factor decides about personas or models, and the group has no level of it.
    """
    if isinstance(partner, PersonPartner):
        raise MatchingError("no_occupant", "an AI's seat cannot be filled by a partner whose occupant is a person")
    settings: dict[str, Any] = {"delay": pace_of(study, partner).model_dump(), "asked_if_ai": partner.asked_if_ai}
    settings |= _delivery_of(partner)
    settings |= {WIZARD: partner.wizard.model_dump(mode="json")} if partner.wizard is not None else {}
    if isinstance(partner, PolicyPartner):
        return "policy", chance.choice(partner.policies), settings | {"numbers": dict(partner.settings)}
    assert isinstance(partner, ModelPartner)
    settings |= {"may_stay_silent": True} if partner.may_stay_silent else {}
    settings |= {"length": list(partner.length.chars)} if partner.length is not None else {}
    persona = chance.choice(personas_under(partner.personas, levels))
    urn = urn_of(partner.model, levels)
    models = [name for name, weight in urn.items() for _ in range(weight)]
    # Where there is but one, chance is left as it was: other seats of the group draw from it, too.
    choice = chance.choice(models) if len(models) > 1 else models[0]
    return "model", persona, settings | model_settings(partner, choice)


def _delivery_of(partner: AutomatedPartner) -> dict[str, Any]:
    """How its words come to the others, where the file says anything of it."""
    return {"delivery": partner.delivery.model_dump()} if partner.delivery != Delivery() else {}


def _stand_in_settings(table: Table) -> dict[str, Any]:
    """A stand-in takes as long as the study's other automated seats do, and says things as they do."""
    partner = next((table.study.partners[name] for name in table.plan.ais), None)
    if not isinstance(partner, AutomatedPartner):
        return {"delay": Delay().model_dump(), "asked_if_ai": "deflect", "numbers": {}}
    delay, asked = pace_of(table.study, partner).model_dump(), partner.asked_if_ai
    return {"delay": delay, "asked_if_ai": asked, "numbers": {}} | _delivery_of(partner)


def _dealt(table: Table, group: Group, seats: Sequence[Seat]) -> Mapping[int, Mapping[str, Any]]:
    if table.experiment.deal is None:
        return {}
    # Rules treat a stand-in as the person it stands for.
    facts = [SeatFacts(seat.number, seat.role, HUMAN if seat.is_stand_in else seat.kind) for seat in seats]
    return table.experiment.deal(facts, table.parameters(group), table.chance("deal", group))
