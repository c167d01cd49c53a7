"""What is to be noted by a model, and how far that is. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bots.models import Noting
from bots.recall import Acquaintance, acquaintance_of, memory_of, unnoted
from chat.models import Conversation
from events import clock
from events.models import Due
from flow.models import Match
from flow.queries import TurnFacts
from matching.models import Seat
from studies.schema_memory import NotesByModel, writer_of, writers_of

AFTER_TALK = "bots.notes.after_talk"


def known_by_models(talk: Conversation) -> Iterator[tuple[Seat, Acquaintance, NotesByModel]]:
    """The partners in a conversation whose notes on a person a model takes, each with whom it meets."""
    for placing in talk.match.placings.select_related("seat").order_by("pk"):
        known = acquaintance_of(talk.match, placing.seat)
        writer = writer_of(known.rule) if known is not None and known.participant is not None else None
        if known is not None and writer is not None:
            yield placing.seat, known, writer


def wanting(known: Acquaintance) -> list[Conversation]:
    """The conversations that are over and not noted yet, in order; not those of which that was given up."""
    of = Noting.objects.filter(participant=known.participant, partner=known.partner, kind=known.rule.kind)
    over = set(of.filter(outcome=Noting.Outcome.GIVEN_UP).values_list("conversation", flat=True))
    return [talk for talk in unnoted(known) if talk.pk not in over]


def is_being_noted(facts: TurnFacts) -> bool:
    """Whether notes that a seat is to be given are due by now, or under way."""
    memory = memory_of(facts.seat.group.version, facts.seat)
    if memory is None or not writers_of(memory):
        return False
    match = Match.objects.select_related("group__version").get(pk=facts.match_id)
    known = acquaintance_of(match, facts.seat)
    if known is None or known.participant is None or writer_of(known.rule) is None:
        return False
    keys = [key_of(talk.pk) for talk in wanting(known)]
    open_now = Due.objects.filter(reaction=AFTER_TALK, key__in=keys, outcome="", run_after__lte=clock.now())
    return bool(keys) and open_now.exists()


def key_of(conversation: int) -> str:
    """The key of the work that follows the end of a conversation, as `config.reactions` makes it."""
    return f"conversation:{conversation}"


def under_way(conversations: Sequence[int], since: timedelta) -> bool:
    """Whether a model may still answer that was asked to note one of these, within some time."""
    asked = Noting.objects.filter(conversation__in=conversations, outcome=Noting.Outcome.OPEN)
    return asked.filter(asked_at__gt=clock.now() - since).exists()
