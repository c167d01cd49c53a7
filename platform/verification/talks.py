"""Conversations: numbered without a gap, by those who may speak, and closed with their step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from chat.models import Conversation, Entry, Shown
from chat.storing import ENTRY
from events.models import Event
from flow.models import Match
from paradigm import Talk
from verification.acts import is_asked, step_of
from verification.inquiry import CLOCK_SLACK, Inquiry
from verification.sent import UnreadableError, is_marked, said
from verification.story import Story
from verification.traced import Traced


def check_talks(inquiry: Inquiry, story: Story, traced: Mapping[int, Traced]) -> None:
    """Every conversation of a group."""
    society = story.society
    talks = {one.pk: one for one in Conversation.objects.filter(match__in=society.matches).order_by("pk")}
    entries: dict[int, list[Entry]] = defaultdict(list)
    for entry in Entry.objects.filter(conversation__in=talks).order_by("seq", "pk"):
        entries[entry.conversation_id].append(entry)
    told: dict[int, list[int]] = defaultdict(list)
    events = Event.objects.filter(subject_kind="conversation", subject_id__in=talks, kind=ENTRY).order_by("pk")
    for conversation, facts in events.values_list("subject_id", "facts"):
        told[conversation].append(facts["seq"])
    for pk, talk in talks.items():
        match = society.matches[talk.match_id]
        _check_numbers(inquiry, story, talk, entries=entries[pk], told=told[pk])
        _check_course(inquiry, story, match, traced[match.pk], talk, entries[pk])
        _check_said(inquiry, story, talk, entries[pk])
        _check_shown(inquiry, story, talk, entries[pk])
    _check_all_there(inquiry, story, traced, {(talk.match_id, talk.path) for talk in talks.values()})


def _check_numbers(
    inquiry: Inquiry, story: Story, talk: Conversation, *, entries: Sequence[Entry], told: Sequence[int]
) -> None:
    report, where = inquiry.report, story.where(story.society.matches[talk.match_id], path=talk.path)
    report.count("conversations")
    report.count("entries", len(entries))
    report.compare("last number of a conversation", where, len(told), talk.last_seq)
    report.compare("events of a conversation", where, list(range(1, len(told) + 1)), list(told))
    numbers = [entry.seq for entry in entries]
    if story.is_erased(story.society.matches[talk.match_id]):
        if len(set(numbers)) < len(numbers) or not set(numbers) <= set(told):
            report.differ("numbers of entries", where, told, numbers)
        return
    if numbers != list(range(1, talk.last_seq + 1)):
        gaps = sorted(set(range(1, talk.last_seq + 1)) - set(numbers))
        report.differ("numbers of entries", where, f"1 to {talk.last_seq}", f"{len(numbers)} entries, without {gaps}")


def _check_course(
    inquiry: Inquiry, story: Story, match: Match, traced: Traced, talk: Conversation, entries: Sequence[Entry]
) -> None:
    report, where = inquiry.report, story.where(match, path=talk.path)
    if talk.path not in traced.opened:
        report.differ("conversation at a step that never opened", where, list(traced.opened), talk.path)
        return
    over = traced.over.get(talk.path)
    report.compare("end of a conversation", where, over is not None, talk.closed_at is not None)
    keys: set[tuple[int, str]] = set()
    for entry in entries:
        place = story.where(match, entry.seat_id, f"{talk.path}, entry {entry.seq}")
        seat = story.society.seats.get(entry.seat_id)
        if seat is None or entry.seat_id not in story.seats_of(match):
            report.differ("entry of a seat that is not in the match", place, "nothing", entry.kind)
        elif not is_asked(step_of(story, talk.path), seat.role):
            report.differ("entry of a role that may not speak", place, f"nothing of {seat.role}", entry.kind)
        if over is not None and entry.at > over.at + CLOCK_SLACK:
            report.differ("entry after the end of its talk", place, f"{over.at} or earlier", entry.at)
        if (entry.seat_id, entry.key) in keys:
            report.differ("entry doubled", place, "one under its key", "a second one")
        keys.add((entry.seat_id, entry.key))


def _check_said(inquiry: Inquiry, story: Story, talk: Conversation, entries: Sequence[Entry]) -> None:
    """What was acknowledged as said is there as it was sent, and so is the readiness that was sent with it."""
    step = step_of(story, talk.path)
    if not isinstance(step, Talk) or story.society.group.version_id not in inquiry.current_code:
        return
    posted = {entry.key: entry for entry in entries}
    ready = {act.key: act for act in story.acts.get(talk.match_id, ()) if act.path == talk.path}
    for entry in entries:
        inquiry.told.meet("entry", entry.key)
    for key in sorted(posted | ready):
        told = inquiry.told.stored(key)
        if told is None:
            continue
        try:
            draft, is_ready = said(story, step, entries=talk.last_seq, data=told.data)
        except UnreadableError as error:
            inquiry.told.differs(told, "answers that are refused", f"an entry or act, though {error}")
            continue
        kept = posted.get(key)
        expected = {"kind": draft.kind, "text": draft.text, **draft.facts} if draft else {}
        found = {"kind": kept.kind, "text": kept.text, **kept.facts} if kept else {}
        if expected != found and not is_marked(found):
            inquiry.told.differs(told, expected or "no entry", found or "no entry")
        if is_ready != (key in ready):
            inquiry.told.differs(told, "ready to go on" if is_ready else "more to say", "the opposite")


def _check_shown(inquiry: Inquiry, story: Story, talk: Conversation, entries: Sequence[Entry]) -> None:
    """Nobody was shown what was not said yet."""
    said = {entry.seq: entry.at for entry in entries}
    for page in Shown.objects.filter(conversation=talk).order_by("pk"):
        inquiry.report.count("pages of conversations")
        at = said.get(page.seq, page.at)  # whoever is erased said it, and it is gone
        if page.seq > talk.last_seq or page.at < at - CLOCK_SLACK:
            where = story.where(story.society.matches[talk.match_id], page.seat_id, f"{talk.path}, entry {page.seq}")
            inquiry.report.differ("message shown before it was said", where, at, page.at)


def _check_all_there(inquiry: Inquiry, story: Story, traced: Mapping[int, Traced], there: set[tuple[int, str]]) -> None:
    for pk, match in story.society.matches.items():
        if match.group.version_id not in inquiry.current_code:
            continue
        for path in traced[pk].steps:
            if (pk, path) not in there and isinstance(step_of(story, path), Talk):
                inquiry.report.differ("conversation missing", story.where(match, path=path), 1, 0)
