"""What partners have noted of people, every version, and from which messages."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from bots.models import BY_MODEL, Memory, Noting
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
    Column(
        "n_unsupported",
        "How many lines no words of their sources support: each may be a false memory, and is kept as it is.",
        "integer",
        missing="a fixed rule by words wrote them, which copies what was said",
    ),
    Column("unsupported", "The numbers of these lines, from 1.", "json", missing="see n_unsupported"),
    Column(
        "made_by",
        "What wrote them: `scripted/…` is a fixed rule by words, and no model; `model:…` is a model by its name.",
    ),
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
                "n_unsupported": len(one.unsupported) if is_by_model(one) else None,
                "unsupported": one.unsupported if is_by_model(one) else None,
                "made_by": one.made_by,
                "text_sha256": one.sha256,
                "made_s": seconds(one.at, group.formed_at),
            }


def is_by_model(notes: Memory) -> bool:
    """Whether a model took them."""
    return notes.made_by.startswith(BY_MODEL)


def _places(batch: Sequence[Memory]) -> Mapping[int, Mapping[str, object]]:
    """Entry → where it stands in `entries`."""
    named = {key for one in batch for line in one.sources for key in line}
    rows = Entry.objects.filter(pk__in=named).select_related("conversation__match__group")
    return {row.pk: {"match": _match(row.conversation), "step": row.conversation.path, "seq": row.seq} for row in rows}


def _match(talk: Conversation) -> str:
    return match_code(talk.match.group.code, talk.match.round, talk.match.number)


NOTING_COLUMNS = [
    keys.PARTICIPANT,
    Column("partner", "The partner whose notes they are, as named in the study file."),
    Column("kind", "What is kept.", allowed="|".join(Memory.Kind.values)),
    Column("group", "Group of the conversation that was to be noted."),
    Column("match", "Match of that conversation: group code, round, number, joined by dots."),
    Column("step", "Step of that conversation."),
    Column("attempt", "Which attempt at these notes, from 1.", "integer"),
    Column(
        "outcome",
        "What came of it: `written`, a version; `failed` or `given_up`, the version before stayed in force; `dropped`, "
        "it was written by somebody else meanwhile; `open`, not ended.",
        allowed="|".join(Noting.Outcome.values),
    ),
    Column("error_code", "Why it failed.", missing="it did not fail"),
    keys.since_group("asked_s", "When the model was asked"),
    keys.since_group("ended_s", "When it was over", missing="it is not"),
]


def _notings(scope: Scope) -> Iterator[Row]:
    found = Noting.objects.filter(kept(), participant__study=scope.study)
    found = found.select_related("participant", "conversation__match__group")
    ordered = found.order_by(by_code("participant__code"), "partner", "kind", "conversation", "attempt")
    for one in ordered.iterator(chunk_size=CHUNK):
        group = one.conversation.match.group
        yield {
            "participant": one.participant.code,
            "partner": one.partner,
            "kind": one.kind,
            "group": group.code,
            "match": _match(one.conversation),
            "step": one.conversation.path,
            "attempt": one.attempt,
            "outcome": one.outcome,
            "error_code": one.error_code or None,
            "asked_s": seconds(one.asked_at, group.formed_at),
            "ended_s": seconds(one.ended_at, group.formed_at),
        }


NOTINGS = Table("notings", "Each attempt of a model to take a partner's notes", NOTING_COLUMNS, _notings)
MEMORIES = Table("memories", "Each version of what a partner noted of a person", COLUMNS, _memories)
