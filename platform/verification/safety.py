"""What screening found, judged again, and what followed from it: rows, pauses and their ends, alerts.

A message is judged again only by the very rules by which it was: what a newer edition would find is no difference. A
trigger names its edition; of a message without one it is that of its conversation, unless the rules changed meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chat.models import Conversation, Entry, SafetyStep, Trigger
from chat.safety.policy import language_of, pauses, safety_of
from chat.safety.queries import PERSON, Found
from chat.safety.services import ALERT
from chat.screening import has_rules, screened
from chat.screening_wordings import edition
from events.models import Event
from studies.models import Version
from verification.inquiry import Inquiry
from verification.report import Report
from verification.sent import is_marked
from verification.story import Story

What = SafetyStep.What
_ENDS = (What.RESUMED, What.STOPPED)


@dataclass(frozen=True)
class _Talk:
    """One conversation with what was found in it."""

    row: Conversation
    entries: Sequence[Entry]
    triggers: Sequence[Trigger]
    steps: Sequence[SafetyStep]
    alerted: frozenset[int]


def check_safety(inquiry: Inquiry, story: Story) -> None:
    """Every conversation of a group."""
    version = inquiry.versions[story.society.group.version_id]
    for talk in _talks(story):
        inquiry.report.count("triggers", len(talk.triggers))
        if safety_of(version) is None:
            for trigger in talk.triggers:
                inquiry.report.differ("trigger in a study without safety", _where(story, trigger), 0, 1)
            continue
        _check_messages(inquiry, story, version, talk)
        _check_steps(inquiry, story, talk)
        _check_pauses(inquiry, story, version, talk)


def _talks(story: Story) -> Sequence[_Talk]:
    rows = list(Conversation.objects.filter(match__in=story.society.matches).order_by("pk"))
    entries: dict[int, list[Entry]] = defaultdict(list)
    triggers: dict[int, list[Trigger]] = defaultdict(list)
    steps: dict[int, list[SafetyStep]] = defaultdict(list)
    alerted: dict[int, set[int]] = defaultdict(set)
    for entry in Entry.objects.filter(conversation__in=rows).order_by("seq"):
        entries[entry.conversation_id].append(entry)
    for trigger in Trigger.objects.filter(conversation__in=rows).select_related("conversation").order_by("pk"):
        triggers[trigger.conversation_id].append(trigger)
    for step in SafetyStep.objects.filter(conversation__in=rows).select_related("conversation").order_by("pk"):
        steps[step.conversation_id].append(step)
    told = Event.objects.filter(subject_kind="conversation", subject_id__in=[one.pk for one in rows], kind=ALERT)
    for pk, facts in told.values_list("subject_id", "facts"):
        alerted[pk].add(facts["trigger"])
    return [_Talk(row, entries[row.pk], triggers[row.pk], steps[row.pk], frozenset(alerted[row.pk])) for row in rows]


def _check_messages(inquiry: Inquiry, story: Story, version: Version, talk: _Talk) -> None:
    """Each message of a person once more, and each trigger by the message that it is of."""
    said = {(entry.seat_id, entry.key): entry for entry in talk.entries}
    found = {(one.seat_id, one.key): one for one in talk.triggers if not one.is_reply}
    for key, trigger in found.items():
        entry = said.get(key)
        seat = story.society.seats.get(trigger.seat_id)
        if entry is None or entry.seq != trigger.seq or seat is None or seat.occupant != PERSON:
            inquiry.report.differ("trigger without its message", _where(story, trigger), "a person's message", "none")
    for key, entry in said.items():
        seat = story.society.seats.get(entry.seat_id)
        if seat is not None and seat.occupant == PERSON and entry.text:
            _judge(inquiry, story, version, talk.row, entry, found.get(key))


def _judge(
    inquiry: Inquiry, story: Story, version: Version, talk: Conversation, entry: Entry, trigger: Trigger | None
) -> None:
    report, language = inquiry.report, language_of(version)
    if is_marked({"text": entry.text}) or entry.seat_id in story.erased:
        report.left_out["what was purged of words"] += 1
        return
    by = trigger.edition if trigger is not None else talk.edition
    where = story.where(story.society.matches[talk.match_id], entry.seat_id, f"{talk.path}, entry {entry.seq}")
    judge(report, where, entry.text, language, trigger, by=by, counted="messages judged again")


def judge(
    report: Report, where: str, text: str, language: str, trigger: Found | None, *, by: str, counted: str
) -> None:
    """One text once more, by the rules by which it was judged; `by` is their edition."""
    if trigger is not None and trigger.source == Trigger.Source.FAILED:
        return  # that it could not be judged says nothing of its words
    if by != edition() or not has_rules(language):
        report.left_out["messages judged by other rules"] += 1
        return
    report.count(counted)
    again = screened(text, language)
    if trigger is None:
        if again.tier:
            report.differ("trigger missing", where, f"{again.tier}: {', '.join(again.rules)}", "none")
    elif not again.tier:
        report.differ("trigger that no rule gives", where, "none", trigger.tier)
    else:
        report.compare("tier of a trigger", where, again.tier, trigger.tier)
        report.compare("rules of a trigger", where, list(again.rules), list(trigger.rules))


def _check_steps(inquiry: Inquiry, story: Story, talk: _Talk) -> None:
    """What followed followed from something, and whoever is on call was to be told of each `stop`."""
    known = {one.pk for one in talk.triggers}
    for step in talk.steps:
        if step.what != What.BREAK and step.trigger_id not in known:
            inquiry.report.differ("step of safety without a trigger", _where(story, step), "a trigger", step.what)
    for trigger in talk.triggers:
        if trigger.tier == Trigger.Tier.STOP and not trigger.is_reply and trigger.pk not in talk.alerted:
            inquiry.report.differ("alert missing", _where(story, trigger), 1, 0)


def _check_pauses(inquiry: Inquiry, story: Story, version: Version, talk: _Talk) -> None:
    safety, report = safety_of(version), inquiry.report
    assert safety is not None
    steps: Mapping[tuple[int | None, str], SafetyStep] = {(one.trigger_id, one.what): one for one in talk.steps}
    for trigger in talk.triggers:
        where, began = _where(story, trigger), steps.get((trigger.pk, What.PAUSED))
        ends = [one for what in _ENDS if (one := steps.get((trigger.pk, what))) is not None]
        is_due = pauses(safety, trigger.tier) and not trigger.is_reply
        if is_due and began is None:
            report.differ("pause missing", where, 1, 0)
        if began is not None and not is_due:
            report.differ("pause without a reason", where, 0, 1)
        if began is None and ends:
            report.differ("end of a pause that never began", where, 0, len(ends))
        if len(ends) > 1:
            report.differ("pause that ended twice", where, 1, len(ends))
        # Where the time of the talk runs out, or whoever paused leaves the study, that is the end of it.
        wrote_on = any(one.seat_id == trigger.seat_id and one.seq > trigger.seq for one in talk.entries)
        if began is not None and not ends and wrote_on:
            report.differ("pause without an end", where, 1, 0)


def _where(story: Story, one: Trigger | SafetyStep) -> str:
    talk = one.conversation
    at = f"{talk.path}, entry {one.seq}" if isinstance(one, Trigger) else talk.path
    return story.where(story.society.matches[talk.match_id], one.seat_id, at)
