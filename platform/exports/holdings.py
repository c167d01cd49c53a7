"""What each class of `retention` holds, table by table, and what a purge makes of each row. Reads only.

A table that holds words, addresses or the like belongs here: `tests/consent/columns.py` names every column of the
database, and `tests/consent/test_all_tables.py` fails for one that is not declared, or declared and not purged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Model, QuerySet

from bots.models import BotTurn, Memory, WizardReply
from bots.spent import calls_of
from chat.models import Entry, Report, SafetyStep, WordsStep
from events.models import Due, Event
from exports.declared import Declared, is_free_answer, split_key
from exports.redaction import is_words, marked, named, page_without_words, stored, wordless
from exports.tombstones import purges_of
from flow.models import Act, Exposure, PracticeStep, Submission
from flow.standing import work_of
from llm.models import Call
from matching.models import Group
from measures.models import Answer, PageShown
from participants.codes import SIMULATED
from participants.models import PURGED_TEXT, WITHDRAWN_TEXT, Contact, EntryLink, Participant
from participants.tokens import new_code
from recruitment.models import Settlement
from scheduling.models import ScheduledSession, Session
from studies.models import Study
from studies.problems import StudyError

New = Mapping[str, Any] | None
"""The columns that change, with their new values; {}: none; None: the row goes."""
Changes = Callable[[Any], New]
NOBODY = "~"
"""How the place of a secret begins that opens nothing any more."""
_MARKS = ("", WITHDRAWN_TEXT, PURGED_TEXT)
_mark = partial(marked, mark=PURGED_TEXT)


@dataclass(frozen=True)
class Step:
    """One table of one class.

    Attributes:
        rows: Those of a study that may hold something.
        change: Gives, for a study, what becomes of each row.
    """

    rule: str
    model: type[Model]
    rows: Callable[[Study], QuerySet[Any]]
    change: Callable[[Study], Changes]

    @property
    def table(self) -> str:
        """Its name in the database."""
        return self.model._meta.db_table


def _each(change: Changes) -> Callable[[Study], Changes]:
    """The same for every study."""
    return lambda _study: change


def _gone(_row: Model) -> New:
    return None


def _unreachable(row: Participant) -> New:
    """No cookie opens it any more; the place holds one value for each, because it must."""
    if row.token_sha256.startswith(NOBODY) and not row.zone:
        return {}
    return {"token_sha256": f"{NOBODY}{row.pk}", "zone": ""}


def _without_zone(row: ScheduledSession) -> New:
    return {"zone": ""} if row.zone else {}


def _without_code(row: Settlement) -> New:
    return {"code": ""} if row.code else {}


def _renamed(study: Study) -> Changes:
    prefix = f"{SIMULATED}p" if study.is_simulated else "p"
    return lambda _row: {"code": new_code(prefix)}


def _texts(*columns: str) -> Callable[[Study], Changes]:
    """Columns of plain text."""
    return _each(lambda row: {name: PURGED_TEXT for name in columns if getattr(row, name) not in _MARKS})


def _differing(row: Model, new: Mapping[str, Any]) -> New:
    return {name: value for name, value in new.items() if value != getattr(row, name)}


def _of_entry(row: Entry) -> New:
    new = {"text": PURGED_TEXT} if row.text not in _MARKS else {}
    return new | dict(_differing(row, {"facts": named(row.facts, _mark)}) or {})


def _of_page(row: PageShown) -> New:
    """The hash of its words goes with them: they could be guessed at by it."""
    facts = page_without_words(row.facts)
    return {} if facts == row.facts else {"facts": facts, "sha256": ""}


def _of_act(_study: Study) -> Changes:
    known: dict[int, Declared | None] = {}

    def declared(group: Group) -> Declared | None:
        """None where the experiment is not installed any more: then every text counts as words."""
        if group.pk not in known:
            try:
                known[group.pk] = Declared.of(group.version, group.stage, group.condition)
            except StudyError:
                known[group.pk] = None
        return known[group.pk]

    def change(row: Act) -> New:
        of = declared(row.match.group)
        asked = of.fields(row.path, row.seat.role) if of is not None else {}
        words = {name for name, value in row.values.items() if is_words(asked.get(split_key(name)[0]), value)}
        return _differing(row, {"values": {n: _mark(v) if n in words else v for n, v in row.values.items()}})

    return change


def _of_view(row: Exposure) -> New:
    view = wordless(row.view)
    return {} if view == row.view else stored(view)


def _of_practice(row: PracticeStep) -> New:
    view = wordless(row.view)
    new = {} if view == row.view else stored(view)
    return new | dict(_differing(row, {"values": _mark(row.values)}) or {})


def _of_answer(row: Answer) -> New:
    version = row.session.participant.version
    is_free = is_free_answer(version, row.stage, row.item)
    return _differing(row, {"value": _mark(row.value)}) if is_free else {}


def _of_memory(row: Memory) -> New:
    return _differing(row, {"text": PURGED_TEXT, "sha256": ""}) if row.text not in _MARKS else {}


def _of_turn(row: BotTurn) -> New:
    """What a seat was still to say when its talk ended with nobody there to say so."""
    return {"rest": []} if row.rest else {}


def _of_wizard_reply(row: WizardReply) -> New:
    return _differing(row, {"draft": None, "values": None})


def _of_call(row: Call) -> New:
    new = {"prompt": [PURGED_TEXT], "prompt_sha256": "", "memory_sha256": "", "request_id": ""}
    new |= {name: PURGED_TEXT for name in ("output", "error") if getattr(row, name) not in _MARKS}
    return _differing(row, new) if row.prompt not in ([WITHDRAWN_TEXT], [PURGED_TEXT]) else {}


def _of_event(row: Event) -> New:
    """What a researcher wrote of somebody."""
    reason = row.facts.get("reason")
    return {"facts": row.facts | {"reason": PURGED_TEXT}} if reason not in (None, *_MARKS) else {}


def _of_session(row: Session) -> New:
    return {"facts": {}} if row.facts else {}


def _acts(study: Study) -> QuerySet[Act]:
    return Act.objects.filter(match__group__version__study=study).select_related("match__group__version", "seat")


def _answers(study: Study) -> QuerySet[Answer]:
    found = Answer.objects.filter(session__participant__study=study)
    return found.select_related("session__participant__version")


def _reasons(study: Study) -> QuerySet[Event]:
    return Event.objects.filter(study_id=study.pk, kind__regex=r"^(rescue|text)\.")


def _in_match(model: type[Model]) -> Callable[[Study], QuerySet[Any]]:
    return lambda study: model._default_manager.filter(match__group__version__study=study)


def _wizard_replies(study: Study) -> QuerySet[WizardReply]:
    return WizardReply.objects.filter(turn__match__group__version__study=study)


def _in_talk(model: type[Model]) -> Callable[[Study], QuerySet[Any]]:
    return lambda study: model._default_manager.filter(conversation__match__group__version__study=study)


def _in_visit(model: type[Model]) -> Callable[[Study], QuerySet[Any]]:
    return lambda study: model._default_manager.filter(session__participant__study=study)


def _words_steps(study: Study) -> QuerySet[WordsStep]:
    return WordsStep.objects.filter(trigger__session__participant__study=study)


def _of_person(model: type[Model]) -> Callable[[Study], QuerySet[Any]]:
    return lambda study: model._default_manager.filter(participant__study=study)


def _people(study: Study) -> QuerySet[Participant]:
    return Participant.objects.filter(study=study)


def _unnamed(study: Study) -> QuerySet[Participant]:
    """Everybody, or who came after all others had got new codes: a second time would part what belongs together."""
    before = purges_of(study).get("codes")
    return _people(study).filter(created_at__gt=before) if before else _people(study)


def _links(study: Study) -> QuerySet[EntryLink]:
    return EntryLink.objects.filter(study=study)


def _work(study: Study) -> QuerySet[Due]:
    return Due.objects.filter(pk__in=work_of(study).exclude(outcome="").values("pk"))


def _visits(study: Study) -> QuerySet[Session]:
    return Session.objects.filter(participant__study=study, status=Session.Status.FINISHED)


STEPS: Mapping[str, list[Step]] = {
    "contact": [
        Step("contact", EntryLink, _links, _each(_gone)),
        Step("contact", Contact, _of_person(Contact), _each(_gone)),
        Step("contact", Participant, _people, _each(_unreachable)),
        Step("contact", ScheduledSession, _of_person(ScheduledSession), _each(_without_zone)),
    ],
    "payments": [Step("payments", Settlement, _of_person(Settlement), _each(_without_code))],
    "texts": [
        Step("texts", Entry, _in_talk(Entry), _each(_of_entry)),
        Step("texts", Report, _in_talk(Report), _texts("text", "answer")),
        Step("texts", SafetyStep, _in_talk(SafetyStep), _texts("words")),
        Step("texts", WordsStep, _words_steps, _texts("words")),
        Step("texts", Act, _acts, _of_act),
        Step("texts", Exposure, _in_match(Exposure), _each(_of_view)),
        Step("texts", PracticeStep, _in_visit(PracticeStep), _each(_of_practice)),
        Step("texts", PageShown, _in_visit(PageShown), _each(_of_page)),
        Step("texts", Answer, _answers, _each(_of_answer)),
        Step("texts", Memory, _of_person(Memory), _each(_of_memory)),
        Step("texts", BotTurn, _in_match(BotTurn), _each(_of_turn)),
        Step("texts", WizardReply, _wizard_replies, _each(_of_wizard_reply)),
        Step("texts", Call, calls_of, _each(_of_call)),
        Step("texts", Session, _visits, _each(_of_session)),
        Step("texts", Event, _reasons, _each(_of_event)),
    ],
    "technical": [
        Step("technical", Submission, _in_visit(Submission), _each(_gone)),
        Step("technical", Due, _work, _each(_gone)),
    ],
    "codes": [Step("codes", Participant, _unnamed, _renamed)],
}
"""Class → its tables, in the order in which they are purged."""
