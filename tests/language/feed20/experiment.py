"""Twenty seats post, comment and vote in one feed, each with a quota; then each says how much it belongs."""

from collections.abc import Mapping
from typing import Any

from paradigm import Decision, Experiment, Feed, Parameters, Place, Rating, Role, State, Talk, Turn, View, setting


class Settings(Parameters):
    quota: int = setting(3, "Entries that each seat may make", unit="entries", ge=1, le=50)
    feed_seconds: int = setting(600, "Time to read and write", unit="s", ge=10, le=7200)


def view(place: Place, state: State) -> View:
    """The feed's page fills the lines by itself, in the channel's order; here is only what it cannot know."""
    return View(facts={"me": place.position, "members": len(state.places)})


def member(turn: Turn) -> Mapping[str, Any]:
    """Post while the page is empty; then mostly comment or vote on something that the page shows."""
    if turn.fields and turn.step == "probe":
        return {one.key: one.simulate(turn.rng) for one in turn.fields}
    others = [line for line in turn.view.lines if line.who and line.kind != "vote"]
    act = turn.rng.choice(["post", "comment", "vote"]) if others else "post"
    if act == "post":
        return {
            "entries": [{"kind": "post", "text": f"Number {turn.place.position} here, day {turn.rng.randint(1, 99)}."}]
        }
    to = turn.rng.choice(others).seq
    if act == "comment":
        return {"entries": [{"kind": "comment", "text": "I see it the same way.", "facts": {"to": to}}]}
    return {"entries": [{"kind": "vote", "text": "", "facts": {"to": to, "value": turn.rng.choice([1, -1])}}]}


experiment = Experiment(
    name="feed20",
    roles={"member": Role()},
    parameters=Settings,
    steps=[
        Talk("feed", Feed(max_chars=300, page_size=20, ranking="votes"), seconds="feed_seconds", quota="quota"),
        Decision(
            "probe",
            by="member",
            fields=[Rating("belonging", "How much do you feel part of this group?", low=1, high=7)],
            voids_match=False,
        ),
    ],
    view=view,
    policies={"member": member},
)
