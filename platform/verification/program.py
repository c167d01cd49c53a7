"""The order of steps: which step follows which, asked once more of the experiment's own program."""

from __future__ import annotations

from flow.models import Match
from paradigm.program import first, following, is_decided
from verification.inquiry import Inquiry
from verification.story import Past, Story
from verification.traced import COMPLETE, Traced

THE_END = "the end"


def check_program(inquiry: Inquiry, story: Story, match: Match, traced: Traced) -> None:
    """Each step that opened is the one that follows; a complete match has come to the end."""
    report = inquiry.report
    if match.group.version_id not in inquiry.current_code:
        report.left_out["matches under other code"] += 1
        return
    if story.is_erased(match):
        report.left_out["matches with erased acts"] += 1
        return
    before: list[str] = []
    for path in traced.steps:
        report.count("steps")
        expected = _next(story, match, before)
        _check_settling(inquiry, story, match, traced, path, before)
        if not report.compare("order of steps", story.where(match, path=path), expected, path):
            return
        before.append(path)
    if traced.status == COMPLETE and not _ended_on_its_last_pages(story, traced):
        report.compare("order of steps", story.where(match), _next(story, match, before), THE_END)


def _next(story: Story, match: Match, before: list[str]) -> str:
    steps, state = story.game.experiment.steps, Past(story, match, opened=before)
    try:
        found = following(steps, before[-1], state) if before else first(steps, state)
    except Exception as error:  # the experiment's own rules: whatever they raise is a difference
        return f"a step, but the rules raise {type(error).__name__}"
    return found or THE_END


def _check_settling(inquiry: Inquiry, story: Story, match: Match, traced: Traced, path: str, before: list[str]) -> None:
    """Points are given at the first step from which on nothing can change them, and at no other."""
    steps = story.game.experiment.steps
    try:
        expected = is_decided(steps, path) and not any(is_decided(steps, earlier) for earlier in before)
    except StopIteration:  # no step of the experiment: the order of steps says so
        return
    found = traced.decided is not None and traced.decided.facts["path"] == path
    inquiry.report.compare("points given at a step", story.where(match, path=path), expected, found)


def _ended_on_its_last_pages(story: Story, traced: Traced) -> bool:
    """Whether the group ended while only pages and answers were left of a match, which counts all the same."""
    ended = story.events("group.ended")
    is_early = bool(ended) and ended[0].facts["status"] == "ended"
    return is_early and traced.decided is not None and traced.closed is not None and traced.closed.pk < ended[0].pk
