"""What partners have noted of people: every version there, from messages that are there, theirs, and older."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256

from bots.models import Memory
from chat.models import Entry
from participants.models import PURGED_TEXT, Participant
from verification.inquiry import CLOCK_SLACK, Inquiry


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


def _check_notes(inquiry: Inquiry, where: str, row: Memory, messages: Mapping[int, Entry]) -> None:
    report = inquiry.report
    lines = row.text.split("\n") if row.text else []
    if row.text == PURGED_TEXT and "texts" in inquiry.purged:
        report.left_out["what was purged of words"] += 1
    else:
        report.compare("hash of notes", where, sha256(row.text.encode()).hexdigest(), row.sha256)
        report.compare("lines of notes with their sources", where, len(lines), len(row.sources))
    for key in sorted({key for line in row.sources for key in line}):
        message = messages.get(key)
        if message is None:
            report.differ("source of notes missing", where, "a message", "nothing")
        elif message.seat.participant_id != row.participant_id:
            report.differ("source of notes by somebody else", where, "a message of theirs", "another's")
        elif message.conversation_id > row.conversation_id or message.at > row.at + CLOCK_SLACK:
            report.differ("source of notes later than they", where, f"{row.at} or earlier", message.at)
