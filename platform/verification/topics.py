"""Topics: each person's order is the one that the seed gives to their place, and each group has that of its visit."""

from __future__ import annotations

from collections.abc import Sequence

from matching.models import TopicOrder
from matching.topics import chosen, planned
from participants.models import Participant
from studies import definition
from verification.inquiry import Inquiry
from verification.story import Story


def check_orders(inquiry: Inquiry, people: Sequence[Participant]) -> None:
    """The orders of some people."""
    for row in TopicOrder.objects.filter(participant__in=people).select_related("participant").order_by("pk"):
        version = inquiry.versions[row.version_id]
        told = planned(version, definition.game(version, row.stage), row)
        inquiry.report.compare("order of topics", f"{row.participant.code}, {row.stage}", told, row.topics)


def check_topic(inquiry: Inquiry, story: Story) -> None:
    """The topic of a group; whoever is erased altogether took with them by which order."""
    group = story.society.group
    game = definition.game(group.version, group.stage)
    people = [seat for _, seat in sorted(story.society.seats.items()) if seat.occupant == "person"]
    if any(seat.session is None for seat in people):
        return

    def own(person: Participant) -> Sequence[str]:
        row = TopicOrder.objects.filter(participant=person, stage=game.id).first()
        return row.topics if row else ["no order"]

    sessions = [seat.session for seat in people if seat.session is not None]
    told = chosen(group.version, game, group, sessions, own=own)
    inquiry.report.compare("topic of a group", group.code, told, group.topic)
