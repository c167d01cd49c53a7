"""How seats without a person or a model answer: a program that says what it is, and a made-up person for trials."""

from collections.abc import Mapping
from typing import Any

from paradigm import Circles, Field, Policy, Text, Turn

AS_A_PROGRAM = (
    "I am a program, so I have no answer of my own to that. I can only say that I read the question with care.",
    "A program has no such story. If I were to have one, I would want it to be a plain one.",
    "I have nothing to tell here: no days, no home and no past. I wonder what yours is like.",
    "As a program I cannot know that. I keep to reading what you write.",
    "There is no honest answer that I could give, since I am a program. Yours would interest me more.",
)
TAKEN_UP = "You wrote: {words} I have no story of my own to set beside it, because I am a program."
AS_A_PERSON = (
    "I would say that it depends on the day, and mostly on who is there.",
    "I think of a summer some years ago, when I lived with two friends.",
    "I am not sure. My sister would have an answer at once.",
    "I like things to be quiet, so I would go for a long walk.",
    "I have never told many people about that, to be honest.",
    "I grew up in a small town, and I think that has much to do with it.",
    "I laugh about it now, but it was not easy then.",
    "I would have to ask my mother, she remembers such things.",
)
LONGEST_QUOTE = 120


def program(turn: Turn) -> Mapping[str, Any]:
    """Says that it is a program, and takes up what the other has answered already."""
    heard = [line.text for line in turn.view.lines if line.who]
    words = turn.rng.choice(AS_A_PROGRAM)
    if heard and turn.rng.random() < 0.5:
        words = TAKEN_UP.format(words=f'"{heard[0][:LONGEST_QUOTE]}"')
    return {field.key: _filled(field, words, point=1) for field in turn.fields}


def made_up(turn: Turn) -> Mapping[str, Any]:
    """Plays a person who answers something: for trials, never as a partner."""
    words = turn.rng.choice(AS_A_PERSON)
    return {field.key: _filled(field, words, point=turn.rng.randint(1, 7)) for field in turn.fields}


def _filled(field: Field, words: str, *, point: int) -> Any:
    """Words where words are asked for; of circles a point, which of a program means nothing."""
    if isinstance(field, Circles):
        return point
    return words[: int(field.max_chars)] if isinstance(field, Text) else None


POLICIES: Mapping[str, Policy] = {"program": program, "made_up": made_up}
