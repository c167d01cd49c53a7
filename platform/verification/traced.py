"""A match as its events tell it: the steps it went through, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from events.models import Event
from flow.kinds import VOID_PATH
from flow.models import Match
from verification.inquiry import Inquiry
from verification.story import Story

OPEN, COMPLETE, VOID = (str(status) for status in (Match.Status.OPEN, Match.Status.COMPLETE, Match.Status.VOID))


@dataclass
class Traced:
    """The fold of a match's events.

    Attributes:
        path: The open step; "" between steps and when the match is over.
        rev: Grows by one with each step that opens, and when the match closes.
        opened: Path -> the event with which the step opened, in order.
        over: Path -> the event with which the step was over.
        voided, closed: The events that say so, if there were any.
        decided: The event of the step from which on nothing could change the points, which were given then.
    """

    status: str = OPEN
    path: str = ""
    rev: int = 1
    void_path: str = ""
    opened: dict[str, Event] = field(default_factory=dict)
    over: dict[str, Event] = field(default_factory=dict)
    voided: Event | None = None
    closed: Event | None = None
    decided: Event | None = None

    @property
    def settled(self) -> Event | None:
        """The event with which the points were given."""
        return self.decided or self.voided or self.closed

    @property
    def steps(self) -> list[str]:
        """The experiment's own steps, in the order in which they opened."""
        return [path for path in self.opened if path != VOID_PATH]


def trace(inquiry: Inquiry, story: Story, match: Match) -> Traced:
    """Fold the events of a match, and hold its row against them."""
    found, report, where = Traced(), inquiry.report, story.where(match)
    statuses = [OPEN]
    for event in story.match_log.get(match.pk, ()):
        if found.closed:
            report.differ("event after the end of a match", where, "nothing", event.kind)
        if event.kind == "step.opened":
            _open(inquiry, found, event, where)
        elif event.kind in ("step.closed", "match.voided"):
            report.compare(f"step of {event.kind}", where, found.path, event.facts["path"])
            found.over[event.facts["path"]] = event
            found.path = ""
            if event.kind == "match.voided":
                found.voided, found.void_path = event, event.facts["path"]
                statuses.append(VOID)
        elif event.kind == "match.closed":
            _close(found, event, statuses)
    found.status = inquiry.follow("match", where, statuses)
    for name in ("status", "path", "rev", "void_path"):
        report.compare(f"{name} of a match", where, getattr(found, name), getattr(match, name))
    report.compare("end of a match", where, found.closed is not None, match.closed_at is not None)
    return found


def _open(inquiry: Inquiry, found: Traced, event: Event, where: str) -> None:
    path, rev = event.facts["path"], event.facts["rev"]
    if found.path or path in found.opened:
        inquiry.report.differ("step opened before its turn", where, f"first the end of {found.path or path}", path)
    found.rev += 1
    inquiry.report.compare("rev of a step", f"{where} at {path}", found.rev, rev)
    found.path = path
    found.opened[path] = event
    if event.facts.get("settled"):
        if found.decided:
            inquiry.report.differ("points given twice", where, found.decided.facts["path"], path)
        found.decided = event


def _close(found: Traced, event: Event, statuses: list[str]) -> None:
    status = event.facts["status"]
    if found.path:
        found.over[found.path] = event
    if status != statuses[-1]:
        statuses.append(status)
        if status == VOID:  # with its group
            found.void_path = found.path
    found.path, found.closed = "", event
    found.rev += 1
