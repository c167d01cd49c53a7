"""Each round an observer meets one partner, a person or a program by chance, and nobody says which.

Everybody draws from the same words, so that what is written tells nothing. The observer acts at once: what a page does
after that is the partner's doing.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from paradigm import (
    Card,
    Chat,
    Decision,
    Experiment,
    Matching,
    MatchPlan,
    Parameters,
    Place,
    Points,
    Role,
    Show,
    State,
    Talk,
    Text,
    Turn,
    View,
    setting,
)

WORDS = ("ox", "yo", "hi", "oak", "elm", "fir", "iris", "lily", "moss", "amber", "birch", "cedar")
LAST_WORDS = 0.5  # share of open talks that end with words, and not without any


class Settings(Parameters):
    rounds: int = setting(12, "Rounds", unit="rounds", ge=1, le=100)
    seconds: int = setting(7, "Time for a step", unit="s", ge=3, le=600)


def dyads(matching: Matching) -> Sequence[MatchPlan]:
    """Every observer meets a partner by chance. Positions are seat numbers, as where a whole group meets."""
    observers = [seat.number for seat in matching.seats if seat.role == "observer"]
    partners = [seat.number for seat in matching.seats if seat.role == "partner"]
    matching.rng.shuffle(partners)
    return [MatchPlan({str(a): a, str(b): b}) for a, b in zip(observers, partners, strict=False)]


def view(place: Place, state: State) -> View:
    """Both words, once both have been written."""
    words = {seat: act["word"] for seat, act in state.acts("word").items()}
    cards = [Card(each.position, each.label, words.get(each.seat, "")) for each in state.places]
    return View(facts={"letter": place.position}, cards=cards if words else [])


def contribution(step: str, made: int, rng: Random) -> dict[str, str]:
    """What somebody does in a talk: their own words, and whether they end it. The open one ends with a second turn."""
    is_last = step == "chat" and made > 0
    has_words = not is_last or rng.random() < LAST_WORDS
    return {"message": rng.choice(WORDS) if has_words else "", "then": "ready" if is_last else "more"}


def likely(turn: Turn) -> Mapping[str, Any]:
    """A partner that writes some word, gives some number, and talks like the people of this test."""
    if turn.step in {"talk", "chat"}:
        return contribution(turn.step, sum(line.who == "" for line in turn.view.lines), turn.rng)
    return {one.key: turn.rng.choice(WORDS) if one.kind == "text" else turn.rng.randint(0, 9) for one in turn.fields}


experiment = Experiment(
    name="meeting",
    roles={"observer": Role(human=True), "partner": Role()},
    parameters=Settings,
    pairing=dyads,
    steps=[
        Decision("word", by="*", fields=[Text("word", "A word", max_chars=5, long=False)], seconds="seconds"),
        Talk("talk", Chat(max_chars=5, typing="shown"), quota=2, seconds=60, when=lambda state: state.round % 2 == 0),
        Talk(
            "chat", Chat(max_chars=5, typing="shown"), seconds=60, ends="any", when=lambda state: state.round % 2 == 1
        ),
        Decision("number", by="*", fields=[Points("number", "A number", low=0, high=9)], seconds="seconds"),
        Show("both", seconds=20),
    ],
    view=view,
    policies={"likely": likely},
)
