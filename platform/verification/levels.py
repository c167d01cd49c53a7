"""The levels that groups, matches and the people in them played under, worked out again from the slots they hold."""

from __future__ import annotations

from collections.abc import Mapping

from flow.labels import label_in, possible_labels
from flow.models import Match, Placing
from matching.models import Group
from studies import definition
from studies.allocation import entries, sequence_of
from studies.allocation_plan import At, Entry, Held, levels_at
from studies.giving import MOST_OF_A_PLACE, slots_of_study
from studies.models import condition_of, levels_of
from verification.inquiry import Inquiry
from verification.story import Story


def check_levels(inquiry: Inquiry, story: Story) -> None:
    """One group that was treated, and every match and placing of it."""
    group = story.society.group
    if group.status == Group.Status.ENDED and group.round == 0:
        return
    base = _check_group(inquiry, story)
    for match in story.society.matches.values():
        _check_match(inquiry, story, match, base)
        for placing in story.society.placings[match.pk].values():
            _check_placing(inquiry, story, match, placing)
            _check_label(inquiry, story, match, placing)


def _check_group(inquiry: Inquiry, story: Story) -> dict[str, str]:
    """The group's condition is what it was given when it was formed, and what all of its people share; these levels."""
    group = story.society.group
    given, said = _given(story), levels_of(group.condition)
    shared = {name: level for name, level in said.items() if name not in given}
    own = condition_of({name: level for name, level in said.items() if name in given})
    inquiry.report.compare("condition of a group's slot", group.code, condition_of(given), own)
    people = [seat.participant_id for seat in story.society.seats.values() if seat.participant_id]
    for pk in people if shared else []:
        theirs = levels_at(entries(group.version), story.held["participant", pk], At(round=0))
        found = condition_of({name: theirs.get(name, "") for name in shared})
        inquiry.report.compare("condition that a group's people share", group.code, condition_of(shared), found)
    return shared | given


def _given(story: Story) -> dict[str, str]:
    """What a group was given when it was formed, and the study with it."""
    group = story.society.group
    trial = sequence_of(group.origin)[:MOST_OF_A_PLACE]
    has_study = any(entry.rule.unit == "study" for entry in entries(group.version))
    of_study = [one for one in slots_of_study(group.version) if one.place == trial] if has_study else []
    own = [one for one in story.held["group", group.pk] if _is_from_the_start(group, one)]
    return levels_at(entries(group.version), [*of_study, *own])


def _is_from_the_start(group: Group, one: Held) -> bool:
    entry = entries(group.version)[one.entry]
    return entry.rule.unit == "group" and not entry.has_moment


def _check_match(inquiry: Inquiry, story: Story, match: Match, base: Mapping[str, str]) -> None:
    """
    Args:
        base: The levels of the group since its forming.
    """
    group, where = story.society.group, story.where(match)
    numbers = sorted(placing.seat.number for placing in story.society.placings[match.pk].values())
    pair = "{}-{}".format(*numbers) if len(numbers) == 2 else ""
    own = [one for one in story.held["group", group.pk] if not _is_from_the_start(group, one)]
    levels = {**base, **levels_at(entries(group.version), own, At(round=match.round, pair=pair))}
    if match.condition:  # matches from before there were levels of rounds say none
        inquiry.report.compare("condition of a match", where, condition_of(levels), match.condition)
    elif any(name not in base for name in levels):
        inquiry.report.differ("condition of a match", where, condition_of(levels), "")


def _check_placing(inquiry: Inquiry, story: Story, match: Match, placing: Placing) -> None:
    group, person = story.society.group, placing.seat.participant_id
    of_people = {one.number for one in entries(group.version) if one.is_of_people and not _comes_later(one, group)}
    if person is None or not of_people:
        return
    slots = [one for one in story.held["participant", person] if one.entry in of_people]
    own = condition_of(levels_at(entries(group.version), slots, At(round=match.round)))
    inquiry.report.compare("levels of a person in a match", story.where(match, placing.seat_id), own, placing.condition)


def _comes_later(entry: Entry, group: Group) -> bool:
    """Whether people are given a condition only after the game that a group plays."""
    stages = [stage.id for stage in definition.definition(group.version).stages]
    at = entry.rule.at
    return isinstance(at, str) and at in stages and stages.index(at) >= stages.index(group.stage)


def _check_label(inquiry: Inquiry, story: Story, match: Match, placing: Placing) -> None:
    """The label of a seat is what was drawn, and what the levels say where a match has others than its group."""
    seat, group = placing.seat, story.society.group
    is_drawn = len(possible_labels(match, seat)) > 1
    if is_drawn or match.condition not in ("", group.condition):
        told = label_in(match, seat)
        shown = seat.label if placing.label is None else placing.label
        where = story.where(match, placing.seat_id)
        inquiry.report.compare("label of a seat in a match", where, seat.label if told is None else told, shown)
