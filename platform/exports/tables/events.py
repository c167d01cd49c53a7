"""What happened, in order: codes instead of keys, and only facts that are known to identify nobody."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from events.models import Event
from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, seconds
from exports.subjects import KINDS, Names

# Facts are written by many apps; what is not named here stays inside. A researcher's reason may name a person.
SHOWN = frozenset({
    "agreed", "attempt", "because", "before", "beyond", "by", "condition", "counted", "exit", "is_filled", "is_open",
    "kind", "matches", "missing", "model", "number", "origin", "outcome", "path", "policy", "position", "repeat", "rev",
    "role", "round", "seats", "seconds", "seq", "source", "stage", "status", "step", "strikes", "target", "visits",
    "wave",
})  # fmt: skip
GROUP_ENDED_BECAUSE = ("group.ended", "reason")  # a code, never a person's words
MOST_CHARS = 120

COLUMNS = [
    Column("order", "Order in which it happened, from 1; numbers of withdrawn people are left out.", "integer"),
    Column("kind", "What happened."),
    Column("subject_kind", "What it happened to.", allowed="participant|session|ticket|group|match|seat|study|…"),
    Column("subject", "Its code.", missing="the study as a whole, or a thing that has no code"),
    Column("participant", "The person's random code.", missing="no person, or several"),
    Column("group", "The group's random code.", missing="no group"),
    keys.STUDY_DAY,
    Column(
        "event_s", "When, counted from the start of the person's session, or from the forming of the group.",
        "number", "s", "slightly below 0 for what led to that start", "neither person nor group",
    ),
    Column("facts", "Small facts, things named by code.", "json"),
]  # fmt: skip


def _events(scope: Scope) -> Iterator[Row]:
    log = Event.objects.filter(study_id=scope.study.pk).order_by("pk").iterator(chunk_size=CHUNK)
    order = 0
    while batch := list(islice(log, CHUNK)):
        names = _names(batch)
        for event in batch:
            order += 1
            row = _row(scope, event, names)
            if row is not None:
                yield {"order": order} | row


def _names(batch: Sequence[Event]) -> Names:
    wanted: dict[str, set[int]] = defaultdict(set)
    for event in batch:
        wanted[event.subject_kind].add(event.subject_id)
        for kind, key in _keys(event):
            wanted[kind].add(key)
    return Names().add(wanted)


def _keys(event: Event) -> list[tuple[str, int]]:
    """The primary keys among an event's facts. What happens to a group names its seats by number instead."""
    kinds = [kind for kind in KINDS if kind != "seat" or event.subject_kind != "group"]
    return [(kind, event.facts[kind]) for kind in kinds if isinstance(event.facts.get(kind), int)]


def _row(scope: Scope, event: Event, names: Names) -> dict[str, object] | None:
    subject = names.found.get((event.subject_kind, event.subject_id))
    about = [names.found.get(key) for key in _keys(event)]
    if any(one is not None and one.is_withdrawn for one in [subject, *about]):
        return None
    return {
        "kind": event.kind,
        "subject_kind": event.subject_kind,
        "subject": subject.code if subject else None,
        "participant": subject.participant if subject else None,
        "group": subject.group if subject else None,
        "study_day": scope.day(event.at),
        "event_s": seconds(event.at, subject.began if subject else None),
        "facts": _facts(event, names),
    }


def _facts(event: Event, names: Names) -> dict[str, object]:
    shown: dict[str, object] = {}
    for key, value in event.facts.items():
        if key in KINDS:
            named = names.found.get((key, value)) if (key, value) in _keys(event) else None
            if named:
                shown[key] = named.code
            elif key == "seat" and event.subject_kind == "group" and isinstance(value, int):
                shown["number"] = value
        elif (key in SHOWN or (event.kind, key) == GROUP_ENDED_BECAUSE) and _is_small(value):
            shown[key] = value
    return shown


def _is_small(value: object) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= MOST_CHARS)


EVENTS = Table("events", "Everything that happened, in order", COLUMNS, _events)
