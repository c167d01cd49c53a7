"""Talks: their terms are numbers and words that there are, and what must happen before an end can happen."""

from collections.abc import Iterator

from paradigm import Chat, Parameters, Talk
from paradigm.program import leaves, may_come
from paradigm.steps import CONTACTS, ENDS, PASTES
from studies.checks.context import Context, needs
from studies.checks.games import found_experiment, found_parameters
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
    said += [("pastes", step.channel.pastes, PASTES)] if isinstance(step.channel, Chat) else []
    for term, named, allowed in said:
        try:
            value = named if named in allowed else str(parameters.named(named))
        except KeyError:
            value = named
        if value not in allowed:
            yield f'`{term}` is "{value}": it may be {", ".join(allowed)}, or name a parameter that is one of them.'


CHECKS = [terms_fit]
