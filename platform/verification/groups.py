"""Groups, seats and rounds as their events tell them, and every match of them over again."""

from __future__ import annotations

from collections import defaultdict

from flow.machine import END_REASONS
from flow.models import Match
from matching.models import Group, Seat
from matching.services import GROUP_FORMED
from participants.models import Participant
from verification.acts import check_acts
from verification.awards import check_awards
from verification.exposures import check_exposures
from verification.facts import check_facts
from verification.inquiry import Inquiry
from verification.levels import check_levels
from verification.paid import check_paid_rounds
from verification.payoffs import check_points
from verification.pools import check_models, check_places, check_pools
from verification.program import check_program
from verification.safety import check_safety
from verification.story import Story, stories
from verification.talks import check_talks
from verification.topics import check_topic
from verification.traced import trace
from verification.turns import check_turns
from verification.wizards import check_wizards

ENDED = "group.ended"


def check_groups(inquiry: Inquiry) -> None:
    """Every group of the study."""
    check_places(inquiry)
    total = Group.objects.filter(version__study=inquiry.study).count()
    for story in stories(inquiry, total):
        _check_group(inquiry, story)
        _check_seats(inquiry, story)
        _check_rounds(inquiry, story)
        check_levels(inquiry, story)
        check_topic(inquiry, story)
        check_pools(inquiry, story)
        check_models(inquiry, story)
        traced = {pk: trace(inquiry, story, match) for pk, match in story.society.matches.items()}
        for pk, match in story.society.matches.items():
            inquiry.report.count("matches")
            check_program(inquiry, story, match, traced[pk])
            check_acts(inquiry, story, match, traced[pk])
            check_points(inquiry, story, match, traced[pk])
        check_paid_rounds(inquiry, story)
        check_awards(inquiry, story, traced)
        check_turns(inquiry, story)
        check_wizards(inquiry, story)
        check_exposures(inquiry, story, traced)
        check_facts(inquiry, story)
        check_talks(inquiry, story, traced)
        check_safety(inquiry, story)


def _check_group(inquiry: Inquiry, story: Story) -> None:
    group, report = story.society.group, inquiry.report
    report.count("groups")
    formed, ended = story.events(GROUP_FORMED), story.events(ENDED)
    moves = [str(Group.Status.ACTIVE) for _ in formed] + [event.facts["status"] for event in ended]
    told = inquiry.follow("group", group.code, moves)
    report.compare("status of a group", group.code, told, group.status)
    report.compare("end of a group", group.code, bool(ended), group.ended_at is not None)
    reason = ended[-1].facts["reason"] if ended else ""
    report.compare("end reason of a group", group.code, reason, group.end_reason)
    report.compare("condition of a group", group.code, formed[0].facts["condition"] if formed else "", group.condition)
    has_stand_in = any(seat.is_stand_in for seat in story.society.seats.values())
    report.compare("filling of a group", group.code, has_stand_in, group.is_filled)
    if group.status == Group.Status.ENDED and group.end_reason not in END_REASONS:
        report.differ("undeclared end of a group", group.code, sorted(END_REASONS), group.end_reason)
    report.standing[f"groups: {group.status}{f', {group.end_reason}' if group.end_reason else ''}"] += 1


def _check_seats(inquiry: Inquiry, story: Story) -> None:
    society, report = story.society, inquiry.report
    ended, left = story.events(ENDED), story.events("seat.left")
    numbers = sorted(seat.number for seat in society.seats.values())
    report.compare("numbers of the seats", society.group.code, list(range(1, len(numbers) + 1)), numbers)
    for pk, seat in society.seats.items():
        report.count("seats")
        where = society.seat(pk)
        moves = [(event.pk, str(Seat.Status.LEFT)) for event in left if event.facts["seat"] == seat.number]
        if not moves:
            moves = [(event.pk, str(Seat.Status.DONE)) for event in ended]
        elif ended and moves[0][0] > ended[0].pk:
            moves = [(ended[0].pk, str(Seat.Status.DONE)), *moves]
        told = inquiry.follow("seat", where, [str(Seat.Status.SITTING), *(status for _, status in moves)])
        report.compare("status of a seat", where, told, seat.status)
        is_gone = seat.participant is not None and seat.participant.status != Participant.Status.ACTIVE
        if seat.status == Seat.Status.SITTING and is_gone:
            report.differ("seat of somebody who has left", where, [Seat.Status.LEFT, Seat.Status.DONE], seat.status)


def _check_rounds(inquiry: Inquiry, story: Story) -> None:
    society, report = story.society, inquiry.report
    group, opened = society.group, story.events("round.opened")
    numbers = [event.facts["round"] for event in opened]
    report.count("rounds", len(opened))
    report.compare("rounds of a group", group.code, list(range(1, len(opened) + 1)), numbers)
    report.compare("round of a group", group.code, len(opened), group.round)
    if group.round > group.rounds or (group.status == Group.Status.COMPLETE and group.round < group.rounds):
        report.differ("last round of a group", group.code, f"{group.rounds} when complete, never more", group.round)
    by_round: dict[int, list[Match]] = defaultdict(list)
    for match in society.matches.values():
        by_round[match.round].append(match)
    report.compare("rounds of the matches", group.code, numbers, sorted(by_round))
    for event in opened:
        number, matches = event.facts["round"], by_round[event.facts["round"]]
        where = f"{group.code}, round {number}"
        expected = list(range(1, event.facts["matches"] + 1))
        report.compare("numbers of the matches", where, expected, sorted(match.number for match in matches))
        _check_partition(inquiry, story, where, matches)


def _check_partition(inquiry: Inquiry, story: Story, where: str, matches: list[Match]) -> None:
    met: list[int] = [seat for match in matches for seat in story.seats_of(match)]
    for seat in sorted(set(met)):
        if seat not in story.society.seats:
            inquiry.report.differ("placing of another group's seat", where, "a seat of this group", "one of another")
        elif met.count(seat) > 1:
            number = story.society.seats[seat].number
            inquiry.report.differ("seat in two matches", f"{where}, seat {number}", 1, met.count(seat))
