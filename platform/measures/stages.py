"""The stages with right answers that are kept: quiz, and the condition page with its check."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from flow.page import Page
from flow.stage import Exit, Next, Refused, Stay, Verdict
from flow.stages.limits import is_over, limit_of, set_limit
from flow.stages.texts import text_of
from matching.queries import group_of
from measures.services import record_answers
from paradigm import FieldError
from paradigm.fields import clean
from scheduling.models import Session
from studies import giving
from studies.definition import definition, visit_number
from studies.items import Item, briefing_items, items
from studies.models import Version
from studies.money import amount_text
from studies.schema_stages import BriefingStage, QuizStage, WaitingRoomStage
from studies.slots import slots

TRY_AGAIN = gettext_noop("That is not right yet. Please try again.")
READ_AGAIN = gettext_noop("That is not right. Please read the text above once more.")
TRIES = 2  # at the check of a condition page


class Quiz:
    """Implements `flow.stage.StageKind`. Attempts are unlimited until the time is up, and each is data.

    The session's facts hold what was wrong in the last attempt: {"wrong": {item: value}}.
    """

    def __init__(self, config: QuizStage, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        session.facts = {}
        set_limit(session, self.config.seconds)

    def page(self, session: Session) -> Page:
        text = text_of(self.version, self.config.page) if self.config.page else None
        asked = self._asked(session)
        wrong = session.facts.get("wrong", {})
        return Page(
            kind="text",
            title=text.title if text and text.title else _("A few questions about the task"),
            html=text.html if text else "",
            fields=[item.field for _place, item in asked],
            button=_("Check my answers"),
            deadline_at=limit_of(session),
            errors={item.id: FieldError("wrong", item.explain or TRY_AGAIN) for _place, item in asked} if wrong else {},
            values={name: str(value) for name, value in wrong.items()},
            note=self._note(len(wrong)),
            facts={"at_zero": self._at_zero()},
            source=self.config.page or "",
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        if is_over(session):
            return Exit(self.config.on_fail.exit)
        asked = self._asked(session)
        values, errors = clean([item.field for _place, item in asked], data)
        if errors:
            return Refused(errors)
        record_answers(session, self.config.id, asked, values)
        wrong = {item.id: values[item.id] for _place, item in asked if item.is_correct(values[item.id]) is False}
        if not wrong:
            return Next()
        session.facts = session.facts | {"wrong": wrong}
        return Stay()

    def overdue(self, session: Session) -> Verdict:
        return Exit(self.config.on_fail.exit) if is_over(session) else Stay()

    def _asked(self, session: Session) -> list[tuple[int, Item]]:
        """What is still to be answered, with its place in the file: what was right is not asked again."""
        numbered = list(enumerate(items(self.version, self.config.items, slots(self.version)), start=1))
        wrong = session.facts.get("wrong")
        return [one for one in numbered if one[1].id in wrong] if wrong else numbered

    def _at_zero(self) -> str:
        """What the end of the time means, in money too."""
        study = definition(self.version)
        leaving = study.exits[self.config.on_fail.exit]
        currency = study.payments.currency
        if leaving.pay == "none":
            return _("If the time runs out, the study ends for you, and there is no pay.")
        if leaving.pay == "earned":
            return _("If the time runs out, the study ends for you, and you are paid what you earned until then.")
        amount = leaving.amount if leaving.pay == "fixed" and leaving.amount is not None else study.payments.base
        said = {"amount": amount_text(amount, currency)}
        before = study.stages[: [stage.id for stage in study.stages].index(self.config.id)]
        words = _("If the time runs out, the study ends for you, and you get %(amount)s.")
        if any(isinstance(stage, WaitingRoomStage) and stage.pay_per_minute > 0 for stage in before):
            words = _("If the time runs out, the study ends for you, and you get %(amount)s and your pay for waiting.")
        return words % said

    def _note(self, wrong: int) -> str:
        if not wrong:
            return ""
        return ngettext(
            "One answer is not right yet. Please try it again.",
            "%(n)d answers are not right yet. Please try them again.",
            wrong,
        ) % {"n": wrong}


class Briefing:
    """Implements `flow.stage.StageKind` for the condition page. A wrong answer is explained, never a dead end.

    Everyone in the group waits for the slowest, so the page goes on by itself when its time is up.
    """

    def __init__(self, config: BriefingStage, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        session.facts = {"tries": 0}
        set_limit(session, self.config.seconds)

    def page(self, session: Session) -> Page:
        levels = self._levels(session)
        path = self.config.pages.get(levels.get(self.config.by, "") if self.config.by else "all")
        if path is None:  # nobody is here without a group, save by a researcher's hand
            return Page(kind="text", title=_("One moment, please"), button=_("Continue"))
        text = text_of(self.version, path)
        wrong = session.facts.get("wrong", {})
        return Page(
            kind="text",
            title=text.title or _("Before you begin"),
            html=text.html,
            fields=[item.field for item in self._items(levels)],
            button=_("Continue"),
            deadline_at=limit_of(session),
            errors={name: FieldError("wrong", READ_AGAIN) for name in wrong},
            values={name: str(value) for name, value in wrong.items()},
            source=path,
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        asked = self.asked(session)
        values, errors = clean([item.field for item in asked], data)
        if errors:
            return Refused(errors)
        record_answers(session, self.config.id, list(enumerate(asked, start=1)), values)
        tries = int(session.facts.get("tries", 0)) + 1
        wrong = {item.id: values[item.id] for item in asked if item.is_correct(values[item.id]) is False}
        if not wrong or tries >= TRIES:
            return Next()
        session.facts = session.facts | {"tries": tries, "wrong": wrong}
        return Stay()

    def overdue(self, session: Session) -> Verdict:
        return Next() if is_over(session) else Stay()

    def asked(self, session: Session) -> list[Item]:
        """The checks of the page that a person is shown, with what is right at their level."""
        return self._items(self._levels(session))

    def _levels(self, session: Session) -> dict[str, str]:
        group = group_of(session)
        number = visit_number(self.version, session.wave, session.repeat)
        return giving.of_person(self.version, session.participant, group.condition if group else None, number)

    def _items(self, levels: Mapping[str, str]) -> list[Item]:
        is_here = not self.config.by or self.config.by in levels
        return briefing_items(self.config, levels, slots(self.version)) if is_here else []
