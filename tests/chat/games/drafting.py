"""A document in three parts, with no limit to the edits."""

from typing import Any

from paradigm import Document, Experiment, Place, Role, State, Talk, Turn, View


def edits(turn: Turn) -> dict[str, Any]:
    part = turn.rng.choice(["facts", "options", "advice"])
    return {"section": part, "message": f"{part} {turn.rng.randint(1, 99)}"}


def view(place: Place, state: State) -> View:
    return View(page="draft")


experiment = Experiment(
    name="drafting",
    roles={"writer": Role()},
    steps=[Talk("draft", Document(sections=("facts", "options", "advice"), max_chars=500), seconds=600)],
    view=view,
    policies={"edits": edits},
)
