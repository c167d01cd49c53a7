"""What the platform's own pages promise about pay: the exits of a study must keep it."""

from studies.checks.context import Context, needs
from studies.checks.money import pays_nothing, spelt
from studies.checks.references import AWAY
from studies.checks.stages import needs_nobody
from studies.schema import Exit
from studies.schema_stages import GameStage, WaitingRoomStage
from studies.yaml_file import Path


@needs("exits", "payments", "waves", "groups")
def pay_is_as_promised(context: Context) -> None:
    """E450: who stays to the end gets the base, and neither deleting one's data nor being away costs anything."""
    exits = context.study.exits
    if needs_nobody(context) or not _pays(context):
        return
    left, withdrawn, away, completed = (exits.get(name) for name in ("left", "withdrawn", AWAY, "completed"))
    if left and withdrawn and (left.pay, left.amount) != (withdrawn.pay, withdrawn.amount):
        what = f"pays {spelt(withdrawn)}, but left pays {spelt(left)}: people read that their pay stays the same."
        context.say("E450", ("exits", "withdrawn"), what, "Let both pay alike.")
    if left and away and (left.pay, left.amount) != (away.pay, away.amount):
        what = f"pays {spelt(away)}, but left pays {spelt(left)}: people read nothing else of what they keep."
        context.say("E450", ("exits", AWAY), what, "Let both pay alike.")
    has_game = any(True for _ in context.stages("game"))
    if completed and completed.pay != "full" and not (completed.pay == "earned" and has_game):
        what = f"pays {spelt(completed)}, but people read that they earn the base if they stay to the end."
        context.say("E450", ("exits", "completed"), what, "Write pay: full.")


@needs("exits", "payments", "waves", "groups")
def nobody_loses_what_was_earned(context: Context) -> None:
    """W450: whoever stops early, is stopped by others, or was away for too long keeps what was earned until then."""
    if needs_nobody(context) or not _pays(context):
        return
    leading: dict[str, tuple[Path, str]] = {"left": (("exits", "left"), "for whoever stops early")}
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        leading.setdefault(stage.on_too_few.exit, ((*path, "on_too_few"), "for whoever the others have left"))
        leading.setdefault(stage.on_timeout.exit, ((*path, "on_timeout"), "for whoever misses some acts in a row"))
    for name, (path, whom) in leading.items():
        exit_ = context.study.exits.get(name)
        if exit_ and pays_nothing(exit_):
            what = f'"{name}" pays {spelt(exit_)}, {whom}: points and time given are lost.'
            context.say("W450", path, what, "Use pay: earned or full.")


@needs("exits", "waves")
def leaving_a_room_is_what_it_says(context: Context) -> None:
    """E844, W834: who does not want to wait any more is paid as who waited in vain, and reads what is true of them."""
    exits = context.study.exits
    failed = {stage.on_too_few.exit for _, stage in context.stages("game") if isinstance(stage, GameStage)}
    for path, stage in context.stages("waiting_room"):
        assert isinstance(stage, WaitingRoomStage)
        in_vain, leaving = exits.get(stage.on_timeout.exit), exits.get(stage.left_by.exit)
        if in_vain and leaving and leaving.pay != "full" and _pay_of(in_vain) != _pay_of(leaving):
            what = f"pays {spelt(leaving)}, but {stage.on_timeout.exit} pays {spelt(in_vain)}: who leaves loses by it."
            context.say("E844", (*path, "on_leave"), what, "Let both pay alike, or the one for leaving full.")
        if stage.on_leave is None and stage.on_timeout.exit in failed:
            what = f'leads whoever presses Leave to "{stage.on_timeout.exit}", as those whose game could not go on.'
            context.say("W834", (*path, "on_timeout"), what, "Name another exit in on_leave: {exit: …}.")


def _pay_of(exit_: Exit) -> tuple[str, object]:
    return exit_.pay, exit_.amount


def _pays(context: Context) -> bool:
    return context.study.fixed_pay > 0 or context.study.payments.points is not None


CHECKS = [pay_is_as_promised, nobody_loses_what_was_earned, leaving_a_room_is_what_it_says]
