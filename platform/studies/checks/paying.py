"""Which rounds pay: the keys belong together, the blocks fit the game, and people are told."""

from collections.abc import Iterator

from studies.checks.context import Context, needs
from studies.checks.games import found_experiment, found_parameters, round_counts
from studies.markdown import slot_names
from studies.prizes import prizes_in
from studies.schema_pay import ONE_PER_BLOCK
from studies.schema_stages import ConsentStage, GameStage, InstructionsStage
from studies.yaml_file import Path

HERE: Path = ("payments", "points")
SLOT = "points_rule"


@needs("payments")
def keys_belong(context: Context) -> None:
    """E440, W440: blocks have a length where there are any; a round that does not count is no way out."""
    rule = context.study.payments.points
    if rule is None:
        return
    if rule.pay == ONE_PER_BLOCK and rule.block_rounds is None:
        context.say("E440", (*HERE, "block_rounds"), "is missing.", "Say how many rounds a block has: block_rounds: 5.")
    if rule.pay != ONE_PER_BLOCK and rule.block_rounds is not None:
        what = f"belongs to pay: {ONE_PER_BLOCK}, not to {rule.pay}."
        context.say("E440", (*HERE, "block_rounds"), what, "Remove it.")
    if rule.void == "left_out" and not rule.is_drawn:
        context.say("E440", (*HERE, "void"), f"nothing is drawn under pay: {rule.pay}.", "Remove it.")
    elif rule.void == "left_out":
        what = "somebody who does not answer takes a bad round out of the draw."
        context.say("W440", (*HERE, "void"), what, "Prefer the default, under which such a round may be drawn.")


@needs("payments", "waves", "factors")
def blocks_fit(context: Context) -> None:
    """E441, W441: a game has more than one block, and all of the same length."""
    rule = context.study.payments.points
    if rule is None or rule.pay != ONE_PER_BLOCK or rule.block_rounds is None:
        return
    for count in sorted(set(round_counts(context))):
        if count <= rule.block_rounds:
            what = f"the game has {count} rounds, so {rule.block_rounds} are no block of it."
            context.say("E441", (*HERE, "block_rounds"), what, "Shorten the block, or write pay: one_random_round.")
        elif count % rule.block_rounds:
            what = (
                f"{count} rounds are no multiple of {rule.block_rounds}: rounds of the last block are drawn more often."
            )
            context.say("W441", (*HERE, "block_rounds"), what, "Change the number of rounds, or the block's.")


@needs("payments", "waves")
def people_are_told(context: Context) -> None:
    """W442: what is drawn is said before the game."""
    rule = context.study.payments.points
    if rule is None or not rule.is_drawn or not any(True for _ in context.stages("game")):
        return
    if not any(SLOT in slot_names(text) for text in _texts(context)):
        what = f"no consent or instructions page holds {{{{ {SLOT} }}}}, which says what is paid."
        context.say("W442", (*HERE, "pay"), what, "Write the slot on an instructions page.")


@needs("payments", "waves", "factors")
def beliefs_are_drawn_too(context: Context) -> None:
    """W444: a belief is paid instead of its round, so it is paid only where that is."""
    rule = context.study.payments.points
    for _, stage in context.stages("game") if rule and rule.is_drawn else ():
        assert isinstance(stage, GameStage)
        experiment = found_experiment(stage)
        bonus = experiment.bonus if experiment else None
        if bonus and any(each.number(bonus.prize) for each in found_parameters(context.study, stage)):
            what = "a belief that is drawn is paid only where its round is drawn to be paid, too."
            context.say("W444", (*HERE, "pay"), what, "Tell people so, or write pay: all_rounds.")


@needs("payments", "waves", "factors")
def prizes_are_told(context: Context) -> None:
    """W459: that a belief may be paid in place of its round is said before anybody decides what that round brings."""
    rule = context.study.payments.points
    if rule is None or rule.is_drawn or any(SLOT in slot_names(text) for text in _texts(context)):
        return  # of drawn rounds the check above says the same
    for path, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        if found_parameters(context.study, stage) and any(prizes_in(context.study, stage)):
            what = f"a belief is paid instead of its round; no consent or instructions page holds {{{{ {SLOT} }}}}."
            context.say("W459", (*path, "parameters"), what, "Write the slot, which says so, on an instructions page.")


def _texts(context: Context) -> Iterator[str]:
    for path, stage in context.stages("consent", "instructions"):
        if isinstance(stage, ConsentStage):
            yield context.read(stage.document, (*path, "document")) or ""
        if isinstance(stage, InstructionsStage) and stage.when is None:
            for at, file in enumerate(stage.pages):
                yield context.read(file, (*path, "pages", at)) or ""


CHECKS = [keys_belong, blocks_fit, people_are_told, beliefs_are_drawn_too, prizes_are_told]
