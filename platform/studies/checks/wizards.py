"""People behind the curtain: declared, told of at the end, a level of their own, and where something can be said."""

from collections.abc import Iterator

from paradigm import Talk
from studies.checks.context import Context, meant, needs
from studies.checks.delivery import talks_of
from studies.checks.ethics import is_declared, meets_people
from studies.checks.failing import bounds_of, said_in, unfit
from studies.definition import group_of
from studies.paces import pace_of
from studies.schema_delivery import Delivery
from studies.schema_partners import AutomatedPartner, GroupPlan, ModelPartner, PartnerByLevel
from studies.schema_stages import DebriefStage, GameStage
from studies.schema_wizard import Wizard
from studies.yaml_file import Path

WIZARD = "wizard"


def wizards(context: Context) -> Iterator[tuple[str, AutomatedPartner, Wizard, Path]]:
    """Each partner in whose place people may write, with what is said of them and where that stands."""
    for name, partner in context.study.partners.items():
        if isinstance(partner, AutomatedPartner) and partner.wizard is not None:
            yield name, partner, partner.wizard, ("partners", name, "wizard")


@needs("partners", "deception")
def it_is_declared(context: Context) -> None:
    """E910, W910: staff who write as the AI are a deception, and only they are this one."""
    found = list(wizards(context))
    for _, _, _, path in found if not is_declared(context, WIZARD) else ():
        remedy = "Declare it: deception: [{what: wizard, approved_by: …, reference: …, debrief: …}]."
        context.say("E910", path, "lets people of the study team write as this partner.", remedy)
    for at, entry in enumerate(context.study.deception if not found else ()):
        if entry.what == WIZARD:
            what = "declares that staff write as the AI, and no partner has `wizard`."
            context.say("W910", ("deception", at), what, "Take it out, or give a partner `wizard`.")


@needs("partners", "groups")
def it_is_a_level(context: Context) -> None:
    """E911: who may have met a person of the team is told from who cannot have by a level, and by nothing else."""
    for name, _, _, path in wizards(context):
        for group, plan in context.study.groups.items():
            stands_in = plan.fill is not None and plan.fill.label_as == name
            if stands_in or (name in plan.automated and not _is_apart(context, name, plan)):
                what = (
                    f"in groups.{group} no level of a factor decides that it is met, and not another without `wizard`."
                )
                remedy = "Write partners: {ai: {by: FACTOR, values: {LEVEL: this one, OTHER: one without wizard}}}."
                context.say("E911", path, what, remedy)


def _is_apart(context: Context, name: str, plan: GroupPlan) -> bool:
    said = plan.partners.ai
    if not isinstance(said, PartnerByLevel) or name == plan.replacement:
        return False
    others = [context.study.partners.get(one) for one in said.values.values() if one != name]
    return any(isinstance(one, AutomatedPartner) and one.wizard is None for one in others)


@needs("partners", "waves", "deception")
def it_is_told(context: Context) -> None:
    """E912: the debrief that it names is there, shows a page that explains it, and lists who was who."""
    debriefs = {stage.id: stage for _, stage in context.stages("debrief") if isinstance(stage, DebriefStage)}
    pages = {entry.debrief for entry in context.study.deception if entry.what == WIZARD}
    for _, _, said, path in wizards(context):
        stage, where = debriefs.get(said.disclosed_in), (*path, "disclosed_in")
        if stage is None:
            context.say("E912", where, "is no debrief of this study.", meant(said.disclosed_in, debriefs))
        elif pages and stage.page not in pages:
            what = f"shows {stage.page}, and the entry of `deception` says that another page explains it."
            context.say("E912", where, what, "Name the debrief that explains it, or mend the entry.")
        elif not stage.reveals_partners:
            what = "does not list who was who, so nobody learns whether it was they who met a person."
            context.say("E912", where, what, "Set reveals_partners: true there.")


