"""Outcomes of people in all conditions together: are they recorded as they should be, and how do they spread?

The figures stand still until ten more groups have come to their end (people, where nobody meets in groups). Read after
each group they would tell that group's outcome, and the letter of its condition stands in another table.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import fmean, stdev
from typing import TypeVar

from django.db.models import Exists, Max, OuterRef, QuerySet

from exports.columns import Column, Row, Table
from exports.declared import Declared
from exports.scope import CHUNK, Scope, kept
from exports.society import societies
from exports.tables.decisions import Stated, stated_in
from flow.models import Act, Match
from matching.models import Group, Seat
from measures.models import Answer
from measures.probes import probes_of
from paradigm import Choice
from participants.models import Participant
from studies import definition
from studies.asked import asked_at
from studies.items import Item, briefing_items
from studies.masking.arms import ORDER
from studies.masking.stages import is_for_some
from studies.models import Slot, Study, Version, levels_of
from studies.schema_stages import BriefingStage, QuizStage, SurveyStage
from studies.slots import slots

AT_A_TIME = 10
DECIMALS = 4
NO_NUMBER = "no numbers, or fewer than two of them"
T = TypeVar("T")

COLUMNS = [
    Column("unit", "What the figures are of: groups that played to the end, or people who left.",
           allowed="group|participant"),
    Column("units", "Of how many: the first, in whole tens; of people who met in groups, those of ten groups each.",
           "integer"),
    Column("where", "Stage, step and role of a decision in a round that counted; stage of an item."),
    Column("name", "The field of the decision, or the item; of an item the first answer. No check of a condition."),
    Column("values", "How many values there are.", "integer", "values"),
    Column(
        "missing", "How many were asked for and did not come, whatever the study file put in their place.", "integer",
        "values",
    ),
    Column("mean", "Their mean, in the unit of the field.", "number", missing=NO_NUMBER),
    Column("sd", "Their standard deviation, in the unit of the field.", "number", missing=NO_NUMBER),
    Column("lowest", "The lowest, in the unit of the field.", "number", missing=NO_NUMBER),
    Column("highest", "The highest, in the unit of the field.", "number", missing=NO_NUMBER),
    Column("options", "How often each option was chosen.", "json", missing="no choice among options"),
]  # fmt: skip


@dataclass
class _Pool:
    """Every value of one field or item."""

    is_choice: bool = False
    values: list[object] = field(default_factory=list)

    def add(self, value: object, *, is_choice: bool) -> None:
        self.is_choice = is_choice
        self.values.append(value)

    def cells(self) -> dict[str, object]:
        there = [value for value in self.values if value is not None]
        numbers = [float(value) for value in there if isinstance(value, int | float) and not isinstance(value, bool)]
        known = len(numbers) > 1 and len(numbers) == len(there)
        return {
            "values": len(there),
            "missing": len(self.values) - len(there),
            "mean": round(fmean(numbers), DECIMALS) if known else None,
            "sd": round(stdev(numbers), DECIMALS) if known else None,
            "lowest": min(numbers) if known else None,
            "highest": max(numbers) if known else None,
            "options": dict(Counter(map(str, there))) if self.is_choice else None,
        }


Pools = Mapping[tuple[str, str], _Pool]


def steady(found: Sequence[T]) -> Sequence[T]:
    """The first of them, in whole tens."""
    return found[: len(found) // AT_A_TIME * AT_A_TIME]


def _pooled(scope: Scope) -> Iterator[Row]:
    groups = _groups_counted(scope.study)
    people = _people_counted(scope.study)
    for unit, units, pools in (
        ("group", len(groups), _of_decisions(scope, groups)),
        ("participant", len(people), _of_answers(people)),
    ):
        for where, name in sorted(pools):
            yield {"unit": unit, "units": units, "where": where, "name": name, **pools[where, name].cells()}


def _groups_counted(study: Study) -> frozenset[int]:
    """Groups that played to the end, in whole tens; none where all of them have one level of what others have more."""
    recruited = Group.objects.filter(version__study=study, origin=Group.Origin.LIVE)
    ended = recruited.filter(status=Group.Status.COMPLETE, is_filled=False).order_by("ended_at", "pk")
    found = steady(list(ended.values_list("pk", "condition")))
    if _are_of_one([condition for _, condition in found], recruited.values_list("condition", flat=True)):
        return frozenset()
    return frozenset(pk for pk, _ in found)


def _people_counted(study: Study) -> Sequence[Participant]:
    """People who left; where people meet in groups, those of whole groups, in tens of these.

    Ten people may be one group and some of the next: what they answered would be that group's answers.
    """
    recruited = Participant.objects.filter(kept(""), study=study, origin=Participant.Origin.LINK)
    left = recruited.filter(status=Participant.Status.FINISHED).order_by("ended_at", "pk")
    meets = Group.objects.filter(version__study=study, origin=Group.Origin.LIVE)
    whole = left.filter(seats__group__in=steady(_left_by_all(meets))).distinct()  # one may have sat in several
    found = list(whole) if meets.exists() else steady(list(left))
    everybody = recruited.values_list("pk", flat=True)
    return [] if _are_of_one(_given_to([one.pk for one in found]), _given_to(list(everybody))) else found


def _left_by_all(groups: QuerySet[Group]) -> Sequence[int]:
    """The groups whose people have all left, in the order in which they did."""
    on_the_way = Seat.objects.filter(group=OuterRef("pk"), participant__status=Participant.Status.ACTIVE)
    found = groups.filter(~Exists(on_the_way), is_filled=False).annotate(last=Max("seats__participant__ended_at"))
    return list(found.exclude(last=None).order_by("last", "pk").values_list("pk", flat=True))


def _given_to(people: Sequence[int]) -> list[str]:
    """The conditions of people: their own, and those of their groups."""
    groups = Group.objects.filter(seats__participant__in=people)
    own = Slot.objects.filter(holder_kind="participant", holder_id__in=people)
    return [*groups.values_list("condition", flat=True), *own.values_list("condition", flat=True)]


def _are_of_one(counted: Iterable[str], all_there_are: Iterable[str]) -> bool:
    """Whether all that are counted have one level of a factor, and others another: theirs would be that level's."""
    mine, known = _levels(counted), _levels(all_there_are)
    return any(len(mine.get(factor, ())) < 2 <= len(levels) for factor, levels in known.items())


