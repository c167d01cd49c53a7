"""Whether the page of consent says what a person must know to say yes: W451 for each thing that it leaves out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from studies.checks.context import Context, needs
from studies.checks.notes import note_takers
from studies.checks.stages import needs_nobody
from studies.checks.texts import known_names
from studies.grammar import parse
from studies.horizon import is_told_to_all
from studies.markdown import slot_expressions
from studies.problems import StudyError
from studies.schema_models import LanguageModel
from studies.schema_partners import AutomatedPartner, ModelPartner
from studies.schema_sampled import place_of
from studies.schema_stages import ConsentStage, WaitingRoomStage
from studies.yaml_file import Path

IN_A_ROW = "most_missed_in_a_row"


@dataclass(frozen=True)
class _Must:
    """One thing that must be said: the slot that says it, and what it is."""

    slot: str
    what: str


@needs("waves", "exits", "payments", "groups", "partners", "contact", "estimated_minutes", "public_title", "horizon")
def consent_is_complete(context: Context) -> None:
    """W451: time, pay, contact, approval and the AI service stand on the page, by their slot or word for word."""
    for path, stage in context.stages("consent"):
        assert isinstance(stage, ConsentStage)
        text, names = context.read(stage.document, (*path, "document")), known_names(context)
        if text is None or names is None:
            continue
        read = "\n".join([text, *(tick.label for tick in stage.ticks)])
        used = slots_in(read)
        for must in _musts(context):
            literally = rf"(?<![\w.]){re.escape(str(names[must.slot]))}(?!\w)"
            if must.slot not in used and not re.search(literally, read):
                what = f"{stage.document} does not say {must.what}."
                context.say("W451", (*path, "document"), what, f"Write {{{{ {must.slot} }}}} where it belongs.")


@needs("partners", "groups")
def models_say_who_runs_them(context: Context) -> None:
    """W451: who gets to read what people write."""
    for path, model in () if needs_nobody(context) else _models(context):
        if not model.run_by:
            what = "is missing: people are not told who is sent what they write."
            context.say("W451", (*path, "run_by"), what, 'Write run_by: "Example Ltd, in the USA".')


def _musts(context: Context) -> Iterator[_Must]:
    study = context.study
    if is_told_to_all(study):  # otherwise E871 asks for the least and the most
        yield _Must("minutes", "how long it takes")
    yield _Must("contact_email", "whom to ask")
    if study.contact.ethics_ref:
        yield _Must("ethics_ref", "by which number it was approved")
    if study.payments.base > 0:
        yield _Must("base", "what is paid for taking part")
    for wave, amount in study.payments.per_wave.items():
        if amount > 0:
            yield _Must(f"{wave}_visit_pay", f'what is paid for each visit of "{wave}"')
    if study.payments.points:
        yield _Must("point_rate", "what a point is worth")
        yield _Must("bonus_max", "what points pay at most")
    if any(isinstance(stage, WaitingRoomStage) and stage.asks_ready for _, stage in context.stages("waiting_room")):
        yield _Must("pay_per_minute", "what is paid for waiting")
    if any(model.run_by for _, model in _models(context)):
        yield _Must("ai_services", "who runs the AI service that reads what people write")


def _models(context: Context) -> Iterator[tuple[Path, LanguageModel]]:
    """The models that are sent what people write: those that sit in a group, and those that take notes there."""
    seated = {name for plan in context.study.groups.values() for name in plan.automated}
    for name, partner in context.study.partners.items():
        if name in seated and isinstance(partner, ModelPartner):
            for key, model in partner.models.items():
                yield ("partners", name, "model", *place_of(partner.model, key)), model
        memory = partner.memory if name in seated and isinstance(partner, AutomatedPartner) else None
        for path, writer in note_takers(name, memory):
            yield (*path, "model"), writer.model


def slots_in(text: str) -> set[str]:
    """Every name in the slots of a text that can be read."""
    found: set[str] = set()
    for _, said in slot_expressions(text):
        try:
            found |= parse(said).names
        except StudyError:  # said by the check of texts
            continue
    return found


@needs("waves", "groups", "attendance")
def consent_says_how_many_may_be_missed(context: Context) -> None:
    """W343: whoever agrees to the calendar has read both limits, where one after the other has a lower one."""
    rule = context.study.attendance
    if rule is None or rule.max_consecutive_missed is None or rule.max_consecutive_missed >= rule.max_missed:
        return
    for path, stage in context.stages("consent"):
        assert isinstance(stage, ConsentStage)
        text = context.read(stage.document, (*path, "document"))
        if text is not None and IN_A_ROW not in slots_in(text):
            what = f"{stage.document} does not say that more than {rule.max_consecutive_missed} missed visits in a row "
            context.say("W343", (*path, "document"), f"{what}end one's part.", f"Write {{{{ {IN_A_ROW} }}}} there.")


CHECKS = [consent_is_complete, models_say_who_runs_them, consent_says_how_many_may_be_missed]
