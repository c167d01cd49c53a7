"""Deception is declared, approved, and explained at the end; those who are there are told so.

The check is of what each role is shown: a label that a role is not told is none to it.
"""

import re
from collections.abc import Mapping

from studies.checks.context import Context, needs
from studies.checks.pairing import met_by_people
from studies.paces import NO_PERSON, pace_of
from studies.schema_partners import AutomatedPartner, GroupPlan, Label, PersonPartner, PolicyPartner
from studies.schema_stages import DebriefStage
from studies.yaml_file import Path

_PERSON = re.compile(r"\b(person|human|people|man|woman|real player|mensch(en)?|leute)\b", re.IGNORECASE)
_MACHINE = re.compile(r"\b(AI|computer|machine|KI|maschine)\b", re.IGNORECASE)


@needs("deception", "partners", "groups", "factors", "told")
def deception_declared(context: Context) -> None:
    """E406: whatever hides or misnames a partner is in `deception`."""
    for name, plan in context.study.groups.items():
        persons, machines = labels_in(context, plan)
        for partner, label in machines.items():
            path: Path = ("partners", partner, "label")
            if _hides(context, label, list(persons.values()), drawn=False):
                _require(context, "omission", path, "does not tell this partner from a person in every condition.")
            elif untold := _untold(context, name):
                because = f'does not show the role "{untold[0]}" which of those it meets are automated.'
                _require(context, "omission", ("told", "who_knows"), because)
            if _is_false(context, label, list(persons.values())):
                _require(context, "false_label", path, "calls an automated partner what a person is called.")
        for partner, label in persons.items():
            if any(NO_PERSON.search(word) for word in _fixed(context, label)):
                _require(context, "false_label", ("partners", partner, "label"), "calls a person an AI.")
        _fill_is_declared(context, ("groups", name, "fill"), plan)
    _told_is_true(context)


@needs("deception", "partners", "groups", "factors", "told")
def behaviour_declared(context: Context) -> None:
    """E406, W458: denying is in `deception`, and so are delays that imitate people, above all under hidden labels."""
    for name, partner in context.study.partners.items():
        if not isinstance(partner, AutomatedPartner):
            continue
        if partner.asked_if_ai == "deny":
            _require(context, "false_label", ("partners", name, "asked_if_ai"), "denies being an AI.")
        if not _varies(context, partner) or not meets_people(context, name):
            continue
        path: Path = ("partners", name, "delay")
        if is_hidden(context, name, partner):
            _require(context, "delay", path, "imitates a person's pace where the label hides what it is.")
        elif not is_declared(context, "delay"):
            what = "imitates a person's pace, also where the label says what it is, and is not declared."
            remedy = "Take a constant one, delay: {min_s: 3, max_s: 3}, or declare it: deception: [{what: delay, …}]."
            context.say("W458", path, what, remedy)


@needs("deception", "waves")
def debrief_shown(context: Context) -> None:
    """E406: each deception is explained on a debrief page of the study."""
    shown = {stage.page for _, stage in context.stages("debrief") if isinstance(stage, DebriefStage)}
    for at, entry in enumerate(context.study.deception):
        path: Path = ("deception", at, "debrief")
        context.read(entry.debrief, path)
        if entry.debrief not in shown:
            context.say("E406", path, f"no debrief stage shows {entry.debrief}.", "Add a debrief stage with this page.")


@needs("deception", "waves")
def data_may_be_taken_back(context: Context) -> None:
    """E458: whoever is told of a deception may have their data deleted.

    A delay alone is no exception: those who were deceived decide whether it was little, and to offer it costs nothing.
    """
    pages = {entry.debrief for entry in context.study.deception}
    for path, stage in context.stages("debrief"):
        if isinstance(stage, DebriefStage) and stage.page in pages and not stage.offer_data_withdrawal:
            what = "this page tells people of a deception, and does not let them have their data deleted."
            context.say("E458", (*path, "offer_data_withdrawal"), what, "Set offer_data_withdrawal: true.")


