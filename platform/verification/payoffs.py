"""Points, from the acts once more: what the experiment's own payoff says, or what a void match is declared to give."""

from __future__ import annotations

from collections.abc import Mapping

from exports.redaction import strings_in
from flow.models import Match
from participants.models import PURGED_TEXT
from verification.acts import timeouts
from verification.inquiry import Inquiry
from verification.story import Past, Story, has_left
from verification.traced import COMPLETE, OPEN, VOID, Traced


def check_points(inquiry: Inquiry, story: Story, match: Match, traced: Traced) -> None:
    """Every placing of a match: nothing while it is open, then what the rules give."""
    report = inquiry.report
    owed = _owed(inquiry, story, match, traced)
    if owed is None:
        return
    for seat, position in story.seats_of(match).items():
        placing = story.society.placings[match.pk][position]
        if seat not in story.society.seats or (seat in story.erased and traced.status != COMPLETE):
            continue
        report.count("payoffs")
        where = story.where(match, seat)
        number = story.society.seats[seat].number
        report.compare(
            "points",
            where,
            "none yet" if traced.settled is None else owed.get(number, 0),
            "none yet" if placing.points is None else placing.points,
        )


def _owed(inquiry: Inquiry, story: Story, match: Match, traced: Traced) -> Mapping[int, int] | None:
    """Points by seat number; None where they cannot be reckoned, which is said elsewhere."""
    settled, seats = traced.settled, story.society.seats
    if settled is None:
        return {} if traced.status == OPEN else None
    left = {seat.number for seat in seats.values() if has_left(story, seat, before=settled)}
    if traced.status == VOID:
        late = timeouts(story, match, traced.void_path) if traced.voided else set()
        return {
            seat.number: 0 if pk in late or seat.number in left else story.game.void_points
            for pk, seat in seats.items()
        }
    if match.group.version_id not in inquiry.current_code or story.is_erased(match):
        return None
    if any(PURGED_TEXT in strings_in(act.values) for act in story.acts.get(match.pk, ())):
        inquiry.report.left_out["what was purged of words"] += 1  # a payoff may count them
        return None
    state = Past(story, match, opened=list(traced.opened))
    try:
        points = story.game.experiment.payoff(state)
    except Exception as error:  # the experiment's own rules: whatever they raise is a difference
        inquiry.report.differ(
            "points that cannot be reckoned", story.where(match), "a payoff", f"the rules raise {type(error).__name__}"
        )
        return None
    return {number: 0 if number in left else int(given) for number, given in points.items()}
