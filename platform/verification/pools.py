"""What was drawn from pools of partners, drawn again; and that each model and persona is one that its entry allows."""

from __future__ import annotations

from collections import defaultdict

from matching.models import Group, Seat
from matching.pools import CHOICE, MODEL, NUMBERS, PLACE, drawn_at, levels_that_decide, pool_of, pooled
from studies import definition
from studies.allocation import sequence_of
from studies.models import levels_of
from studies.problems import StudyError
from studies.schema_partners import ModelPartner
from studies.schema_sampled import models_of, personas_under, urn_of
from verification.inquiry import Inquiry
from verification.story import Story


def check_pools(inquiry: Inquiry, story: Story) -> None:
    """The policy or persona of each seat of a group, and its numbers."""
    society, report = story.society, inquiry.report
    group = society.group
    for own in pooled(group.version, list(society.seats.values())).values():
        for seat in own:
            where = society.seat(seat.pk)
            at = seat.settings.get(PLACE)
            if at is None:
                report.differ("place of a seat in its pool", where, "a place", "none")
                continue
            found = drawn_at(group.version, group, seat, at=at)
            drawn, now = [found.way, found.model], [seat.policy, seat.settings.get(CHOICE, "")]
            report.compare("draw of a seat from its pool", where, drawn, now)
            if NUMBERS in seat.settings:
                report.compare("numbers of a seat from its pool", where, dict(found.numbers), seat.settings[NUMBERS])


def check_models(inquiry: Inquiry, story: Story) -> None:
    """Each seat with a model has a persona and a model that the study file has for it at the levels of its group."""
    society, report = story.society, inquiry.report
    levels, said = levels_of(society.group.condition), definition.definition(society.group.version)
    for pk, seat in society.seats.items():
        entry = said.partners.get(seat.partner)
        if seat.occupant != "model" or not isinstance(entry, ModelPartner):
            continue
        report.count("models of seats")
        where, choice = society.seat(pk), seat.settings.get(CHOICE, "")
        try:
            personas, choices = personas_under(entry.personas, levels), urn_of(entry.model, levels)
        except StudyError as error:
            report.differ("model of a seat", where, f"one for the levels of its group: {error}", choice)
            continue
        # one that lasts stays what its person met, whatever a later version says
        if not entry.is_lasting and seat.policy not in personas:
            report.differ("persona of a seat", where, personas, seat.policy)
        if choice not in choices:
            report.differ("model of a seat", where, list(choices), choice)
            continue
        # what the file can say of a model may have grown since the seat was made
        stored = seat.settings[MODEL]
        now = models_of(entry.model)[choice].model_dump(mode="json")
        report.compare("model of a seat", where, {key: now.get(key) for key in stored}, stored)


def check_places(inquiry: Inquiry) -> None:
    """Places of a pool are taken once and without a gap: of a group's seats, or of all groups that share a sequence."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    seats = Seat.objects.filter(group__version__study=inquiry.study, settings__has_key=PLACE, is_stand_in=False)
    for seat in seats.select_related("group__version").order_by("pk").iterator():
        group: Group = seat.group
        pool = pool_of(group.version, seat.partner)
        if pool is None or pool.draw == "with_replacement":
            continue
        of = group.code
        if pool.draw == "balanced":
            decided = levels_that_decide(group.version, seat.partner, group.condition)
            of = " ".join([sequence_of(group.origin) or "main", *([decided] if decided else [])])
        places[f"{group.version}, {seat.partner}", f"{of} sequence"].append(seat.settings[PLACE])
    for (partner, of), found in places.items():
        inquiry.report.compare("places of a pool", f"{partner}, {of}", list(range(len(found))), sorted(found))
