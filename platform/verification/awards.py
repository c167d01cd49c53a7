"""The belief of each seat that is paid: drawn once more from the acts, by the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flow.awards import awards_of
from flow.machine import TECHNICAL
from flow.models import Award, Match
from matching.models import Group, Seat
from verification.inquiry import Inquiry
from verification.story import Past, Story
from verification.traced import Traced

COLUMNS = ("path", "field", "what", "said", "truth", "chances", "tickets", "ticket", "prize", "points")


def check_awards(inquiry: Inquiry, story: Story, traced: Mapping[int, Traced]) -> None:
    """Every seat that sat to the end has the belief that the rules draw for it; nobody else has any."""
    group, report = story.society.group, inquiry.report
    stored = {one.seat_id: one for one in Award.objects.filter(seat__group=group)}
    report.count("awards", len(stored))
    for award in stored.values():
        _check_sum(inquiry, story, award)
    if story.erased or group.version_id not in inquiry.current_code:
        return  # what is gone, or under other rules, cannot be drawn from again
    owed = _owed(inquiry, story, traced)
    for seat in sorted(owed.keys() | stored.keys()):
        report.compare("award", _where(story, seat), _told(story, owed.get(seat)), _told(story, stored.get(seat)))


def _check_sum(inquiry: Inquiry, story: Story, award: Award) -> None:
    """What follows from the row alone, also where it cannot be drawn again."""
    if award.truth is None:
        return
    chances = 0 if award.said is None else award.tickets - (award.said - award.truth) ** 2
    reckoned = {"chances": chances, "points": award.prize if award.ticket <= chances else 0}
    stored = {"chances": award.chances, "points": award.points}
    inquiry.report.compare("award, reckoned", _where(story, award.seat_id), reckoned, stored)


def _where(story: Story, seat: int) -> str:
    return f"{story.society.group.code}, seat {story.society.seats[seat].number}"


def _owed(inquiry: Inquiry, story: Story, traced: Mapping[int, Traced]) -> Mapping[int, Award]:
    group = story.society.group
    if group.status == Group.Status.ACTIVE or group.end_reason == TECHNICAL:
        return {}
    complete = [match for match in story.society.matches.values() if match.status == Match.Status.COMPLETE]
    complete.sort(key=lambda match: (match.round, match.number))
    states = [Past(story, match, opened=list(traced[match.pk].opened)) for match in complete]
    try:
        found = awards_of(group, story.game, states)
    except Exception as error:  # the experiment's own rules: whatever they raise is a difference
        said = f"the rules raise {type(error).__name__}"
        inquiry.report.differ("awards that cannot be drawn", group.code, "awards", said)
        return {}
    seats = story.society.seats
    return {one.seat_id: one for one in found if seats[one.seat_id].status == Seat.Status.DONE}


def _told(story: Story, award: Award | None) -> Any:
    if award is None:
        return "none"
    match = story.society.matches.get(award.match_id)
    where = story.where(match) if match else "a match of another group"
    return {"match": where, **{name: getattr(award, name) for name in COLUMNS}}
