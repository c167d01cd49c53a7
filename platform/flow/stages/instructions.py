"""Pages to read, with a way back."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from flow.page import Page
from flow.stage import Next, Stay, Verdict
from flow.stages.texts import text_of
from scheduling.models import Session
from studies.models import Version
from studies.schema_stages import InstructionsStage
from studies.slots import CALCULATOR


class Instructions:
    """Implements `flow.stage.StageKind` for instructions. The session's facts hold the page, from 0."""

    def __init__(self, config: InstructionsStage, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        session.facts = {"page": 0}

    def page(self, session: Session) -> Page:
        index, count = self._index(session), len(self.config.pages)
        text = text_of(self.version, self.config.pages[index], calculator=CALCULATOR)
        back = [{"name": "back", "value": "1", "label": _("Back")}] if index else []
        return Page(
            kind="text",
            title=text.title or _("How it works"),
            html=text.html,
            button=_("Continue"),
            where=_("Page %(n)d of %(all)d") % {"n": index + 1, "all": count} if count > 1 else "",
            facts={"also": back} if back else {},
            source=self.config.pages[index],
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        index = self._index(session)
        if data.get("back"):
            session.facts = {"page": max(0, index - 1)}
            return Stay()
        if index + 1 < len(self.config.pages):
            session.facts = {"page": index + 1}
            return Stay()
        return Next()

    def overdue(self, session: Session) -> Verdict:
        """Reading has no limit."""
        return Stay()

    def _index(self, session: Session) -> int:
        return min(int(session.facts.get("page", 0)), len(self.config.pages) - 1)
