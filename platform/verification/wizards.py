"""People behind the curtain: each message of such a seat was decided once, as its event tells, and said as decided."""

from __future__ import annotations

from bots.models import WizardReply
from bots.wizards.rules import words_of
from bots.wizards.services import DECIDED
from chat.models import Entry, Trigger
from events.models import Event
from matching.seating import WIZARD
from participants.models import PURGED_TEXT, WITHDRAWN_TEXT
from verification.inquiry import Inquiry
from verification.story import Story

By, Outcome = WizardReply.By, WizardReply.Outcome
Place = tuple[int, str, int, int, int]
"""Match, step, seat, how many entries it had made, and which asking for the next."""


def check_wizards(inquiry: Inquiry, story: Story) -> None:
    """Every message of a group that people were asked for, and every one that came without anybody being asked."""
    report, society = inquiry.report, story.society
    told = _told(story)
    asked: set[str] = set()
    said = {one.key: one for one in _said(story)}
    rows = WizardReply.objects.filter(turn__match__in=society.matches).select_related("turn").order_by("pk")
    for one in rows:
        report.count("messages that people were asked for")
        turn, key = one.turn, f"turn:{one.turn_id}:{one.made}"
        where = story.where(society.matches[turn.match_id], turn.seat_id, turn.path)
        asked.add(key)
        if WIZARD not in society.seats[turn.seat_id].settings:
            report.differ("message behind a seat that lets nobody write", where, "none", one.by or one.outcome)
        place = (turn.match_id, turn.path, turn.seat_id, one.made, one.number)
        decided = None if one.outcome == Outcome.OPEN else (str(one.outcome), str(one.by))
        report.compare("decision behind a curtain", where, told.get(place), decided)
        words, is_theirs = said[key].text if key in said else "", one.by not in ("", By.SAFETY, By.NOBODY)
        if words not in ("", WITHDRAWN_TEXT, PURGED_TEXT) and one.values is not None and is_theirs:
            report.compare("message as it was decided", where, words_of(one.values), words)
    for key in sorted(said.keys() - asked - _held(story)):
        talk = said[key].conversation
        where = story.where(society.matches[talk.match_id], said[key].seat_id, talk.path)
        report.differ("message that nobody decided", where, "a decision", "none")


def _told(story: Story) -> dict[Place, tuple[str, str]]:
    """What the log says of each decision; a later word of it, where one is held for safety, is the one that stands."""
    events = Event.objects.filter(kind=DECIDED, subject_kind="seat", subject_id__in=story.society.seats)
    found: dict[Place, tuple[str, str]] = {}
    for event in events.order_by("pk"):
        facts = event.facts
        place = (facts["match"], facts["path"], event.subject_id, facts["number"], facts["attempt"])
        found[place] = (facts["outcome"], facts["source"])
    return found


def _said(story: Story) -> list[Entry]:
    """What seats said in conversations in whose place people may write, by their turns."""
    seats = [pk for pk, seat in story.society.seats.items() if WIZARD in seat.settings]
    talks = Entry.objects.filter(seat__in=seats, conversation__channel="chat", key__startswith="turn:")
    return list(talks.select_related("conversation").order_by("pk"))


def _held(story: Story) -> set[str]:
    """Keys of lines that were said for safety before anybody was asked."""
    held = Trigger.objects.filter(conversation__match__in=story.society.matches, is_reply=True)
    return set(held.values_list("key", flat=True))
