"""Acts: by seats that were placed and asked, while their step was open, one each, and none missing."""

from __future__ import annotations

from collections import Counter

from flow.kinds import VOID_PATH
from flow.models import Act, Match
from paradigm import Decision, Show, Talk
from paradigm.fields import clean
from paradigm.program import step_at
from paradigm.steps import Leaf
from verification.inquiry import CLOCK_SLACK, Inquiry
from verification.sent import UnreadableError, decided, is_marked
from verification.story import Past, Story
from verification.traced import VOID, Traced

TIMEOUT = Act.Source.TIMEOUT
SOURCES = {
    "person": {Act.Source.PERSON, TIMEOUT},
    "policy": {Act.Source.POLICY, TIMEOUT},
    "model": {Act.Source.MODEL, TIMEOUT},
}


def check_acts(inquiry: Inquiry, story: Story, match: Match, traced: Traced) -> None:
    """Every act of a match, every decision that needed one, and why the match is void if it is."""
    acts = story.acts.get(match.pk, ())
    met: Counter[tuple[str, int]] = Counter((act.path, act.seat_id) for act in acts)
    for (path, seat), n in met.items():
        if n > 1:
            inquiry.report.differ("act doubled", story.where(match, seat, path), 1, n)
    for act in acts:
        inquiry.report.count("acts")
        _check_act(inquiry, story, match, traced, act)
    for path in traced.steps:
        _check_decided(inquiry, story, match, traced, path)
    if traced.status == VOID:
        _check_void(inquiry, story, match, traced)


def step_of(story: Story, path: str) -> Leaf | None:
    """The step at a path; the page about a void match is one to read. None: the experiment has no such step."""
    try:
        return Show(VOID_PATH) if path == VOID_PATH else step_at(story.game.experiment.steps, path)
    except KeyError:
        return None


def is_asked(step: Leaf | None, role: str) -> bool:
    """Whether a role may act at a step. What the experiment does not know is told by the order of steps."""
    if isinstance(step, Decision):
        return bool(step.fields_of(role))
    return step.includes(role) if isinstance(step, Talk) else True


def _check_act(inquiry: Inquiry, story: Story, match: Match, traced: Traced, act: Act) -> None:
    report, where = inquiry.report, story.where(match, act.seat_id, act.path)
    if act.seat_id not in story.seats_of(match):
        report.differ("act of a seat that is not in the match", where, "nothing", act.source)
        return
    if act.path not in traced.opened:
        report.differ("act at a step that never opened", where, list(traced.opened), act.path)
        return
    opened, over = traced.opened[act.path], traced.over.get(act.path)
    if act.at < opened.at - CLOCK_SLACK:
        report.differ("act before its step", where, f"{opened.at} or later", act.at)
    if over is not None and act.at > over.at + CLOCK_SLACK:
        report.differ("act after its step", where, f"{over.at} or earlier", act.at)
    seat, step = story.society.seats[act.seat_id], step_of(story, act.path)
    _check_sent(inquiry, story, match, traced, act)
    _check_written(inquiry, story, match, traced, act)
    if not is_asked(step, seat.role):
        report.differ("act that was not asked for", where, f"nothing of {seat.role}", act.source)
    if act.source not in SOURCES.get(seat.occupant, {act.source}):
        report.differ("source of an act", where, sorted(SOURCES[seat.occupant]), act.source)


def _check_sent(inquiry: Inquiry, story: Story, match: Match, traced: Traced, act: Act) -> None:
    """An act whose form was acknowledged has the values that were sent. Talks are looked at by themselves."""
    told, step = inquiry.told.meet("act", act.key), step_of(story, act.path)
    if told is None or isinstance(step, Talk) or match.group.version_id not in inquiry.current_code:
        return
    try:
        expected = decided(story, match, act, opened=list(traced.opened), data=told.data)
    except UnreadableError as error:
        inquiry.told.differs(told, "answers that are refused", f"an act, though {error}")
        return
    if expected != act.values and not is_marked(act.values):
        inquiry.told.differs(told, expected, act.values)


def _check_written(inquiry: Inquiry, story: Story, match: Match, traced: Traced, act: Act) -> None:
    """What was written before is done to the letter."""
    step, opened = step_of(story, act.path), list(traced.opened)
    if not isinstance(step, Decision) or step.written is None or act.source == TIMEOUT:
        return
    if match.group.version_id not in inquiry.current_code or story.is_erased(match) or is_marked(act.values):
        return
    report, where = inquiry.report, story.where(match, act.seat_id, act.path)
    state = Past(story, match, opened=opened[: opened.index(act.path) + 1], path=act.path, before=act)
    told = state.as_told(act.seat.number)
    place = told.place(act.seat)
    try:
        written = step.written(place, told)
        if written is None:
            return
        expected, _ = clean(told.fields_of(step, place), written)
    except Exception as error:  # the experiment's own rules: whatever they raise is a difference
        report.differ("act that was written", where, f"an act, but the rules raise {type(error).__name__}", act.values)
        return
    report.count("acts written before")
    report.compare("act that was written", where, expected, act.values)


def _check_decided(inquiry: Inquiry, story: Story, match: Match, traced: Traced, path: str) -> None:
    """A decision that is over has an act of everybody who was asked, unless the match was voided at it."""
    over = traced.over.get(path)
    if over is None or over.kind != "step.closed":
        return
    step = step_of(story, path)
    done = {act.seat_id for act in story.acts.get(match.pk, ()) if act.path == path}
    for seat in story.seats_of(match):
        role = story.society.seats[seat].role if seat in story.society.seats else ""
        is_missing = isinstance(step, Decision) and is_asked(step, role) and seat not in done | story.erased
        if is_missing:
            inquiry.report.differ("act missing", story.where(match, seat, path), "an act or a timeout", "nothing")


def timeouts(story: Story, match: Match, path: str) -> set[int]:
    """The seats whose act was awaited at a step and did not come."""
    return {act.seat_id for act in story.acts.get(match.pk, ()) if act.path == path and act.source == TIMEOUT}


def _check_void(inquiry: Inquiry, story: Story, match: Match, traced: Traced) -> None:
    """A match is void for acts that did not come, each recorded as a timeout; or because its group ended."""
    report, where = inquiry.report, story.where(match)
    report.count("void matches")
    if traced.voided is not None:
        late, missing = len(timeouts(story, match, traced.void_path)), traced.voided.facts["missing"]
        is_told = late <= missing if story.is_erased(match) else late == missing > 0
        if not is_told:
            report.differ("timeouts of a void match", where, f"{missing} at {traced.void_path}", late)
        return
    ended = story.events("group.ended")
    is_explained = traced.closed is not None and bool(ended) and traced.closed.pk < ended[0].pk
    if not is_explained or ended[0].facts["status"] != "ended":
        report.differ(
            "void match without a reason", where, "a timeout, a seat that left, or the end of its group", "nothing"
        )
