"""Facts that were dealt: a seat is told those that its experiment says, and no page tells it another too early."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from bots.private import facts_in, held, kept_from, words_in
from chat.models import Entry
from flow.models import Exposure
from matching.seating import KNOWN
from verification.inquiry import CLOCK_SLACK, Inquiry
from verification.story import Story

Said = Sequence[tuple[datetime, str]]
ROWS_AT_ONCE = 500


def check_facts(inquiry: Inquiry, story: Story) -> None:
    """For a group in which facts were dealt; of any other there is nothing to say."""
    society, report = story.society, inquiry.report
    dealt = [seat for seat in society.seats.values() if facts_in(seat.dealt)]
    if not dealt:
        return
    report.count("seats with facts", len(dealt))
    if society.group.version_id not in inquiry.current_code:
        report.left_out["facts under other code"] += 1
        return
    game = story.game
    known = {pk: game.experiment.known_by(seat.role, game.parameters) for pk, seat in society.seats.items()}
    for pk, seat in society.seats.items():
        if KNOWN in seat.settings:
            report.compare("facts known to a seat", society.seat(pk), known[pk], seat.settings[KNOWN])
    if society.withdrawn or "texts" in inquiry.purged:
        report.left_out["facts whose telling is gone"] += 1
        return
    _check_pages(inquiry, story, {pk: kept_from(seat, dealt, known[pk]) for pk, seat in society.seats.items()})


def _check_pages(inquiry: Inquiry, story: Story, kept: Mapping[int, Mapping[str, str]]) -> None:
    """What seats were told at each step holds no fact that is kept from them, unless somebody had written it by then.

    Args:
        kept: Seat → the facts that are kept from it.
    """
    said, society = _said(story), story.society
    rows = Exposure.objects.filter(match__in=society.matches, seat__in=[pk for pk, facts in kept.items() if facts])
    columns = rows.order_by("pk").values_list("match_id", "path", "seat_id", "view", "at")
    for match, path, seat, view, at in columns.iterator(chunk_size=ROWS_AT_ONCE):
        found = held(json.dumps(view, ensure_ascii=False), kept[seat])
        early = [key for key in found if not _is_told(key, kept[seat][key], said, at)]
        if early:
            where = story.where(society.matches[match], seat, path)
            inquiry.report.differ("fact that is kept from a seat", where, "none that nobody had told", early)


def _said(story: Story) -> Said:
    """All that was written in a group, with when."""
    entries = Entry.objects.filter(conversation__match__in=story.society.matches).values_list("at", "text")
    acts = (act for match in story.society.matches for act in story.acts.get(match, ()))
    return [*entries, *((act.at, text) for act in acts for text in words_in(act.values))]


def _is_told(key: str, fact: str, said: Said, by: datetime) -> bool:
    return any(at <= by + CLOCK_SLACK and held(text, {key: fact}) for at, text in said)
