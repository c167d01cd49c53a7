"""Turns of automated seats: what was delivered is an act or an entry, and each of their acts came by its turn."""

from __future__ import annotations

from bots.models import BotTurn
from chat.models import Entry
from flow.models import Act
from paradigm import Talk
from verification.acts import step_of
from verification.inquiry import Inquiry
from verification.story import Story

DELIVERED = BotTurn.Outcome.DELIVERED
BY_TURN = (Act.Source.POLICY, Act.Source.MODEL)


def check_turns(inquiry: Inquiry, story: Story) -> None:
    """Every turn in a group. In a talk a turn may have failed before a later one delivered."""
    report, society = inquiry.report, story.society
    acted = {
        (act.match_id, act.path, act.seat_id)
        for match in society.matches
        for act in story.acts.get(match, ())
        if act.source in BY_TURN
    }
    said = set(
        Entry.objects.filter(conversation__match__in=society.matches)
        .values_list("conversation__match_id", "conversation__path", "seat_id")
        .distinct()
    )
    delivered = set()
    for turn in BotTurn.objects.filter(match__in=society.matches).order_by("pk"):
        report.count("turns")
        place = (turn.match_id, turn.path, turn.seat_id)
        if turn.outcome == DELIVERED:
            delivered.add(place)
            if place not in acted | said:
                where = story.where(society.matches[turn.match_id], turn.seat_id, turn.path)
                report.differ("turn without its act", where, "an act or entry", "nothing")
    for match, path, seat in sorted(acted - delivered):
        if not isinstance(step_of(story, path), Talk):
            report.differ("act without its turn", story.where(society.matches[match], seat, path), DELIVERED, "nothing")
