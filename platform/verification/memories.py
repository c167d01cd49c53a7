"""What partners have noted of people: every version there, from messages that are there, theirs, and older."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256

from bots.models import BY_MODEL, Memory, Noting
from bots.noting.support import unsupported
from bots.scribes import Noted
from chat.models import Entry
from participants.models import PURGED_TEXT, WITHDRAWN_TEXT, Participant
from verification.inquiry import CLOCK_SLACK, Inquiry

OUT = (PURGED_TEXT, WITHDRAWN_TEXT)


def check_memories(inquiry: Inquiry, people: Sequence[Participant]) -> None:
    """The notes on some people."""
    rows = Memory.objects.filter(participant__in=people).select_related("participant")
    found = list(rows.order_by("participant", "partner", "kind", "version", "pk"))
    named = {key for row in found for line in row.sources for key in line}
    messages = {row.pk: row for row in Entry.objects.filter(pk__in=named).select_related("seat")}
    versions: dict[str, list[int]] = defaultdict(list)
    for row in found:
        inquiry.report.count("memories")
        whose = f"{row.participant.code}, {row.partner}, {row.kind}"
        versions[whose].append(row.version)
        _check_notes(inquiry, f"{whose} {row.version}", row, messages)
    for whose, numbers in versions.items():
        inquiry.report.compare("versions of notes", whose, list(range(1, len(numbers) + 1)), numbers)
    check_notings(inquiry, people)


def _check_notes(inquiry: Inquiry, where: str, row: Memory, messages: Mapping[int, Entry]) -> None:
    report = inquiry.report
    lines = row.text.split("\n") if row.text else []
    if row.text == PURGED_TEXT and "texts" in inquiry.purged:
        report.left_out["what was purged of words"] += 1
    else:
        report.compare("hash of notes", where, sha256(row.text.encode()).hexdigest(), row.sha256)
        report.compare("lines of notes with their sources", where, len(lines), len(row.sources))
        _check_support(inquiry, where, row, lines, messages)
    for key in sorted({key for line in row.sources for key in line}):
        message = messages.get(key)
        if message is None:
            report.differ("source of notes missing", where, "a message", "nothing")
        elif message.seat.participant_id != row.participant_id:
            report.differ("source of notes by somebody else", where, "a message of theirs", "another's")
        elif message.conversation_id > row.conversation_id or message.at > row.at + CLOCK_SLACK:
            report.differ("source of notes later than they", where, f"{row.at} or earlier", message.at)


def _check_support(
    inquiry: Inquiry, where: str, row: Memory, lines: Sequence[str], messages: Mapping[int, Entry]
) -> None:
    """Which lines of a model no source supports, judged anew; not where words were taken out, which nobody can read."""
    said = {key: messages[key].text for line in row.sources for key in line if key in messages}
    if not row.made_by.startswith(BY_MODEL) or any(mark in text for text in [row.text, *said.values()] for mark in OUT):
        return
    noted = [Noted(text, tuple(keys)) for text, keys in zip(lines, row.sources, strict=False)]
    inquiry.report.compare("lines of notes that nothing supports", where, unsupported(noted, said), row.unsupported)


def check_notings(inquiry: Inquiry, people: Sequence[Participant]) -> None:
    """The attempts of models at notes on some people: numbered, and the last one says whether there is a version."""
    attempts: dict[tuple[int, str, str, int], list[Noting]] = defaultdict(list)
    for row in Noting.objects.filter(participant__in=people).select_related("participant").order_by("attempt", "pk"):
        attempts[row.participant_id, row.partner, row.kind, row.conversation_id].append(row)
    by_models = Memory.objects.filter(participant__in=people, made_by__startswith=BY_MODEL)
    versions = set(by_models.values_list("participant", "partner", "kind", "conversation"))
    names = {person.pk: person.code for person in people}
    for key in sorted({*attempts, *versions}):
        rows = attempts.get(key, [])
        where = f"{names[key[0]]}, {key[1]}, {key[2]} of conversation {key[3]}"
        numbers = [row.attempt for row in rows]
        inquiry.report.compare("attempts at notes", where, list(range(1, len(rows) + 1)), numbers)
        written = sum(row.outcome == Noting.Outcome.WRITTEN for row in rows)
        inquiry.report.compare("version of an attempt at notes", where, int(key in versions), written)
