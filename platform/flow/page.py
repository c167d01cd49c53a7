"""What a participant's page is made of. Built by stages and games; drawn by one template per kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from paradigm import Field, FieldError, View


@dataclass(frozen=True)
class Seen:
    """The entries of a talk up to a number, as a seat is shown them; by keys, which no page carries."""

    match: int
    path: str
    seat: int
    seq: int


@dataclass(frozen=True)
class Page:
    """One purpose, one primary button.

    Args:
        kind: Names the template: text, waiting, match or end.
        title: The heading, already translated.
        html: The text, safe: made from frozen Markdown.
        fields: What is asked, resolved.
        button: The label of the one button; empty when there is nothing to press.
        view: What the seat is told about the game; always drawn as plain text.
        deadline_at: When time is up, if there is a limit.
        where: "Step 2 of 7", "Round 1 of 4".
        rev: What the page answers to, see `flow.queries.rev_of`.
        points: Earned so far in the game, if it pays points.
        poll_seconds: How soon to ask for news when no socket is open.
        facts: What this kind of page needs besides (numbers waiting, pay lines, a code …).
        errors: Refusals of the last attempt, by field key.
        values: What was sent in the last attempt, by field key.
        note: One calm sentence above the text ("Saved.", "That page was over.").
        seen: Which entries of a talk it shows to whom, where it shows any: kept once it is drawn.
        source: The frozen file that the text was made from; `given`: what only this page filled its slots with.
    """

    kind: str
    title: str
    html: str = ""
    fields: Sequence[Field] = ()
    button: str = ""
    view: View | None = None
    deadline_at: datetime | None = None
    where: str = ""
    rev: str = ""
    points: int | None = None
    poll_seconds: int = 3
    facts: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    seen: Seen | None = None
    source: str = ""
    given: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """A page as it was made for the record of what people are shown, and the visit that came to it, at its revision."""

    session: int
    rev: int
    page: Page
