"""The page on which a person confirms the zone of their clock, so that visits open by it."""

from collections.abc import Mapping

from django.utils.html import format_html
from django.utils.translation import gettext as _

from events import log
from events.prepared import update
from flow.deadlines import forget_stage_deadline
from flow.page import Page
from flow.services import visits
from flow.stage import Exit, Handled, Refused, Stay, Verdict
from flow.stages.limits import is_over
from flow.zones import ANSWER_WITHIN, ASSUMED_ZONE, fallback_of, place_of_zone, zone_field
from paradigm import Field
from paradigm.fields import clean
from participants.services import confirm_zone
from scheduling.models import Session
from studies.models import Version
from studies.schema_stages import StageConfig

ZONE_ASSUMED = "zone.assumed"


class AskZone:
    """Implements `flow.stage.StageKind` after the last stage of the first wave."""

    def __init__(self, config: StageConfig, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        """Nothing to prepare."""

    def page(self, session: Session) -> Page:
        lead = _("You will come back on other days. We tell you the times by your own clock.")
        said: dict[str, object] = {"days": ANSWER_WITHIN.days}
        otherwise = _("Please answer within %(days)d days. Otherwise your part in the study ends.") % said
        if (zone := fallback_of(self.version)) is not None:
            said |= {"place": place_of_zone(zone)}
            otherwise = (
                _(
                    "Please answer within %(days)d days. Otherwise your visits open by the clock of %(place)s; "
                    "you can change that later."
                )
                % said
            )
        return Page(
            kind="text",
            title=_("What time is it where you are?"),
            html=format_html("<p>{}</p><p>{}</p>", lead, otherwise),
            fields=self._fields(),
            button=_("Yes, this is my time"),
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        values, errors = clean(self._fields(), data)
        if errors:
            return Refused(errors)
        self._keep(session, values["zone"], {})
        visits.leave_wave(session)
        return Handled()

    def overdue(self, session: Session) -> Verdict:
        """Nobody has answered: the study file's zone is taken, and the person told so; without one they have left."""
        zone = fallback_of(self.version)
        if not is_over(session):
            return Stay()
        if zone is None:
            return Exit(visits.exit_of_silence(self.version))
        log.record(ZONE_ASSUMED, study=session.participant.study_id, subject=("session", session.pk))
        self._keep(session, zone, {ASSUMED_ZONE: True})
        visits.end_visit(session)
        return Handled()

    def _keep(self, session: Session, zone: str, facts: dict[str, object]) -> None:
        """The question is answered: its deadline is gone."""
        forget_stage_deadline(session)
        confirm_zone(session.participant, zone)
        session.facts = facts
        update(session, "facts")

    def _fields(self) -> list[Field]:
        return [zone_field()]
