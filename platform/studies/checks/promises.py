"""What the platform's own pages promise about pay: the exits of a study must keep it."""

from studies.checks.context import Context, needs
from studies.checks.money import pays_nothing, spelt
from studies.checks.references import AWAY
from studies.checks.stages import needs_nobody
from studies.schema_stages import GameStage
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


def _pays(context: Context) -> bool:
    return context.study.fixed_pay > 0 or context.study.payments.points is not None


CHECKS = [pay_is_as_promised, nobody_loses_what_was_earned]