@needs("deception", "partners", "factors")
def ai_is_ai(context: Context) -> None:
    """W409: what is called AI on a page is one, or the false label is declared."""
    if is_declared(context, "false_label"):
        return
    for name, partner in context.study.partners.items():
        if not isinstance(partner, PolicyPartner):
            continue
        if any(_MACHINE.search(word) for word in partner.label.words):
            what = "is called AI, but decides by a rule of the experiment."
            remedy = "Take occupant: model, or declare it: deception: [{what: false_label, …}]."
            context.say("W409", ("partners", name, "label"), what, remedy)


@needs("deception", "groups", "told")
def told_of_nobody(context: Context) -> None:
    """W454: people are told of AI in a study in which none can be, and no false label is declared."""
    if not context.study.told.ai_may_be_present:
        return
    if any(plan.may_have_ai for plan in context.study.groups.values()):
        return
    if any(entry.what == "false_label" for entry in context.study.deception):
        return
    what = "is true, but no group has a seat for AI, and nothing fills seats: people are told of what is never there."
    remedy = "Write false, or declare it: deception: [{what: false_label, …}]."
    context.say("W454", ("told", "ai_may_be_present"), what, remedy)


def meets_people(context: Context, name: str) -> bool:
    """Whether an automated partner sits in groups with people."""
    return any(plan.humans for plan in _plans_with(context, name).values())


def is_hidden(context: Context, name: str, partner: AutomatedPartner) -> bool:
    """Whether somebody whom an automated partner meets may take it for a person."""
    plans = _plans_with(context, name)
    people = [label for plan in plans.values() for label in labels_in(context, plan)[0].values()]
    return _hides(context, partner.label, people, drawn=True) or any(_untold(context, one) for one in plans)


def _plans_with(context: Context, name: str) -> dict[str, GroupPlan]:
    groups = context.study.groups.items()
    return {group: plan for group, plan in groups if name in (*plan.ais, plan.replacement)}


def labels_in(context: Context, plan: GroupPlan) -> tuple[dict[str, Label], dict[str, Label]]:
    """Labels in a group, by partner: of people, and of automated seats."""
    partners = context.study.partners
    here = [name for name in (plan.partners.human, *plan.ais, plan.replacement) if name in partners]
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


def alike(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Whether two labels, or two draws, say everything equally often."""
    all_one, all_other = sum(one.values()), sum(other.values())
    return all(one.get(w, 0) * all_other == other.get(w, 0) * all_one for w in one.keys() | other.keys())


def _untold(context: Context, name: str) -> list[str]:
    """The roles of people who meet automated seats of a group without being shown their labels."""
    told = context.study.told
    if told.who_knows == "everybody":
        return []
    return sorted(role for role, relation in met_by_people(context, name) if relation not in told.labels_known(role))


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
    """What stands in for a person is called one by its label, or by having none where programs have one."""
    partners = context.study.partners
    if plan.fill is None or plan.fill.label_as not in partners:
        return
    partner = partners[plan.fill.label_as]
    if not isinstance(partner, PersonPartner):
        return
    label, machines = partner.label, labels_in(context, plan)[1].values()
    tells_apart = any(
        not alike(under(label, levels), under(machine, levels))
        for machine in machines
        for levels in situations(context, label, machine)
    )
    if _fixed(context, label) - {""} or tells_apart:
        _require(context, "false_label", (*path, "label_as"), "labels automated stand-ins as people.")


def _told_is_true(context: Context) -> None:
    """Whoever hears of no AI takes everybody for a person: that is false, and more than left out."""
    if context.study.told.ai_may_be_present:
        return
    if any(plan.may_have_ai for plan in context.study.groups.values()):
        because = "is false, but some seats are automated: everybody is taken for a person."
        _require(context, "false_label", ("told", "ai_may_be_present"), because)


def _varies(context: Context, partner: AutomatedPartner) -> bool:
    """A constant delay imitates nobody."""
    pace = pace_of(context.study, partner)
    return pace.min_s < pace.max_s


def is_declared(context: Context, what: str) -> bool:
    """Whether `deception` has an entry of a kind."""
    return any(entry.what == what for entry in context.study.deception)


def _require(context: Context, what: str, path: Path, because: str) -> None:
    if not is_declared(context, what):
        remedy = f"Declare it: deception: [{{what: {what}, approved_by: …, reference: …, debrief: …}}]."
        context.say("E406", path, because, remedy)


CHECKS = [deception_declared, behaviour_declared, debrief_shown, data_may_be_taken_back, ai_is_ai, told_of_nobody]
