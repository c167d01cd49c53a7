"""The stage that asks questions without right answers: a survey's own items, and its scales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from events import clock
from flow.page import Page
from flow.stage import Next, Refused, Stay, Verdict
from flow.stages.texts import text_of
from measures.models import ScaleDrawn
from measures.services import draw_scales, record_answers
from measures.timing import FIELD, Times, times_of
from paradigm.fields import clean
from scheduling.models import Session
from studies import giving
from studies.asked import asked_at, own_at
from studies.items import Item
from studies.markdown import render, visible
from studies.models import Version
from studies.scales import names_in, scale_of
from studies.schema_stages import SurveyStage
from studies.slots import slots


@dataclass(frozen=True)
class _Sheet:
    """What one page asks: items with their places in the stage, from 1; of a scale its name."""

    asked: Sequence[tuple[int, Item]]
    scale: str = ""


class Survey:
    """Implements `flow.stage.StageKind`: own items on a page, in an order that may be one's own; then a page a scale.

    A funnel asks one question to a page. Nobody comes back to a page: the session's facts hold which, from 0.
    """

    def __init__(self, config: SurveyStage, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        """Draw the levels of its items, if they have any, and what is asked of its scales."""
        count = len(own_at(self.version, self.config))
        levels = giving.at_items(self.version, session.participant, self.config.id, count) if count else {}
        session.facts = {"levels": {str(number): each for number, each in levels.items()}} if levels else {}
        if self.config.scales:
            draw_scales(session, self.version, self.config)

    def page(self, session: Session) -> Page:
        text = text_of(self.version, self.config.page) if self.config.page else None
        sheets = self._sheets(session)
        number = self._question(session)
        here = sheets[number]
        shows_text = bool(text) and number == 0
        instruction = self._instruction(here.scale)
        return Page(
            kind="text",
            title=text.title if text and text.title else _("A few questions"),
            html=format_html("{}{}", text.html if text and shows_text else "", instruction),
            fields=[item.field for _place, item in here.asked],
            button=_("Continue"),
            where=self._where(number, len(sheets)),
            facts={
                "worded": {item.id: item.level for _place, item in here.asked if item.level},
                "instruction": visible(instruction),
                "timed": FIELD,
            },
            source=self.config.page or "" if shows_text else "",
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        sheets = self._sheets(session)
        number = self._question(session)
        here = sheets[number].asked
        fields = [item.field for _place, item in here]
        values, errors = clean(fields, data)
        if errors:
            return Refused(errors)
        times = self._times(session, data.get(FIELD, ""), [field.key for field in fields])
        record_answers(session, self.config.id, here, values, times=times)
        if number + 1 == len(sheets):
            return Next()
        session.facts = session.facts | {"question": number + 1}
        return Stay()

    def overdue(self, session: Session) -> Verdict:
        """Answering has no limit."""
        return Stay()

    @property
    def _is_funnel(self) -> bool:
        return self.config.purpose == "funnel"

    def _question(self, session: Session) -> int:
        return int(session.facts.get("question", 0))

    def _where(self, number: int, count: int) -> str:
        if self._is_funnel:
            return _("Question %(n)d of %(all)d") % {"n": number + 1, "all": count}
        return _("Page %(n)d of %(all)d") % {"n": number + 1, "all": count} if count > 1 else ""

    def _instruction(self, scale: str) -> SafeString:
        """How a scale is to be answered."""
        if not scale:
            return SafeString("")
        said = scale_of(self.version, scale)
        return render(said.instruction, names_in(said, slots(self.version)))

    def _times(self, session: Session, raw: str, keys: Sequence[str]) -> Mapping[str, Times]:
        elapsed = clock.now() - session.stage_opened_at
        return times_of(raw, keys, elapsed_ms=elapsed.total_seconds() * 1000)

    def _sheets(self, session: Session) -> list[_Sheet]:
        """The pages of this person, in order."""
        own = self._own(session)
        if self._is_funnel:
            return [_Sheet([one]) for one in own]
        return [*([_Sheet(own)] if own else []), *self._of_scales(session, after=len(own))]

    def _own(self, session: Session) -> list[tuple[int, Item]]:
        asked = own_at(self.version, self.config)
        if self.config.shuffle:
            code = session.participant.code
            Random(f"{self.version.seed}/{self.config.id}/{code}").shuffle(asked)  # noqa: S311  seeded on purpose
        levels = session.facts.get("levels", {})
        return [(place, item.under(levels.get(str(place), {}))) for place, item in enumerate(asked, start=1)]

    def _of_scales(self, session: Session, *, after: int) -> list[_Sheet]:
        if not self.config.scales:
            return []
        drawn = ScaleDrawn.objects.filter(session=session, stage=self.config.id)
        shown = dict(drawn.values_list("scale", "shown"))
        items = {item.id: item for item in asked_at(self.version, self.config)}
        found: list[_Sheet] = []
        for name in self.config.scales:
            asked = [items[f"{name}.{item}"] for item in shown[name]]
            found.append(_Sheet(list(enumerate(asked, start=after + 1)), name))
            after += len(asked)
        return found
