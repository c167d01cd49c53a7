"""The consent page: what taking part means, boxes to tick, and a way to say no."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, ClassVar

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from flow.page import Page
from flow.services import visits
from flow.stage import Exit, Handled, Next, Refused, Stay, Verdict
from flow.stages.texts import text_of
from paradigm import Field, FieldError
from paradigm.fields import clean
from participants.services import record_consent
from scheduling.models import Session
from studies.markdown import fill
from studies.models import Version
from studies.schema_stages import ConsentStage
from studies.slots import slots

MISSING = gettext_noop("Please tick this box if you want to take part.")


@dataclass(frozen=True)
class Tick(Field):
    """A box. Where it is required, only a tick lets one go on; otherwise its absence is an answer too."""

    kind: ClassVar[str] = "tick"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"} | ({"const": True} if self.required else {})

    def clean(self, raw: Any) -> bool:
        if raw in (None, "", False):
            if self.required:
                raise FieldError("missing", MISSING)
            return False
        return self.parse(raw)

    def parse(self, raw: Any) -> bool:
        if raw not in ("yes", True):
            raise FieldError("not_a_tick", MISSING)
        return True

    def simulate(self, rng: Random) -> bool:
        return self.required or rng.random() < 0.5

    def describe(self) -> dict[str, str]:
        return {"type": "boolean", "unit": "", "allowed_values": "true|false"}


class Consent:
    """Implements `flow.stage.StageKind` for consent. Every answer, yes or no, is kept with the hash of the words."""

    def __init__(self, config: ConsentStage, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        """Nothing to prepare."""

    def page(self, session: Session) -> Page:
        text = text_of(self.version, self.config.document)
        return Page(
            kind="text",
            title=text.title or _("Taking part"),
            html=text.html,
            fields=self._ticks(),
            button=_("I agree and take part"),
            facts={"also": [{"name": "decline", "value": "1", "label": _("I do not want to take part")}]},
            source=self.config.document,
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        if data.get("decline"):  # of somebody who does not take part nothing is kept but that
            self._record(session, {}, is_agreed=False)
            return Exit(self.config.on_decline.exit)
        values, errors = clean(self._ticks(), data)
        if errors:
            return Refused(errors)
        self._record(session, values, is_agreed=True)
        return Next()

    def overdue(self, session: Session) -> Verdict:
        """One may think about it for as long as one likes."""
        return Stay()

    def _ticks(self) -> list[Field]:
        names = slots(self.version)
        return [Tick(name=one.id, label=fill(one.label, names), required=one.required) for one in self.config.ticks]

    def _record(self, session: Session, values: Mapping[str, bool], *, is_agreed: bool) -> None:
        record_consent(
            session.participant,
            version=self.version,
            document=self.config.document,
            is_agreed=is_agreed,
            ticks={one.id: bool(values.get(one.id)) for one in self.config.ticks},
        )


class ConsentAgain(Consent):
    """The text of a later version, before the stage that comes next. Implements `flow.stage.StageKind`.

    `flow.consenting` says who is asked, and when. Whoever agrees goes on where they were; whoever does not leaves with
    what was earned, which `recruitment.queries.owed_to` sees to.
    """

    def page(self, session: Session) -> Page:
        page = super().page(session)
        told = _("The text about taking part has changed since you agreed to it. Please read it again.")
        kept = _("If you do not agree to it, your part ends here, and you keep all that you have earned.")
        return replace(
            page,
            html=format_html("<p><strong>{}</strong> {}</p>{}", told, kept, page.html),
            button=_("I agree and go on"),
            facts={
                "also": [{"name": "decline", "value": "1", "label": _("I do not agree and leave")}],
                "lead": f"{told} {kept}",
            },
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        verdict = super().submit(session, data)
        match verdict:
            case Next():
                visits.enter(session)  # where they were going; a text that is newer still comes first
                return Handled()
            case Exit():
                return Exit((self.config.on_decline_later or self.config.on_decline).exit)
        return verdict