def _levels(conditions: Iterable[str]) -> dict[str, set[str]]:
    """Factor → the levels that occur in some conditions."""
    found: dict[str, set[str]] = defaultdict(set)
    for condition in conditions:
        for factor, level in (pair for part in condition.split(ORDER) for pair in levels_of(part).items()):
            found[factor].add(level)
    return found


def _of_decisions(scope: Scope, groups: frozenset[int]) -> Pools:
    found: dict[tuple[str, str], _Pool] = defaultdict(_Pool)
    for society in (one for one in societies(scope) if one.group.pk in groups):
        shared = _asked_of_all(society.group.version_id, society.group.stage)
        for one in filter(_is_of_a_person, stated_in(society)):
            step = re.sub(r":\d+", "", one.act.path)  # every repetition of a loop
            if (step.rpartition("/")[2], one.role, one.name) in shared:
                pool = found[f"{society.group.stage}/{step}/{one.role}", one.name]
                # what stands for an act that did not come was decided by the study file
                came = one.act.source != Act.Source.TIMEOUT
                pool.add(one.value if came else None, is_choice=isinstance(one.field, Choice))
    return found


def _is_of_a_person(one: Stated) -> bool:
    """Whether a person had to decide, in a round that counted."""
    is_void = one.match.status == Match.Status.VOID
    return not is_void and one.society.seats[one.act.seat_id].occupant == "person"


@lru_cache(maxsize=256)
def _asked_of_all(version_id: int, stage: str) -> frozenset[tuple[str, str, str]]:
    """What a game can ask at every level of what a factor decides, by step, role and field.

    What it asks at some levels alone would be the outcome of these, under the name of all.
    """
    version = definition.version_of(version_id)
    game = definition.game(version, stage)
    experiment = definition.experiment(game.experiment)
    by_level = definition.parameters_by_level(definition.definition(version), game)
    asked = [Declared(experiment, parameters).every_field() for _, parameters in by_level]
    return frozenset.intersection(*(frozenset((step, role, one.name) for step, role, one, _ in each) for each in asked))


def _of_answers(people: Sequence[Participant]) -> Pools:
    found: dict[tuple[str, str], _Pool] = defaultdict(_Pool)
    versions = {one.pk: one.version_id for one in people}
    known = {pk: definition.version_of(pk) for pk in set(versions.values())}
    choices = {pk: _choices(version) for pk, version in known.items()}
    for_some = {pk: _for_some(version) for pk, version in known.items()}
    telling = {pk: {(one.stage, one.item) for one in probes_of(pk) if one.factor} for pk in known}
    given = Answer.objects.filter(session__participant__in=versions, attempt=1).select_related("session")
    for one in given.order_by("pk").iterator(chunk_size=CHUNK):
        version = versions[one.session.participant_id]
        # whoever has noticed their condition answers such a question with it
        if one.stage not in for_some[version] and (one.stage, one.item) not in telling[version]:
            found[one.stage, one.item].add(one.value, is_choice=(one.stage, one.item) in choices[version])
    return found


def _for_some(version: Version) -> frozenset[str]:
    """The stages that only some conditions have."""
    return frozenset(stage.id for stage in definition.definition(version).stages if is_for_some(stage))


def _choices(version: Version) -> set[tuple[str, str]]:
    """The items that are choices among options, by stage and item."""
    found: set[tuple[str, str]] = set()
    for stage in definition.definition(version).stages:
        asked: list[Item] = []
        if isinstance(stage, QuizStage | SurveyStage):
            asked = asked_at(version, stage)
        elif isinstance(stage, BriefingStage):
            asked = briefing_items(stage, {}, slots(version, stage.id))
        found |= {(stage.id, item.id) for item in asked if isinstance(item.field, Choice)}
    return found


POOLED = Table("pooled", "What people decided or answered in all conditions together", COLUMNS, _pooled)
