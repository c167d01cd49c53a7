"""Talks: their terms are numbers and words that there are, and what must happen before an end can happen."""

from collections.abc import Iterator

from paradigm import Chat, Parameters, Talk
from paradigm.program import leaves, may_come
from paradigm.steps import CONTACTS, ENDS, PASTES, TYPING
from studies.checks.context import Context, needs
from studies.checks.ethics import is_declared, is_hidden
from studies.checks.games import found_experiment, found_parameters
from studies.definition import group_of
from studies.schema_partners import AutomatedPartner
from studies.schema_stages import GameStage
from studies.yaml_file import Path

TALLIES = ("quota", "min_active_seconds", "idle_seconds", "min_turns", "seconds")


@needs("waves", "factors")
def terms_fit(context: Context) -> None:
    """E460 to E464: what a talk names is there; its minimum comes before its end, and its quota after its minimum."""
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        for parameters in found_parameters(context.study, stage) if experiment else ():
            assert experiment is not None
            for step in leaves(experiment.steps):
                if isinstance(step, Talk) and may_come(step, parameters):
                    _fits(context, path, step, parameters)


def _fits(context: Context, path: Path, step: Talk, parameters: Parameters) -> None:
    unknown = [*_no_numbers(step, parameters), *_no_words(step, parameters)]
    for what in unknown:
        context.say("E460", (*path, "experiment"), f"talk {step.name}: {what}", "Mend the experiment.")
    if unknown:
        return
    number = parameters.number
    if isinstance(step.channel, Chat) and number(step.channel.min_chars) > number(step.channel.max_chars):
        shortest, longest = number(step.channel.min_chars), number(step.channel.max_chars)
        what = f"talk {step.name} asks for messages of {shortest} characters and takes {longest}."
        context.say("E464", _place(path, step.channel.min_chars), what, "Lower the least, or allow longer ones.")
    if not step.has_minimum:
        return
    least, idle, most = number(step.min_active_seconds), number(step.idle_seconds), number(step.seconds)
    if least >= most:
        what = f"talk {step.name} may be ended after {least} active seconds, and is over after {most} s."
        context.say("E461", _place(path, step.min_active_seconds), what, "Lower the minimum, or give it more time.")
    if least and idle < 1:
        what = f"talk {step.name} counts no silence as active, so its {least} active seconds never pass."
        context.say("E462", _place(path, step.idle_seconds), what, "Let some seconds of a silence count.")
    if 0 < number(step.quota) < number(step.min_turns):
        what = f"talk {step.name} asks for {number(step.min_turns)} entries and allows {number(step.quota)}."
        context.say("E463", _place(path, step.min_turns), what, "Lower the minimum, or allow more.")


def _place(path: Path, named: int | str) -> Path:
    """Where a number stands: in the study file, where the talk names a parameter."""
    return (*path, "parameters", named) if isinstance(named, str) else (*path, "experiment")


def _no_numbers(step: Talk, parameters: Parameters) -> Iterator[str]:
    named_by = {term: getattr(step, term) for term in TALLIES} | {"max_chars": step.channel.max_chars}
    named_by |= {"min_chars": step.channel.min_chars} if isinstance(step.channel, Chat) else {}
    for term, named in named_by.items():
        try:
            parameters.number(named)
        except (KeyError, TypeError, ValueError):
            yield f'`{term}` names "{named}", which is no number among its parameters.'


def _no_words(step: Talk, parameters: Parameters) -> Iterator[str]:
    said: list[tuple[str, str, tuple[str, ...]]] = [("ends", step.ends, ENDS), ("contacts", step.contacts, CONTACTS)]
    if isinstance(step.channel, Chat):
        said += [("pastes", step.channel.pastes, PASTES), ("typing", step.channel.typing, TYPING)]
    for term, named, allowed in said:
        try:
            value = named if named in allowed else str(parameters.named(named))
        except KeyError:
            value = named
        if value not in allowed:
            yield f'`{term}` is "{value}": it may be {", ".join(allowed)}, or name a parameter that is one of them.'


@needs("waves", "factors", "partners", "groups", "told", "deception")
def writing_is_declared(context: Context) -> None:
    """E465, W464: a program that is seen to write imitates a person, above all where nothing says what it is."""
    seen = {group_of(context.study, stage.id): path for path, stage in context.stages("game") if _shows(context, stage)}
    plans = [(name, plan, ai) for name, plan in context.study.groups.items() for ai in plan.ais]
    for name, plan, ai in plans if not is_declared(context, "delay") else ():
        partner = context.study.partners.get(ai)
        if name not in seen or not plan.humans or not isinstance(partner, AutomatedPartner):
            continue
        if is_hidden(context, ai, partner):
            what = f'the talk shows who is writing, and "{ai}" is no person and may be taken for one.'
            remedy = "Declare it: deception: [{what: delay, …}], or do not show it."
            context.say("E465", (*seen[name], "parameters"), what, remedy)
        elif partner.typing == "always":
            what = "it is seen to write as people do, also where its label says what it is, and that is not declared."
            remedy = "Write unless_labelled, or declare it: deception: [{what: delay, …}]."
            context.say("W464", ("partners", ai, "typing"), what, remedy)


def _shows(context: Context, stage: object) -> bool:
    """Whether a talk of a game shows who is writing, under some parameters."""
    experiment = found_experiment(stage) if isinstance(stage, GameStage) else None
    if experiment is None or not isinstance(stage, GameStage):
        return False
    talks = [step for step in leaves(experiment.steps) if isinstance(step, Talk) and isinstance(step.channel, Chat)]
    return any(
        may_come(talk, parameters) and not list(_no_words(talk, parameters)) and _is_shown(talk, parameters)
        for talk in talks
        for parameters in found_parameters(context.study, stage)
    )


def _is_shown(talk: Talk, parameters: Parameters) -> bool:
    assert isinstance(talk.channel, Chat)
    named = talk.channel.typing
    return "shown" in (named, named if named in TYPING else parameters.named(named))


CHECKS = [terms_fit, writing_is_declared]
