"""The page on which a person confirms the zone of their clock, so that visits open by it."""

from collections.abc import Mapping

from django.utils.html import format_html
from django.utils.translation import gettext as _

from events.prepared import update
from flow.page import Page
from flow.services import visits
from flow.stage import Handled, Refused, Stay, Verdict
from flow.zones import zone_field
from paradigm import Field
from paradigm.fields import clean
from participants.services import confirm_zone
from scheduling.models import Session
from studies.models import Version
from studies.schema_stages import StageConfig


class AskZone:
    """Implements `flow.stage.StageKind` after the last stage of the first wave."""

    def __init__(self, config: StageConfig, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        """Nothing to prepare."""

    def page(self, session: Session) -> Page:
        lead = _("You will come back on other days. We tell you the times by your own clock.")
        return Page(
            kind="text",
            title=_("What time is it where you are?"),
            html=format_html("<p>{}</p>", lead),
            fields=self._fields(),
            button=_("Yes, this is my time"),
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        values, errors = clean(self._fields(), data)
        if errors:
            return Refused(errors)
        confirm_zone(session.participant, values["zone"])
        session.facts = {}
        update(session, "facts")
        visits.leave_wave(session)
        return Handled()

    def overdue(self, session: Session) -> Verdict:
        """It has no limit of its own."""
        return Stay()

    def _fields(self) -> list[Field]:
        return [zone_field()]
