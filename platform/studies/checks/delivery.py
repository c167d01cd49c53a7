"""How automated partners say things: bounds that contradict each other, and what has no effect in a study's talks."""

from collections.abc import Iterator

from paradigm import Chat, Parameters, Talk
from paradigm.program import leaves, may_come
from studies.checks.context import Context, needs
from studies.checks.games import found_experiment, found_parameters
from studies.definition import group_of
from studies.schema_delivery import Delivery
from studies.schema_partners import AutomatedPartner, Delay, ModelPartner
from studies.schema_stages import GameStage
from studies.yaml_file import Path


@needs("partners")
def bounds_fit(context: Context) -> None:
    """E902, E904: bounds of one entry that contradict each other."""
    for name, partner in context.study.partners.items():
        if isinstance(partner, ModelPartner) and partner.length and partner.length.chars[0] > partner.length.chars[1]:
            low, high = partner.length.chars
            what = f"asks for at least {low} and at most {high} characters."
            context.say("E902", ("partners", name, "length", "chars"), what, "Write the smaller number first.")
        if not isinstance(partner, AutomatedPartner):
            continue
        if partner.delay is not None:
            _in_order(context, ("partners", name, "delay"), partner.delay)
        said = partner.delivery
        if said.debounce_s > said.debounce_most_s:
            last, first = f"{said.debounce_s:g} s after the last message", f"{said.debounce_most_s:g} s after the first"
            what = f"a turn is to begin {last}, and at the latest {first}."
            path: Path = ("partners", name, "delivery", "debounce_most_s")
            context.say("E904", path, what, "Raise it, or lower debounce_s.")
        if said.pause_s[0] > said.pause_s[1]:
            what = f"asks for pauses of at least {said.pause_s[0]:g} and at most {said.pause_s[1]:g} seconds."
            context.say("E904", ("partners", name, "delivery", "pause_s"), what, "Write the smaller number first.")


def _in_order(context: Context, path: Path, delay: Delay) -> None:
    """E904: of two times the shortest comes first."""
    if delay.min_s > delay.max_s:
        what = f"never acts before {delay.min_s:g} s, nor after {delay.max_s:g} s."
        context.say("E904", (*path, "max_s"), what, "Raise it, or lower min_s; both alike are a constant delay.")
    shortest, longest = delay.think_s
    if shortest > longest:
        what = f"thinks for at least {shortest:g} s and at most {longest:g} s."
        context.say("E904", (*path, "think_s"), what, "Write the smaller number first.")


@needs("waves", "factors", "partners", "groups")
def wishes_fit_the_talks(context: Context) -> None:
    """E902, E903, W900: what a partner is to do in the talks of its games, where they do not let it."""
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        plan = context.study.groups.get(group_of(context.study, stage.id))
        for name in plan.automated if plan else ():
            partner = context.study.partners.get(name)
            if isinstance(partner, AutomatedPartner):
                for talk, parameters in talks_of(context, stage):
                    _fits(context, name, partner, talk, parameters)


def talks_of(context: Context, stage: GameStage) -> Iterator[tuple[Talk, Parameters]]:
    """The conversations of a game, under each of its parameters."""
    experiment = found_experiment(stage)
    for parameters in found_parameters(context.study, stage) if experiment else ():
        assert experiment is not None
        for step in leaves(experiment.steps):
            if isinstance(step, Talk) and isinstance(step.channel, Chat) and may_come(step, parameters):
                yield step, parameters


def _fits(context: Context, name: str, partner: AutomatedPartner, talk: Talk, parameters: Parameters) -> None:
    assert isinstance(talk.channel, Chat)
    try:
        quota = parameters.number(talk.quota)
        least, most = parameters.number(talk.channel.min_chars), parameters.number(talk.channel.max_chars)
    except (KeyError, TypeError, ValueError):
        return  # E460 says so
    if isinstance(partner, ModelPartner):
        _length_fits(context, name, partner, talk, (least, most))
        if partner.may_stay_silent and quota:
            what = f"talk {talk.name} ends when each has made {quota} entries, and a partner may choose to make none."
            remedy = "Give the talk no quota (0), or take this out."
            context.say("E903", ("partners", name, "may_stay_silent"), what, remedy)
    if quota and (idle := _without_effect(partner.delivery)):
        what = f"talk {talk.name} has a quota: there each seat speaks at its own pace, so {', '.join(idle)} do nothing."
        context.say("W900", ("partners", name, "delivery"), what, "Take them out, or give the talk no quota (0).")


def _length_fits(context: Context, name: str, partner: ModelPartner, talk: Talk, bounds: tuple[int, int]) -> None:
    if partner.length is None:
        return
    (low, high), (least, most) = partner.length.chars, bounds
    if low < least or high > most:
        what = f"asks for {low} to {high} characters, and talk {talk.name} takes messages of {least} to {most}."
        context.say("E902", ("partners", name, "length", "chars"), what, "Let what is asked for be allowed.")


def _without_effect(said: Delivery) -> list[str]:
    """What of a delivery is set and means nothing where seats speak at their own pace."""
    usual = Delivery()
    return [field for field in ("debounce_s", "floor", "bubbles") if getattr(said, field) != getattr(usual, field)]


CHECKS = [bounds_fit, wishes_fit_the_talks]
