"""What partners keep of people: whom, whether there is anything to keep, and what people are told of it."""

import re
from collections.abc import Iterator

from paradigm import Chat, Repeat, Talk
from paradigm.program import leaves
from studies.checks.allocation import entries
from studies.checks.context import Context, needs
from studies.checks.games import found_experiment, found_parameters, rounds_of
from studies.checks.references import covered
from studies.definition import group_of
from studies.schema_memory import MemoryByLevel, MemoryRule, ToldByLevel, lasts, rules_of, told_under
from studies.schema_partners import AutomatedPartner
from studies.schema_stages import BriefingStage, ConsentStage, GameStage, InstructionsStage
from studies.schema_when import ConditionalStage
from studies.yaml_file import Path

_SPEAKS_OF_IT = re.compile(
    r"\b(remembers?|remembered|memory|memories|forgets?|earlier (conversation|chat|talk)s?|"
    r"erinner\w*|gedächtnis\w*|vergisst|vergessen|frühere[nr]? (gespräche?n?|unterhaltung(en)?|chats?))\b",
    re.IGNORECASE,
)
Remembering = tuple[str, AutomatedPartner]


def _remembering(context: Context) -> Iterator[Remembering]:
    for name, partner in context.study.partners.items():
        if isinstance(partner, AutomatedPartner) and partner.memory is not None:
            yield name, partner


def _lasting(partner: AutomatedPartner) -> dict[str, MemoryRule]:
    """Level → rule, of those that keep anything of earlier conversations."""
    rules = rules_of(partner.memory) if partner.memory is not None else {}
    return {level: rule for level, rule in rules.items() if lasts(rule)}


def _at(name: str, level: str) -> Path:
    """Where the rule of a level stands."""
    here: Path = ("partners", name, "memory")
    return (*here, "values", level) if level else here


@needs("factors", "partners")
def levels_have_rules(context: Context) -> None:
    """E201, E202, W510: every level has its rule, and not all have the same."""
    for name, partner in _remembering(context):
        path: Path = ("partners", name, "memory")
        memory = partner.memory
        if isinstance(memory, MemoryByLevel):
            covered(context, (*path, "by"), (*path, "values"), memory.by, memory.values)
            if len(memory.values) > 1 and len({rule.model_dump_json() for rule in memory.values.values()}) == 1:
                what = f'is the same at every level of "{memory.by}": nothing is manipulated.'
                context.say("W510", (*path, "values"), what, "Write one rule without `by`, or let the levels differ.")


@needs("partners", "factors", "conditions", "allocation")
def levels_are_given_in_time(context: Context) -> None:
    """E519: the factor that decides memory is given to those who meet, and holds while they talk."""
    for name, partner in _remembering(context):
        memory = partner.memory
        for _, entry in entries(context) if isinstance(memory, MemoryByLevel) else ():
            by_visit = entry.rule.unit in ("item", "session") or entry.since.startswith("session")
            if isinstance(memory, MemoryByLevel) and memory.by in entry.factors and by_visit:
                given = f"{entry.rule.unit} {entry.since}".rstrip()
                what = f'"{memory.by}" is given by {given}, and what a partner remembers is not settled anew so.'
                remedy = "Give the factor by participant or group, or by pair or round."
                context.say("E519", ("partners", name, "memory", "by"), what, remedy)


@needs("partners", "groups")
def one_person_is_met(context: Context) -> None:
    """E510, E511: what lasts belongs to one person and one seat, or somebody's words would reach others."""
    for name, partner in context.study.partners.items():
        if not isinstance(partner, AutomatedPartner) or not partner.is_lasting:
            continue
        kept = list(_lasting(partner))[:1]
        path, remedy = _why_lasting(name, partner, kept)
        for group, plan in context.study.groups.items():
            if name not in plan.automated or name == plan.replacement:
                continue  # whoever replaces one of two people sits with the other alone
            if plan.humans != 1:
                what = f'lasts, but in the group "{group}" it meets {plan.humans} people at once.'
                context.say("E510", path, what, f"Give the group one human seat, {remedy}")
            if plan.ai != 1:
                what = f'lasts, but it sits in {plan.ai} seats of the group "{group}".'
                context.say("E511", path, what, f"Give the group one ai seat, {remedy}")


def _why_lasting(name: str, partner: AutomatedPartner, kept: list[str]) -> tuple[Path, str]:
    """Where it stands that a partner lasts, and what to write so that it does not."""
    if kept:
        return _at(name, kept[0]), "or use kind: session."
    if partner.identity is not None:
        return ("partners", name, "identity"), "or leave the name out."
    return ("partners", name, "past_transcript_visible"), "or write false."


@needs("partners")
def partners_are_pinned(context: Context) -> None:
    """W503: a partner that lasts stays what it was."""
    for name, partner in context.study.partners.items():
        if isinstance(partner, AutomatedPartner) and partner.is_lasting and partner.pin == "off":
            what = "is off for a partner that lasts: another model or persona would be another treatment."
            context.say("W503", ("partners", name, "pin"), what, "Write pin: strict.")


@needs("partners", "groups", "waves", "factors")
def there_is_something_to_keep(context: Context) -> None:
    """E502, E513: a rule that keeps something has conversations to keep, and a second one in which it matters."""
    for name, partner in _remembering(context):
        stages = list(games_with(context, name))
        if not stages:
            continue
        path: Path = ("partners", name, "memory")
        talks = sum(talks_in(context, stage) for stage in stages)
        if not talks:
            what = "is for conversations, and no game with this partner has one."
            context.say("E513", path, what, "Remove it, or use an experiment with a Talk over a Chat.")
            continue
        if talks > 1 or len(context.study.waves) > 1 or any(w.repeat > 1 for w in context.study.waves):
            continue
        for level, rule in _lasting(partner).items():
            what = f"{rule.kind} needs more than one conversation with this partner."
            context.say("E502", _at(name, level), what, "Plan a second one, or use kind: session.")


