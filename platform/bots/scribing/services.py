"""Every write of the notes that scribes take of people: by fixed rules by words, at once, and without a model."""

from __future__ import annotations

from hashlib import sha256

from django.db import transaction

from bots.models import Memory
from bots.recall import Acquaintance, acquaintance_of, notable_in, over_with, unnoted
from bots.scribes import SCRIBES, Noted, limit_of
from chat.models import Conversation
from participants.models import Participant
from studies.schema_memory import writer_of


def note_talk(conversation_id: int) -> int:
    """Take the notes of a conversation that is over, for each partner that takes any; return how many versions."""
    talk = Conversation.objects.select_related("match__group__version").get(pk=conversation_id)
    seats = [one.seat for one in talk.match.placings.select_related("seat").order_by("pk")]
    known = [acquaintance_of(talk.match, seat) for seat in seats]
    return sum(take_notes(one) for one in known if one is not None)


def take_notes(known: Acquaintance) -> int:
    """Write a version for each conversation that is over and not noted yet, in order; return how many.

    By fixed rules by words; where a model takes the notes it does so after the conversation: see `bots.notes`.
    A conversation has one version of a kind, whoever asks for it how often: a unique key holds that.
    """
    if known.participant is None or known.rule.kind not in SCRIBES or writer_of(known.rule) is not None:
        return 0
    if not unnoted(known):
        return 0
    return _take_notes(known, known.participant)


def lines_of(notes: Memory) -> list[Noted]:
    """The lines of a version, each with what it was made from."""
    texts = notes.text.split("\n") if notes.text else []
    return [Noted(text, tuple(keys)) for text, keys in zip(texts, notes.sources, strict=True)]


@transaction.atomic
def _take_notes(known: Acquaintance, participant: int) -> int:
    # The person: of two at once the second finds nothing left to note, and no erasure is run between look and write.
    person = Participant.objects.select_for_update(of=("self",), no_key=True).get(pk=participant)
    if person.status == Participant.Status.WITHDRAWN:
        return 0
    scribe, kind = SCRIBES[known.rule.kind], known.rule.kind
    mine = Memory.objects.filter(participant=participant, partner=known.partner, kind=kind)
    last = mine.order_by("-version").first()
    lines = lines_of(last) if last else []
    version, talks, missing = (last.version if last else 0), list(over_with(known)), unnoted(known)
    said = notable_in(talks, known)
    for number, talk in enumerate(talks, start=1):
        if talk in missing:
            version += 1
            lines = scribe.write(lines, [one for one in said if one.talk == number], limit_of(known.rule))
            text = "\n".join(line.text for line in lines)
            Memory.objects.create(
                participant=person, partner=known.partner, kind=kind, version=version, conversation=talk, text=text,
                sources=[list(line.sources) for line in lines], made_by=scribe.name,
                sha256=sha256(text.encode()).hexdigest(),
            )  # fmt: skip
    return len(missing)