@needs("partners", "language")
def there_is_something_to_say(context: Context) -> None:
    """E913: a draft has a model that makes it, and a line its words in the study's language."""
    language = context.study.language
    for _, partner, said, path in wizards(context):
        if said.draft and not isinstance(partner, ModelPartner):
            what = "offers what a model would say, and this partner has none."
            context.say("E913", (*path, "draft"), what, "Write draft: false, or occupant: model.")
        if said.otherwise == "draft" and not said.draft:
            what = "says a draft where nobody writes in time, and none is made."
            context.say("E913", (*path, "otherwise"), what, "Write draft: true, or line or silence.")
        if said.otherwise == "line" and not said_in(said.line, language):
            what = f'says a line, but there is none in "{language}", in which people read and write.'
            context.say("E913", (*path, "otherwise"), what, f'Write line: {{{language[:2]}: "…"}}.')
        if said.line and said.otherwise == "silence":
            what = "is never said: `otherwise` is silence."
            context.say("E913", (*path, "line"), what, "Write otherwise: line, or take it out.")


@needs("partners", "groups", "waves", "factors", "language")
def lines_fit(context: Context) -> None:
    """E862: a line may be said in the talks where its partner may sit."""
    for name, _, said, path in wizards(context):
        found = said_in(said.line, context.study.language)
        for where, low, high in bounds_of(context, name) if found else ():
            assert found is not None
            if what := unfit(found[1], where, low, high):
                context.say("E862", (*path, "line", found[0]), what, "Write another.")


@needs("partners")
def a_turn_is_one_message(context: Context) -> None:
    """E914: what a person has decided is said, by this seat and in one message."""
    usual = Delivery()
    for name, partner, _, _ in wizards(context):
        for field in ("if_interrupted", "floor", "bubbles"):
            if getattr(partner.delivery, field) != getattr(usual, field):
                what = "gives up, passes on or divides what somebody has written; people behind the curtain read along."
                context.say("E914", ("partners", name, "delivery", field), what, f"Write {getattr(usual, field)}.")
        if isinstance(partner, ModelPartner) and partner.may_stay_silent:
            what = "lets the model choose silence, and what is said here a person chooses."
            context.say("E914", ("partners", name, "may_stay_silent"), what, "Take it out.")


@needs("partners", "groups", "waves", "factors")
def there_are_conversations(context: Context) -> None:
    """E914, E915: a conversation with people is where somebody can write, and it does not wait for what is not said."""
    talking: dict[str, list[tuple[Talk, int]]] = {}
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        plan = context.study.groups.get(group_of(context.study, stage.id))
        for name in plan.automated if plan is not None else ():
            talking.setdefault(name, []).extend(_quotas(context, stage))
    for name, _, said, path in wizards(context):
        for talk, quota in talking.get(name, ()) if said.otherwise == "silence" else ():
            if quota:
                what = f"talk {talk.name} ends when each has made {quota} entries, and nothing may be said."
                remedy = "Write draft or line, or give the talk no quota (0)."
                context.say("E914", (*path, "otherwise"), what, remedy)
        if not talking.get(name) or not meets_people(context, name):
            what = "is for conversations with people, and this partner has none."
            context.say("E915", path, what, "Take it out, or give its game a conversation.")


def _quotas(context: Context, stage: GameStage) -> Iterator[tuple[Talk, int]]:
    """The conversations of a game, with how many entries each is to make."""
    for talk, parameters in talks_of(context, stage):
        try:
            yield talk, int(parameters.number(talk.quota))
        except (KeyError, TypeError, ValueError):  # E460 says so
            yield talk, 0


@needs("partners", "told")
def share_holds(context: Context) -> None:
    """E916: people who are told how many are AI are not met by people of the team who write as AI."""
    share = context.study.told.share
    if share not in ("range", "exact"):
        return
    for _, _, _, path in wizards(context):
        what = f"lets a person write as AI, and told.share is {share}: what people are told would not hold."
        context.say("E916", path, what, "Write told.share: some, and a sentence that says no number.")


@needs("partners", "groups", "told", "factors")
def pace_covers_it(context: Context) -> None:
    """W911: where a person may take longer than the seat does, time tells the level."""
    for _, partner, said, path in wizards(context):
        least = pace_of(context.study, partner).min_s
        if said.seconds > least:
            what = f"gives {said.seconds} s, and the partner answers after {least:g} s: a person's answers come later."
            remedy = f"Give it and those it is compared with delay: {{min_s: {said.seconds}, …}}, or report the times."
            context.say("W911", (*path, "seconds"), what, remedy)


CHECKS = [
    it_is_declared,
    it_is_a_level,
    it_is_told,
    there_is_something_to_say,
    lines_fit,
    a_turn_is_one_message,
    there_are_conversations,
    share_holds,
    pace_covers_it,
]
