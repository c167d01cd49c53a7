"""Whom a partner meets, what was said and noted between them, and what of it a partner is given. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.db.models import Q, QuerySet

from bots import prompts
from bots.memory import Notes, Now, Remembered, Said, remembered
from bots.models import Memory
from chat.models import Conversation, Entry, Trigger
from chat.safety.policy import SHOWN
from flow.models import Match, Placing
from flow.queries import TurnFacts
from matching.models import Seat
from paradigm import Line, Recollection
from studies import definition
from studies.models import Version, levels_of
from studies.schema_memory import AnyMemory, FullMemory, MemoryRule, WindowMemory, rule_under
from studies.schema_partners import AutomatedPartner

MOST_SAID = 2000
"""Messages that are read for one prompt, the newest: some 50 for each of 40 conversations."""


@dataclass(frozen=True)
class Acquaintance:
    """A partner whose study file says what it remembers, and whom it meets in a match.

    Attributes:
        partner: Its name in the study file.
        participant: Key of the person; None where it meets nobody, or several: then nothing of before is read.
    """

    partner: str
    participant: int | None
    rule: MemoryRule


@dataclass(frozen=True)
class Recall:
    """What one prompt, or a policy, is given of memory, and which lines of the page with it."""

    text: str
    lines: Sequence[Line]
    found: Remembered

    @property
    def sha256(self) -> str:
        """Of the text; "" where nothing is remembered."""
        return sha256(self.text.encode()).hexdigest() if self.text else ""

    @property
    def recollection(self) -> Recollection:
        """As the language's policies are given it."""
        earlier = [Line("" if one.is_own else str(one.talk), one.text, seq=one.seq) for one in self.found.earlier]
        return Recollection(self.found.notes, earlier)


def acquaintance_of(match: Match, seat: Seat) -> Acquaintance | None:
    """Whom an automated seat meets in a match, and by which rule it remembers; None where its file names no rule.

    Raises:
        StudyError: "level_missing".
    """
    memory = memory_of(match.group.version, seat)
    if memory is None:
        return None
    met = [one for one in match.placings.select_related("seat").order_by("pk") if one.seat.participant_id]
    own = met[0] if len(met) == 1 else None
    levels = levels_of(match.condition or match.group.condition) | (levels_of(own.condition) if own else {})
    return Acquaintance(seat.partner, own.seat.participant_id if own else None, rule_under(memory, levels))


def memory_of(version: Version, seat: Seat) -> AnyMemory | None:
    """What the study file says of the memory of whoever sits in a seat; None where it says nothing."""
    partner = definition.definition(version).partners.get(seat.partner)
    return partner.memory if isinstance(partner, AutomatedPartner) and seat.kind == Seat.Kind.AI else None


def recalled(known: Acquaintance, facts: TurnFacts) -> Recall:
    """What a partner remembers as it is to act. What its rule does not allow is not read."""
    lines = prompts.newest_lines(facts.view.lines)
    open_talk = Conversation.objects.filter(match=facts.match_id, path=facts.path).first() if facts.is_talk else None
    # It may have ended since this turn was begun: what is said in it is no earlier conversation all the same.
    earlier = over_with(known).exclude(pk=open_talk.pk) if open_talk else over_with(known)
    before = earlier if isinstance(known.rule, WindowMemory | FullMemory) else ()
    talks = [*before, *([open_talk] if open_talk else [])]
    said = said_in(talks, known)
    now = Now(len(talks), lines) if open_talk else None
    found = remembered(known.rule, notes_of(known, earlier), said, now)
    return Recall(prompts.recollection(found, now.talk if now else 0), found.lines if now else lines, found)


def over_with(known: Acquaintance) -> QuerySet[Conversation]:
    """The conversations of a partner with its person that are over, in the order in which they began."""
    theirs = Placing.objects.filter(seat__participant=known.participant, seat__participant__isnull=False)
    own = Placing.objects.filter(seat__partner=known.partner, seat__kind=Seat.Kind.AI)
    over = Conversation.objects.filter(match__in=theirs.values("match"), channel="chat", closed_at__isnull=False)
    return over.filter(match__in=own.values("match")).order_by("pk")


def unnoted(known: Acquaintance) -> list[Conversation]:
    """Those of which the partner has taken no notes of its rule's kind yet."""
    noted = Memory.objects.filter(participant=known.participant, partner=known.partner, kind=known.rule.kind)
    return list(over_with(known).exclude(pk__in=noted.values("conversation")))


def said_in(talks: Sequence[Conversation], known: Acquaintance) -> list[Said]:
    """What the two said in some conversations, oldest first; at most the newest 2000 messages, and nobody else's."""
    if known.participant is None:
        return []
    numbers = {talk.pk: number for number, talk in enumerate(talks, start=1)}
    by_either = Q(seat__participant=known.participant) | Q(seat__partner=known.partner, seat__kind=Seat.Kind.AI)
    rows = Entry.objects.filter(by_either, conversation__in=list(numbers), kind="message").select_related("seat")
    newest = rows.order_by("-conversation_id", "-seq")[:MOST_SAID]
    return [
        Said(row.pk, numbers[row.conversation_id], row.seq, row.seat.kind == Seat.Kind.AI, row.text)
        for row in reversed(newest)
    ]


def notable_in(talks: Sequence[Conversation], known: Acquaintance) -> list[Said]:
    """What notes may be taken of: what was said, less messages that the screening offered a card for, or stopped.

    A partner shall not begin the next visit with them.
    """
    found = Trigger.objects.filter(conversation__in=talks, is_reply=False, tier__in=SHOWN)
    alarming = {(talk, seq) for talk, seq in found.values_list("conversation_id", "seq")}
    keys = [talk.pk for talk in talks]
    return [one for one in said_in(talks, known) if one.is_own or (keys[one.talk - 1], one.seq) not in alarming]


def notes_of(known: Acquaintance, talks: QuerySet[Conversation]) -> list[Notes]:
    """The notes that a partner has taken of its person after some conversations, of the kind that its rule reads."""
    rows = Memory.objects.filter(participant=known.participant, partner=known.partner, kind=known.rule.kind)
    rows = rows.filter(conversation__in=talks)
    return [Notes(row.kind, row.version, row.text) for row in rows.order_by("version")]
