"""The page on which a person confirms the zone of their clock, so that visits open by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from events.prepared import update
from flow.page import Page
from flow.services import visits
from flow.stage import Handled, Refused, Stay, Verdict
from paradigm import Field, FieldError
from paradigm.fields import clean
from participants.services import confirm_zone
from scheduling.models import Session
from studies.models import Version
from studies.schema_stages import StageConfig

UNKNOWN = gettext_noop("Please pick a place whose clock shows the same time as yours.")
AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@dataclass(frozen=True)
class Zone(Field):
    """A name of the IANA's list, picked by a place. A script picks the one that the browser names."""

    kind: ClassVar[str] = "zone"

    @property
    def places(self) -> Sequence[tuple[str, str]]:
        """Name → words for it, in the order of the alphabet; UTC last."""
        names = sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS)
        return [(name, name.replace("_", " ").replace("/", " / ")) for name in (*names, "UTC")]

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str) or raw not in available_timezones():
            raise FieldError("unknown_zone", UNKNOWN)
        return raw

    def simulate(self, rng: Random) -> str:
        return rng.choice(self.places)[0]

    def describe(self) -> dict[str, str]:
        return {"type": "string", "unit": "", "allowed_values": "names of the IANA"}


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
        visits.end_visit(session)
        return Handled()

    def overdue(self, session: Session) -> Verdict:
        """It has no limit of its own."""
        return Stay()

    def _fields(self) -> list[Field]:
        return [Zone(name="zone", label=_("A place whose clock shows the same time as yours"))]
