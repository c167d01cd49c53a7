"""Topics of talks: the experiment takes them, people are told them, and what their order can tell."""

from pydantic import ValidationError

from studies.checks.context import Context, needs
from studies.checks.games import found_experiment
from studies.definition import group_of, parameters_by_topic
from studies.problems import StudyError
from studies.schema_stages import GameStage
from studies.topics import TOPIC, Topics
from studies.yaml_file import Path


@needs("waves", "factors")
def topics_fit(context: Context) -> None:
    """E466, W467: the experiment has a parameter that takes each; there are enough, and a page names them."""
    for path, stage in context.stages("game"):
        if not isinstance(stage, GameStage) or stage.topic is None:
            continue
        here: Path = (*path, TOPIC)
        _enough(context, here, stage.topic)
        experiment = found_experiment(stage)
        if experiment is None:
            continue
        if TOPIC not in experiment.parameters.model_fields:
            what = f"{stage.experiment} has no parameter `topic`, so nobody would be told."
            context.say("E466", here, what, "Use an experiment that has one, or leave the topics out.")
            continue
        if TOPIC in stage.parameters:
            what = "stands among the parameters, too."
            context.say("E466", (*path, "parameters", TOPIC), what, "Keep the topics, and leave the parameter out.")
        try:
            parameters_by_topic(stage)
        except ValidationError as error:
            what = f"{stage.experiment} does not take one of them: {error.errors()[0]['msg']}."
            context.say("E466", (*here, "pool"), what, "Change its words.")
        except (KeyError, StudyError):  # said elsewhere
            continue
        pages = [context.read(file, (*path, "pages")) or "" for file in _pages(context, stage)]
        if not any("{{" in text and TOPIC in text for text in pages):
            what = f"no page in {stage.pages} names {{{{ topic }}}}: neither people nor models are told."
            context.say("W467", here, what, "Write it on the talk's page.")


def _pages(context: Context, stage: GameStage) -> list[str]:
    return sorted(context.source.listed(stage.pages, ".md"))


def _enough(context: Context, here: Path, topics: Topics) -> None:
    if len(set(topics.pool)) < len(topics.pool):
        context.say("E466", (*here, "pool"), "a topic stands twice.", "Keep one.")
    if topics.order == "constant" and len(topics.pool) != 1:
        what = f"is one topic every time, and the pool has {len(topics.pool)}."
        context.say("E466", (*here, "order"), what, "Keep one topic, or give them another order.")
    if topics.order != "constant" and len(topics.pool) < 2:
        context.say(
            "E466", (*here, "pool"), "has one topic, which has no order.", "Write order: constant, or add some."
        )


@needs("waves", "groups")
def orders_are_of_one_person(context: Context) -> None:
    """E467: an order belongs to a person, so a group has one."""
    for path, stage in context.stages("game"):
        if not isinstance(stage, GameStage) or stage.topic is None or not stage.topic.is_of_people:
            continue
        plan = context.study.groups.get(group_of(context.study, stage.id))
        if plan is not None and plan.humans > 1:
            what = f"gives each person an order of their own, and {plan.humans} people meet in a group."
            remedy = "Write order: constant, or drawn: then each group draws its own."
            context.say("E467", (*path, TOPIC, "order"), what, remedy)


@needs("waves")
def orders_can_be_told_apart(context: Context) -> None:
    """W465, W466: topic and visit are not the same, and each topic comes equally often."""
    for wave in context.study.waves:
        for stage in wave.stages:
            if not isinstance(stage, GameStage) or stage.topic is None:
                continue
            path = next(at for at, one in context.stages("game") if one is stage)
            topics, here = stage.topic, (*path, TOPIC)
            if topics.order == "scripted":
                what = "is the same for everybody: what changes from visit to visit may be the topic's doing."
                context.say("W465", (*here, "order"), what, "Use latin_square, unless the script is the treatment.")
            elif topics.order == "latin_square" and wave.repeat % len(topics.pool):
                what = f"{wave.repeat} visits are no multiple of {len(topics.pool)} topics: some come more often."
                context.say("W466", here, what, "Change the number of topics, or of visits.")


CHECKS = [topics_fit, orders_are_of_one_person, orders_can_be_told_apart]
