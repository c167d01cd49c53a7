"""The order of stages: what must come before what."""

from studies.checks.context import Context, meant, needs
from studies.checks.differs import PLACES_OF_OURS
from studies.schema_stages import (
    BriefingStage,
    ConsentStage,
    GameStage,
    QuizStage,
    SurveyStage,
    WaitingRoomStage,
)
from studies.yaml_file import Path

GROUPED = ("waiting_room", "briefing", "game")


def needs_nobody(context: Context) -> bool:
    """Whether only automated seats play, so that nobody enters, consents or waits: such a study is only ever run."""
    plans = list(context.study.groups.values()) if "groups" in context.sections else []
    only_games = all(stage.kind == "game" for _, stage in context.stages())
    return only_games and len(plans) == 1 and plans[0].humans == 0


@needs("waves")
def consent_first(context: Context) -> None:
    """E401: consent, once, before anything else, where people come."""
    if needs_nobody(context):
        return
    for path, stage in context.stages():
        is_first = path == ("waves", 0, "stages", 0)
        if is_first and stage.kind != "consent":
            what = f'"{stage.id}" comes before consent.'
            context.say("E401", path, what, "Consent must be first.")
        if not is_first and stage.kind == "consent":
            context.say("E401", path, "consent is asked a second time.", "Keep the first stage only.")
        if isinstance(stage, ConsentStage) and not any(tick.required for tick in stage.ticks):
            context.say(
                "E401", (*path, "ticks"), "no tick is required, so nobody agrees.", "Set required: true on one."
            )


@needs("waves")
def ids_once(context: Context) -> None:
    """E408: an id names one thing."""
    seen: set[str] = set()
    for path, stage in context.stages():
        if stage.id in seen:
            context.say("E408", (*path, "id"), f'"{stage.id}" is used by an earlier stage.', "Give it another id.")
        if stage.id in PLACES_OF_OURS:
            what = f'"{stage.id}" is the name of pages that belong to no stage: `differs` and `study screens` use it.'
            context.say("E408", (*path, "id"), what, "Give the stage another id.")
        seen.add(stage.id)
        lists = {"ticks": getattr(stage, "ticks", []), "check": getattr(stage, "check", [])}
        for key, entries in lists.items():
            ids = [entry.id for entry in entries]
            if len(set(ids)) < len(ids):
                context.say("E408", (*path, key), "an id stands twice.", "Give each its own.")


@needs("waves", "groups")
def groups_formed(context: Context) -> None:
    """E403: whoever meets others has waited for them."""
    formed, wave = "", 0
    for path, stage in context.stages(*GROUPED):
        if path[1] != wave:  # whoever meets in one visit does not meet in the next without waiting
            formed, wave = "", int(path[1])
        if isinstance(stage, WaitingRoomStage):
            if stage.forms not in context.study.groups:
                context.say(
                    "E403",
                    (*path, "forms"),
                    f'"{stage.forms}" is not in groups.',
                    meant(stage.forms, context.study.groups),
                )
            elif context.study.groups[stage.forms].humans == 0:
                context.say("E403", (*path, "forms"), f"{stage.forms} has no seats for people.", "Give a role humans.")
            formed = stage.forms
        elif not formed and not needs_nobody(context) and not _is_for_one(context, stage):
            what = f"{stage.kind} needs a group, but no waiting_room forms it before."
            context.say("E403", path, what, "Put a waiting_room stage before it.")


@needs("waves")
def game_within_reach(context: Context) -> None:
    """E405: who has a seat comes to the game in a bounded time, because the others wait for them there."""
    untimed: list[tuple[Path, str]] | None = None  # since the last waiting room; None: no group is on its way
    for path, stage in context.stages():
        if path[-1] == 0:
            untimed = None
        if stage.kind == "waiting_room":
            untimed = []
        elif stage.kind == "game":
            for place, name in untimed or []:
                what = f'"{name}" stands between a waiting room and its game; whoever stays there holds up the others.'
                remedy = (
                    "Move it before the waiting room or after the game; only a briefing or practice may stand between."
                )
                context.say("E405", place, what, remedy)
            untimed = None
        elif untimed is not None and stage.kind not in ("briefing", "practice"):
            untimed.append((path, stage.id))


def _is_for_one(context: Context, stage: object) -> bool:
    """A condition page of people who are allocated one by one needs nobody else."""
    if not isinstance(stage, BriefingStage) or "allocation" not in context.sections:
        return False
    of = [rule for rule in context.study.allocations if not rule.factors or stage.by in rule.factors or not stage.by]
    return bool(of) and all(rule.unit in ("participant", "session", "study") for rule in of)


@needs("waves")
def order_is_sound(context: Context) -> None:
    """W408, W407: a debrief comes after what it explains, and waiting is paid."""
    debriefed = ""
    for path, stage in context.stages():
        if stage.kind == "debrief":
            debriefed = stage.id
        elif debriefed and isinstance(stage, SurveyStage | GameStage | QuizStage):
            what = f'comes after the debrief "{debriefed}", which tells what the study is about.'
            context.say("W408", path, what, "Move the debrief to the end.")
        if isinstance(stage, WaitingRoomStage):
            _waiting_is_paid(context, path, stage)


def _waiting_is_paid(context: Context, path: Path, stage: WaitingRoomStage) -> None:
    exit_ = context.study.exits.get(stage.on_timeout.exit) if "exits" in context.sections else None
    if not stage.asks_ready:  # who comes is seated at once
        return
    if exit_ and exit_.pay == "none":
        context.say("W407", (*path, "on_timeout"), "leads to an exit that pays none.", "Waiting people must be paid.")
    if stage.pay_per_minute == 0:
        context.say("W407", (*path, "pay_per_minute"), "is nothing.", "Waiting people must be paid.")


CHECKS = [consent_first, ids_once, groups_formed, game_within_reach, order_is_sound]
