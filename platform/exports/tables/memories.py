"""What partners have noted of people, every version, and from which messages."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from bots.models import Memory
from chat.models import Conversation, Entry
from exports import keys
from exports.codes import match_code
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds

COLUMNS = [
    keys.PARTICIPANT,
    Column("partner", "The partner that noted it, as named in the study file."),
    Column("kind", "What is kept.", allowed="|".join(Memory.Kind.values)),
    Column("version", "Which version of these notes on this person, from 1; the last is the one in force.", "integer"),
    Column("group", "Group of the conversation after which it was made."),
    Column("match", "Match of that conversation: group code, round, number, joined by dots."),
    Column("step", "Step of that conversation."),
    Column("text", "The notes as prompts held them; a line for each thing.", "text", missing="nothing was noted"),
    Column("n_chars", "Length of the notes.", "integer", "characters"),
    Column("sources", "For each line, the messages that it was made from: match, step and `seq` in `entries`.", "json"),
    Column("made_by", "By which rule they were written; `scripted/…` is a fixed rule by words, and no model."),
    Column("text_sha256", "SHA-256 of the notes."),
    keys.since_group("made_s", "When it was written"),
]


def _memories(scope: Scope) -> Iterator[Row]:
    found = Memory.objects.filter(kept(), participant__study=scope.study)
    found = found.select_related("participant", "conversation__match__group")
    ordered = found.order_by(by_code("participant__code"), "partner", "kind", "version").iterator(chunk_size=CHUNK)
    while batch := list(islice(ordered, CHUNK)):
        places = _places(batch)
        for one in batch:
            group = one.conversation.match.group
            yield {
                "participant": one.participant.code,
                "partner": one.partner,
                "kind": one.kind,
                "version": one.version,
                "group": group.code,
                "match": _match(one.conversation),
                "step": one.conversation.path,
                "text": one.text or None,
                "n_chars": len(one.text),
                "sources": [[places[key] for key in line if key in places] for line in one.sources],
                "made_by": one.made_by,
                "text_sha256": one.sha256,
                "made_s": seconds(one.at, group.formed_at),
            }


def _places(batch: Sequence[Memory]) -> Mapping[int, Mapping[str, object]]:
    """Entry → where it stands in `entries`."""
    named = {key for one in batch for line in one.sources for key in line}
    rows = Entry.objects.filter(pk__in=named).select_related("conversation__match__group")
    return {row.pk: {"match": _match(row.conversation), "step": row.conversation.path, "seq": row.seq} for row in rows}


def _match(talk: Conversation) -> str:
    return match_code(talk.match.group.code, talk.match.round, talk.match.number)


MEMORIES = Table("memories", "Each version of what a partner noted of a person", COLUMNS, _memories)
