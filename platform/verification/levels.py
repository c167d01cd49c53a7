"""The levels that groups, matches and the people in them played under, worked out again from the slots they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from flow.labels import label_in, possible_labels
from flow.models import Placing
from matching.models import Group
from studies import definition
from studies.allocation import entries, held, sequence_of
from studies.allocation_plan import At, Entry, Held, levels_at
from studies.giving import MOST_OF_A_PLACE, slots_of_study
from studies.models import Slot, Version, condition_of, levels_of
from verification.inquiry import Inquiry

Holdings = Mapping[tuple[str, int], list[Held]]


def check_levels(inquiry: Inquiry, version: Version) -> None:
    """Every group that was treated, and every match and placing of it."""
    holdings: dict[tuple[str, int], list[Held]] = defaultdict(list)
    for slot in Slot.objects.filter(version=version, holder_id__isnull=False):
        holdings[slot.holder_kind, slot.holder_id or 0].append(held(slot))
    bases: dict[int, dict[str, str]] = {}
    for group in version.groups.exclude(status=Group.Status.ENDED, round=0).iterator():
        given, said = _given(version, group, holdings), levels_of(group.condition)
        shared = {name: level for name, level in said.items() if name not in given}
        own = condition_of({name: level for name, level in said.items() if name in given})
        inquiry.report.compare("condition of a group's slot", group.code, condition_of(given), own)
        _check_shared(inquiry, version, group, shared, holdings)
        bases[group.pk] = shared | given
    placings = Placing.objects.filter(match__group__version=version).select_related("match__group", "seat")
    by_match: dict[int, list[Placing]] = defaultdict(list)
    for placing in placings.order_by("match_id", "position"):
        by_match[placing.match_id].append(placing)
    for placed in by_match.values():
        base = bases.get(placed[0].match.group_id, {})
        _check_match(inquiry, version, placed, holdings, base)


def _given(version: Version, group: Group, holdings: Holdings) -> dict[str, str]:
    """What a group was given when it was formed, and the study with it."""
    trial = sequence_of(group.origin)[:MOST_OF_A_PLACE]
    of_study = [one for one in slots_of_study(version) if one.place == trial]
    own = [one for one in holdings.get(("group", group.pk), []) if _is_from_the_start(version, one)]
    return levels_at(entries(version), [*of_study, *own])


def _is_from_the_start(version: Version, one: Held) -> bool:
    entry = entries(version)[one.entry]
    return entry.rule.unit == "group" and not entry.is_anew


def _check_shared(
    inquiry: Inquiry, version: Version, group: Group, shared: Mapping[str, str], holdings: Holdings
) -> None:
    """What else a group's condition says is what all of its people were given."""
    people = [pk for pk in group.seats.values_list("participant", flat=True) if pk]
    for pk in people if shared else []:
        own = levels_at(entries(version), holdings.get(("participant", pk), []), At(round=0))
        found = condition_of({name: own.get(name, "") for name in shared})
        inquiry.report.compare("condition that a group's people share", group.code, condition_of(dict(shared)), found)


def _check_match(
    inquiry: Inquiry, version: Version, placed: list[Placing], holdings: Holdings, base: Mapping[str, str]
) -> None:
    """
    Args:
        base: The levels of the group since its forming.
    """
    match = placed[0].match
    group, where = match.group, f"{match.group.code}, round {match.round}, match {match.number}"
    numbers = sorted(placing.seat.number for placing in placed)
    pair = "{}-{}".format(*numbers) if len(numbers) == 2 else ""
    own = [one for one in holdings.get(("group", group.pk), []) if not _is_from_the_start(version, one)]
    levels = {**base, **levels_at(entries(version), own, At(round=match.round, pair=pair))}
    if match.condition:  # matches from before there were levels of rounds say none
        inquiry.report.compare("condition of a match", where, condition_of(levels), match.condition)
    elif any(name not in base for name in levels):
        inquiry.report.differ("condition of a match", where, condition_of(levels), "")
    for placing in placed:
        _check_placing(inquiry, version, placing, holdings)
        _check_label(inquiry, version, placing, where)


def _check_placing(inquiry: Inquiry, version: Version, placing: Placing, holdings: Holdings) -> None:
    person = placing.seat.participant_id
    group = placing.match.group
    of_people = {one.number for one in entries(version) if one.is_of_people and not _comes_later(version, one, group)}
    if person is None or not of_people:
        return
    slots = [one for one in holdings.get(("participant", person), []) if one.entry in of_people]
    own = condition_of(levels_at(entries(version), slots, At(round=placing.match.round)))
    where = f"{group.code}-{placing.seat.number}, round {placing.match.round}"
    inquiry.report.compare("levels of a person in a match", where, own, placing.condition)


def _comes_later(version: Version, entry: Entry, group: Group) -> bool:
    """Whether people are given a condition only after the game that a group plays."""
    stages = [stage.id for stage in definition.definition(version).stages]
    at = entry.rule.at
    return isinstance(at, str) and at in stages and stages.index(at) >= stages.index(group.stage)


def _check_label(inquiry: Inquiry, version: Version, placing: Placing, where: str) -> None:
    """The label of a seat is what was drawn, and what the levels say where a match has others than its group."""
    match, seat = placing.match, placing.seat
    match.group.version = version
    is_drawn = len(possible_labels(match, seat)) > 1
    if is_drawn or match.condition not in ("", match.group.condition):
        told = label_in(match, seat)
        shown = seat.label if placing.label is None else placing.label
        inquiry.report.compare("label of a seat in a match", where, seat.label if told is None else told, shown)
