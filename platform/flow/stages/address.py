"""The page on which a person may give an e-mail address, so that they are reminded of their visits. Voluntary."""

from collections.abc import Mapping

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from events.prepared import update
from flow.address_form import address_fields, read_address, uses
from flow.page import Page
from flow.services import visits
from flow.stage import Handled, Refused, Stay, Verdict
from participants import identity
from scheduling.models import Session
from studies.models import Version
from studies.schema_stages import StageConfig

DECLINE = "no_reminders"


class AskAddress:
    """Implements `flow.stage.StageKind` behind the last stage of the first wave, where reminders go by e-mail."""

    def __init__(self, config: StageConfig, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        """Nothing to prepare."""

    def page(self, session: Session) -> Page:
        lead = _("You will come back on other days. If you like, we remind you by e-mail. You need not.")
        points = format_html_join("", "<li>{}</li>", ((one,) for one in uses()))
        return Page(
            kind="text",
            title=_("Would you like to be reminded?"),
            html=format_html("<p>{}</p><ul>{}</ul>", lead, points),
            fields=address_fields(),
            button=_("Continue"),
            facts={"also": [{"name": DECLINE, "value": "1", "label": _("Go on without reminders")}]},
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        address, errors = ("", {}) if data.get(DECLINE) else read_address(data)
        if errors:
            return Refused(errors)
        if address:
            identity.keep_address(session.participant, address)
        session.facts = {}
        update(session, "facts")
        visits.end_visit(session)
        return Handled()

    def overdue(self, session: Session) -> Verdict:
        """It has no limit of its own."""
        return Stay()
