"""The page of somebody whose conversation cannot begin now, because nobody of the study team is there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from events import clock
from flow.between import said
from flow.closed import closing
from flow.page import Page
from flow.services import visits
from flow.stage import Handled, Verdict
from scheduling.models import Session
from studies import definition
from studies.models import Version
from studies.schema_stages import StageConfig
from studies.staffing import hours_in_words, is_staffed, opens_at


class Closed:
    """Implements `flow.stage.StageKind` before a waiting room, outside the staffed hours."""

    def __init__(self, config: StageConfig, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        """Nothing to prepare."""

    def page(self, session: Session) -> Page:
        at = self._opens_at()
        if at is None:
            text = format_html("<p>{}</p>", _("Your conversation can begin now."))
            return Page("text", _("You can go on"), html=text, button=_("Go on"))
        hours = closing(self.version)
        assert hours is not None, "else it is open"
        zone = session.participant.zone or hours.zone
        words = {"when": said(at, zone), "hours": hours_in_words(hours, definition.definition(self.version).language)}
        text = format_html(
            "<p>{}</p><p>{}</p>",
            _("Conversations begin only while somebody of the study team is there: %(hours)s.") % words,
            _(
                "Yours can begin from %(when)s. You lose nothing: this visit stays open for you until then. You can "
                "close this page and come back with the same link, in the same browser."
            )
            % words,
        )
        return Page("text", _("Your conversation cannot begin now"), html=text)

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        """Where they were going; if the hours have ended meanwhile, this page once more."""
        visits.enter(session)
        return Handled()

    def overdue(self, session: Session) -> Verdict:
        """It sets no limit."""
        return Handled()

    def answers(self, session: Session) -> tuple[Sequence[Any], Sequence[Any]]:
        """The button comes by itself."""
        return [self._opens_at() is None], []

    def _opens_at(self) -> datetime | None:
        hours, now = closing(self.version), clock.now()
        return None if hours is None or is_staffed(hours, now) else opens_at(hours, now)
