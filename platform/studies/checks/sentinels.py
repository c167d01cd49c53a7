"""Sentinel prompts: that there is a model to ask, and something to ask it."""

from studies.checks.context import Context, needs
from studies.sentinels import MOST_CHARS, MOST_PROMPTS, prompts_in, watched_models


@needs("sentinels", "partners")
def sentinels_can_be_asked(context: Context) -> None:
    """E880, E881: some partner has a model, and the file holds a few short prompts."""
    said = context.study.sentinels
    if said is None:
        return
    if not watched_models(context.study):
        what = "are asked of the models of partners, and no partner has one."
        context.say("E880", ("sentinels",), what, "Remove them.")
    text = context.read(said.prompts, ("sentinels", "prompts"))
    found = prompts_in(text) if text is not None else []
    if text is not None and not 1 <= len(found) <= MOST_PROMPTS:
        what = f"{said.prompts} holds {len(found)} prompts; from 1 to {MOST_PROMPTS} are allowed."
        context.say("E881", ("sentinels", "prompts"), what, "Write a few, with a line of --- between two.")
    for number, prompt in enumerate(found, start=1):
        if len(prompt) > MOST_CHARS:
            what = f"prompt {number} has {len(prompt)} characters; {MOST_CHARS} are allowed."
            context.say("E881", ("sentinels", "prompts"), what, "Shorten it.")


CHECKS = [sentinels_can_be_asked]
