"""A feed: posts, comments and votes."""

from typing import Any

from paradigm import Experiment, Feed, Place, Role, State, Talk, Turn, View


def sociable(turn: Turn) -> dict[str, Any]:
    number = turn.rng.randint(1, 99)
    shown = [line.seq for line in turn.view.lines if line.kind == "post" and line.who]
    if not shown:
        return {"entries": [{"kind": "post", "text": f"post {number}"}]}
    first = {"kind": "vote", "text": "", "facts": {"to": shown[0], "value": 1}}
    return {"entries": [first, {"kind": "comment", "text": f"reply {number}", "facts": {"to": shown[-1]}}]}


def view(place: Place, state: State) -> View:
    return View(page="feed")


experiment = Experiment(
    name="feeding",
    roles={"reader": Role()},
    steps=[Talk("feed", Feed(max_chars=200, page_size=5, ranking="votes"), quota=3, seconds=600)],
    view=view,
    policies={"sociable": sociable},
)
