"""How seats without a person or a model decide. All take their words from one pool: words tell nothing of the rule."""

from collections.abc import Mapping
from functools import partial
from itertools import product
from typing import Any

from paradigm import Field, Points, Policy, Text, Turn

STARTS = ("", "", "", "hi, ", "hey, ", "well, ", "hmm ", "ok so ")
ENDS = ("", "", "", ".", "!", " :)", " i guess", ", good luck")
SAID = """i think we can both do well here / i just go with my gut / depends a bit on the round to be honest / lets see
/ its only a few points, no stress / pick whoever you like / you never know until you try / happy to play along / fine
/ not so good with questions like this one / id say give it a go / we both want to leave with something / no big plans
/ i would rather not say a number yet / good question, let me think about that one / hard to say, just playing here"""
ASKED = """how much would you send back? / why should i pick you? / what do you plan to do here? / any number in mind?
/ what do you think is fair here? / how did your last round go? / what would you do if you were me? / and you? / /"""
said, asked = ([text.strip() for text in pool.split("/")] for pool in (SAID, ASKED))
POOLS = {"message": ["".join(parts) for parts in product(STARTS, said, ENDS)], "question": asked}


def _answer(turn: Turn, field: Field, mean: float, spread: float, keeps: float) -> Any:
    if isinstance(field, Text):
        return turn.rng.choice([text for text in POOLS[field.name] if len(text) <= int(field.max_chars)])
    if isinstance(field, Points):
        drawn = turn.rng.gauss(mean, spread) if field.name == "returned" else turn.rng.gauss(0.5, 0.2)
        return round(int(field.high) * min(1.0, max(0.0, drawn)))
    return "keep" if turn.rng.random() < keeps else turn.rng.choice(["A", "B"])


def play(turn: Turn, *, mean: float, spread: float, keeps: float) -> Mapping[str, Any]:
    """Sends back about `mean` of the pot (a study may set it); as Chooser keeps the points with a fixed chance."""
    share = float(turn.settings.get("mean", mean))
    return {field.key: _answer(turn, field, share, spread, keeps) for field in turn.fields}


def reciprocator(turn: Turn) -> Mapping[str, Any]:
    """Sends back more after a round in which it was picked, less after one in which it was not."""
    was_picked = turn.view.tables[0].rows[-1][2] if turn.view.tables else ""
    return play(turn, mean={"yes": 0.6, "no": 0.3}.get(str(was_picked), 0.45), spread=0.05, keeps=0.15)


POLICIES: dict[str, Policy] = {
    "fair": partial(play, mean=0.5, spread=0.05, keeps=0.15),
    "selfish": partial(play, mean=0.05, spread=0.05, keeps=0.5),
    "noisy": partial(play, mean=0.5, spread=0.35, keeps=0.33),
    "reciprocator": reciprocator,
}
