"""Two talk, at most three entries each; then each says a number."""

from typing import Any

from paradigm import Chat, Decision, Experiment, Parameters, Place, Points, Role, State, Talk, Turn, View, setting


class Settings(Parameters):
    quota: int = setting(3, "Entries each", unit="entries", ge=0, le=50)
    chars: int = setting(40, "Longest message", unit="characters", ge=1, le=400)
    least: int = setting(0, "Shortest message", unit="characters", ge=0, le=400)
    active: int = setting(0, "Active before it may be ended", unit="s", ge=0)
    idle: int = setting(60, "Of a silence counts", unit="s", ge=1)
    turns: int = setting(0, "Entries each before it may be ended", unit="entries", ge=0)
    longest: int = setting(120, "Longest talk", unit="s", ge=1)
    answering: int = setting(60, "Longest answer", unit="s", ge=1)
    ends: str = setting("all", "Who ends it")
    pastes: str = setting("allowed", "What becomes of pastes")
    topic: str = setting("", "What to talk about", max_length=200)
    typing: str = setting("off", "Whether writing is seen")
    contacts: str = setting("held", "What becomes of contact details")


def talkative(turn: Turn) -> dict[str, Any]:
    if turn.step != "talk":
        return {"number": turn.rng.randint(0, 9)}
    return {"message": f"word {turn.rng.randint(1, 99)}", "then": "more"}


def sentences(turn: Turn) -> dict[str, Any]:
    if turn.step != "talk":
        return {"number": 1}
    return {"message": "One thing. Another thing! And a last one?", "then": "more"}


def broken(turn: Turn) -> dict[str, Any]:
    raise ZeroDivisionError("a policy with a fault")


def greedy(turn: Turn) -> dict[str, Any]:
    return {"number": 99, "message": "x" * 1000}


def view(place: Place, state: State) -> View:
    return View(page="talk")


TALK = Talk(
    "talk",
    Chat(max_chars="chars", min_chars="least", pastes="pastes", typing="typing"),
    quota="quota",
    seconds="longest",
    min_active_seconds="active",
    idle_seconds="idle",
    min_turns="turns",
    ends="ends",
    contacts="contacts",
)

experiment = Experiment(
    name="chatting",
    roles={"talker": Role()},
    parameters=Settings,
    steps=[
        TALK,
        Decision("answer", by="*", fields=[Points("number", "Your number", low=0, high=9)], seconds="answering"),
    ],
    view=view,
    policies={"talkative": talkative, "sentences": sentences, "broken": broken, "greedy": greedy},
)
