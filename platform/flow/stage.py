"""What every stage of a session can do. `KINDS["stage"]` says which class implements which kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flow.page import Page
from paradigm import FieldError
from scheduling.models import Session
from studies.models import Version


@dataclass(frozen=True)
class Stay:
    """The stage goes on; its page changed."""


@dataclass(frozen=True)
class Next:
    """The stage is done."""


@dataclass(frozen=True)
class Exit:
    """The participant leaves the study by a declared exit; `withdraw`: and has asked that the data be deleted."""

    name: str
    withdraw: bool = False


@dataclass(frozen=True)
class EndVisit:
    """The visit is over here and counts as completed; the participant goes on with the next, if there is one."""


@dataclass(frozen=True)
class Refused:
    """Nothing changed. `errors` by field key; the key "" is about the whole page."""

    errors: Mapping[str, FieldError] = field(default_factory=dict)


@dataclass(frozen=True)
class Handled:
    """The stage has done everything itself, the session included."""

    outcome: str = "stored"


Verdict = Stay | Next | Exit | EndVisit | Refused | Handled


class StageKind(Protocol):
    """One thing a participant passes in a session. Holds no state: the session's row and other tables do.

    `open`, `submit` and `overdue` run inside a transaction that holds the session's lock; they may write rows of their
    own app and change `session.facts` (saved by the caller), never the session's stage.

    Made anew for one page or one form, so it may keep what it has read. It may also have `seen(session)`, called at a
    sign of life, which says whether the session may have moved by it; `answers(session, said)`: what its page answers
    to beside the session's own revision, and what is new on it without making an answer to it old (with `said`, as if
    so much had been said in a conversation, of which `said(session)` is how much has been); `until(session)`: when the
    time of what is asked ends; `writing(session)`: who else is writing at this moment; and `exit_on_leaving(session)`,
    by which one leaves the study from it.
    """

    config: Any
    version: Version

    def __init__(self, config: Any, version: Version) -> None: ...

    def open(self, session: Session) -> None:
        """The participant enters."""

    def page(self, session: Session) -> Page:
        """What to show now. Reads only."""

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        """Something was sent from this stage's page."""

    def overdue(self, session: Session) -> Verdict:
        """The deadline this stage set has passed."""
