"""Deception is declared, approved, and explained at the end; those who are there are told so."""

import re
from collections.abc import Mapping

from studies.checks.context import Context, needs
from studies.schema_partners import AutomatedPartner, GroupPlan, Label, PersonPartner, PolicyPartner
from studies.schema_stages import DebriefStage
from studies.schema_types import Part
from studies.yaml_file import Path

_PERSON = re.compile(r"\b(person|human|people|man|woman|real player|mensch(en)?|leute)\b", re.IGNORECASE)
_MACHINE = re.compile(r"\b(AI|computer|machine|KI|maschine)\b", re.IGNORECASE)
_NO_PERSON = re.compile(r"\b(AI|computer|machine|KI|maschine|(ro)?bot|programm?|roboter)\b", re.IGNORECASE)


@needs("deception", "partners", "groups", "factors", "told")
def deception_declared(context: Context) -> None:
    """E406: whatever hides or misnames a partner is in `deception`."""
    for name, plan in context.study.groups.items():
        persons, machines = labels_in(context, plan)
        for partner, label in machines.items():
            path: Path = ("partners", partner, "label")
            if _hides(context, label, list(persons.values()), drawn=False):
                _require(context, "omission", path, "does not tell this partner from a person in every condition.")
            if _is_false(context, label, list(persons.values())):
                _require(context, "false_label", path, "calls an automated partner what a person is called.")
        for partner, label in persons.items():
            if any(_NO_PERSON.search(word) for word in _fixed(context, label)):
                _require(context, "false_label", ("partners", partner, "label"), "calls a person an AI.")
        _fill_is_declared(context, ("groups", name, "fill"), plan)
    _told_is_true(context)


@needs("deception", "partners", "groups", "factors")
def behaviour_declared(context: Context) -> None:
    """E406: denying, and delays that imitate people under hidden labels, are in `deception`."""
    for name, partner in context.study.partners.items():
        if not isinstance(partner, AutomatedPartner):
            continue
        if partner.asked_if_ai == "deny":
            _require(context, "false_label", ("partners", name, "asked_if_ai"), "denies being an AI.")
        plans = [plan for plan in context.study.groups.values() if plan.partners.ai == name]
        people = [label for plan in plans for label in labels_in(context, plan)[0].values()]
        if _varies(partner) and plans and _hides(context, partner.label, people, drawn=True):
            _require(
                context,
                "delay",
                ("partners", name, "delay"),
                "imitates a person's pace where the label hides what it is.",
            )


@needs("deception", "waves")
def debrief_shown(context: Context) -> None:
    """E406: each deception is explained on a debrief page of the study."""
    shown = {stage.page for _, stage in context.stages("debrief") if isinstance(stage, DebriefStage)}
    for at, entry in enumerate(context.study.deception):
        path: Path = ("deception", at, "debrief")
        context.read(entry.debrief, path)
        if entry.debrief not in shown:
            context.say("E406", path, f"no debrief stage shows {entry.debrief}.", "Add a debrief stage with this page.")


@needs("deception", "partners", "factors")
def ai_is_ai(context: Context) -> None:
    """W409: what is called AI on a page is one, or the false label is declared."""
    if any(entry.what == "false_label" for entry in context.study.deception):
        return
    for name, partner in context.study.partners.items():
        if not isinstance(partner, PolicyPartner):
            continue
        if any(_MACHINE.search(word) for word in partner.label.words):
            what = "is called AI, but decides by a rule of the experiment."
            remedy = "Take occupant: model, or declare it: deception: [{what: false_label, …}]."
            context.say("W409", ("partners", name, "label"), what, remedy)


def labels_in(context: Context, plan: GroupPlan) -> tuple[dict[str, Label], dict[str, Label]]:
    """Labels in a group, by partner: of people, and of automated seats."""
    partners = context.study.partners
    here = [name for name in (plan.partners.human, plan.partners.ai) if name in partners]
    persons = {name: partners[name].label for name in here if name and isinstance(partners[name], PersonPartner)}
    machines = {name: partners[name].label for name in here if name and not isinstance(partners[name], PersonPartner)}
    return persons, machines


def situations(context: Context, *labels: Label) -> list[dict[str, str]]:
    """Every combination of levels that these labels depend on."""
    found: list[dict[str, str]] = [{}]
    for factor in sorted({label.by for label in labels if label.by in context.study.factors and label.by}):
        found = [{**each, factor: level} for each in found for level in context.study.factors[factor].levels]
    return found


def under(label: Label, levels: Mapping[str, str]) -> Mapping[str, int]:
    """What a label may be in a situation, with weights."""
    return label.under(levels.get(label.by or ""))


def _hides(context: Context, machine: Label, persons: list[Label], *, drawn: bool) -> bool:
    """In some condition the label says nothing, or says the same of both; where one is drawn only if `drawn`."""
    for levels in situations(context, machine, *persons):
        shown, others = under(machine, levels), [under(person, levels) for person in persons]
        if not drawn and any(len(each) > 1 for each in (shown, *others)):
            continue
        if "" in shown or any(shown.keys() & other.keys() for other in others):
            return True
    return False


def _fixed(context: Context, label: Label) -> set[str]:
    """What a label says in the conditions in which it is not drawn."""
    found = [under(label, levels) for levels in situations(context, label)]
    return {word for each in found if len(each) == 1 for word in each}


def _is_false(context: Context, machine: Label, persons: list[Label]) -> bool:
    """The label names a person, or is one that elsewhere tells people from machines and stands for people there."""
    if any(_PERSON.search(word) for word in _fixed(context, machine)):
        return True
    for person in persons:
        pairs = [(under(person, one), under(machine, one)) for one in situations(context, machine, person)]
        fixed = [(next(iter(one)), next(iter(other))) for one, other in pairs if len(one) == len(other) == 1]
        telling = {one for one, other in fixed if one != other}
        if (telling - {""}) & {other for _, other in fixed}:
            return True
    return False


def _fill_is_declared(context: Context, path: Path, plan: GroupPlan) -> None:
    partners = context.study.partners
    if plan.fill is None or plan.fill.label_as not in partners:
        return
    label = partners[plan.fill.label_as]
    if isinstance(label, PersonPartner) and _fixed(context, label.label) - {""}:
        _require(context, "false_label", (*path, "label_as"), "labels automated stand-ins as people.")


def _told_is_true(context: Context) -> None:
    if context.study.told.ai_may_be_present:
        return
    if any(plan.ai or plan.fill for plan in context.study.groups.values()):
        _require(context, "omission", ("told", "ai_may_be_present"), "is false, but some seats are automated.")


def _varies(partner: AutomatedPartner) -> bool:
    """A declared constant delay imitates nobody."""
    return partner.delay.min_s < partner.delay.max_s


def _require(context: Context, what: str, path: Path, because: str) -> None:
    entries: list[Part] = [entry for entry in context.study.deception if entry.what == what]
    if not entries:
        remedy = f"Declare it: deception: [{{what: {what}, approved_by: …, reference: …, debrief: …}}]."
        context.say("E406", path, because, remedy)


CHECKS = [deception_declared, behaviour_declared, debrief_shown, ai_is_ai]