def games_with(context: Context, partner: str) -> Iterator[GameStage]:
    """The games in which an automated partner sits."""
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        plan = context.study.groups.get(group_of(context.study, stage.id))
        if plan is not None and partner in plan.automated:
            yield stage


def talks_in(context: Context, stage: GameStage) -> int:
    """How many conversations a game may have at most, under some seeds."""
    experiment = found_experiment(stage)
    if experiment is None:
        return 2  # said elsewhere
    in_a_round = sum(
        2 if isinstance(outer, Repeat) else 1  # a loop may come to it again
        for outer in experiment.steps
        for step in leaves([outer])
        if isinstance(step, Talk) and isinstance(step.channel, Chat)
    )
    counts = [count for values in found_parameters(context.study, stage) for count in rounds_of(experiment, values)]
    return in_a_round * max(counts, default=2)


@needs("partners", "factors")
def nothing_else_differs(context: Context) -> None:
    """E201, E202, E512: what people are told is the same at each level, unless it is said to differ."""
    for name, partner in context.study.partners.items():
        if not isinstance(partner, AutomatedPartner):
            continue
        path: Path = ("partners", name, "told_about_memory")
        told, memory = partner.told_about_memory, partner.memory
        if isinstance(told, ToldByLevel):
            covered(context, (*path, "by"), (*path, "values"), told.by, told.values)
            is_together = isinstance(memory, MemoryByLevel) and memory.by == told.by
            if is_together and isinstance(memory, MemoryByLevel) and "told_about_memory" not in memory.differs_too:
                what = f'differs by "{told.by}" as memory does: its effect could not be told from that of memory.'
                remedy = "Write one value; or, if this is meant, memory.differs_too: [told_about_memory]."
                context.say("E512", path, what, remedy)


@needs("partners", "factors", "deception")
def what_is_told_is_so(context: Context) -> None:
    """E514, W512: nobody reads that it remembers where it does not, or the reverse; saying nothing is an omission."""
    is_declared = any(entry.what == "omission" for entry in context.study.deception)
    for name, partner in context.study.partners.items():
        if not isinstance(partner, AutomatedPartner):
            continue
        path: Path = ("partners", name, "told_about_memory")
        for told, rule in _together(partner):
            keeps = rule is not None and lasts(rule)
            if told != "nothing" and (told == "yes") != keeps:
                kind = rule.kind if rule else "session"
                what = f"people are told {told}, and memory is {kind} for some of them: that is not true."
                context.say("E514", path, what, "Tell nothing, or what is so at each level.")
        if _lasting(partner) and "nothing" in told_under(partner.told_about_memory).values() and not is_declared:
            what = "people are not told that it keeps something of what they say."
            context.say("W512", path, what, "Tell them, or declare it: deception: [{what: omission, …}].")


def _together(partner: AutomatedPartner) -> Iterator[tuple[str, MemoryRule | None]]:
    """What is told, with the rule, of everybody there may be."""
    told = partner.told_about_memory
    rules: dict[str, MemoryRule | None] = dict(rules_of(partner.memory)) if partner.memory is not None else {"": None}
    is_one_factor = (
        isinstance(told, ToldByLevel) and isinstance(partner.memory, MemoryByLevel) and told.by == partner.memory.by
    )
    for level, said in told_under(told).items():
        for other, rule in rules.items():
            if not is_one_factor or level == other:
                yield said, rule


@needs("partners", "factors", "waves")
def words_are_there(context: Context) -> None:
    """E515, W511: pages before the game speak of memory where people are told of it, and nowhere else."""
    for name, partner in _remembering(context):
        path: Path = ("partners", name, "told_about_memory")
        told = partner.told_about_memory
        for level, said in told_under(told).items():
            pages = dict(_read_at(context, told.by if isinstance(told, ToldByLevel) else "", level))
            speaking = [file for file, text in pages.items() if _SPEAKS_OF_IT.search(text)]
            where = (*path, "values", level) if level else path
            if said != "nothing" and not speaking:
                what = "no page before the game that they all read says whether it remembers."
                context.say("E515", where, what, "Write it on a page of consent, instructions or a briefing.")
            elif said == "nothing" and speaking:
                what = f"people are told nothing, but {speaking[0]} seems to speak of remembering."
                context.say("W511", where, what, "Read the page; say `yes` or `no` here if it tells them.")


def _read_at(context: Context, factor: str, level: str) -> Iterator[tuple[str, str]]:
    """Pages that everybody reads who has a level (everybody, without one), with their words."""
    for path, stage in context.stages("consent", "instructions", "briefing"):
        when = stage.when if isinstance(stage, ConditionalStage) else None
        if when and not (when.by == factor and level in when.levels):
            continue
        if isinstance(stage, ConsentStage):
            files = [stage.document]
        elif isinstance(stage, InstructionsStage):
            files = stage.pages
        else:
            assert isinstance(stage, BriefingStage)
            files = [file for at, file in stage.pages.items() if at in ("all", level) or stage.by != factor]
        for file in files:
            yield file, context.read(file, path) or ""


CHECKS = [
    levels_have_rules, levels_are_given_in_time, one_person_is_met, partners_are_pinned, there_is_something_to_keep,
    nothing_else_differs, what_is_told_is_so, words_are_there,
]  # fmt: skip
