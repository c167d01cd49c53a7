"""A conversation that one of its two sides writes as a whole: the field that it is written in, and how it is cut."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from paradigm import FieldError, Place, State, Text

_LINE = re.compile(r"\s*([A-Z])\s*:\s*(.*\S)\s*")
LEAVES = "[leaves]"


def turns_of(text: str, first: str) -> list[dict[str, str]]:
    """Turn by turn what each side says, by letter; lines of one side in a row are one, save that it goes away.

    Raises:
        FieldError: a line begins with no letter and colon.
    """
    found: list[dict[str, str]] = []
    before = ""
    for line in filter(str.strip, text.splitlines()):
        read = _LINE.fullmatch(line)
        if read is None:
            what = 'This line does not begin with who speaks and a colon: "%(line)s"'
            raise FieldError("no_line", what, line=line[:60])
        who, words = read[1], read[2]
        if who == before and words.casefold() != LEAVES:
            found[-1][who] += f" {words}"
        elif who == first or not found or who in found[-1]:
            found.append({who: words})
        else:
            found[-1][who] = words
        before = who
    return found


def act_of(words: str | None) -> dict[str, Any]:
    """What somebody does who has such words in a script: nothing, leave, do what stands in brackets, or speak."""
    if not words:
        return {"act": "none", "words": ""}
    if words.casefold() == LEAVES:
        return {"act": "leave", "words": ""}
    if words.startswith("[") and words.endswith("]"):
        return {"act": "do", "words": words[1:-1].strip()}
    return {"act": "speak", "words": words}


@dataclass(frozen=True)
class Dialogue(Text):
    """A conversation of two, a line for each time that somebody says or does something.

    Attributes:
        sides: Their letters; the first begins.
        turns: How many turns it has at most.
        each: The most characters of what one says at a time.
    """

    sides: Sequence[str] = ("A", "B")
    turns: int | str = 20
    each: int | str = 400

    def resolve(self, place: Place, state: State) -> "Dialogue":
        number = state.parameters.number
        return replace(self, max_chars=number(self.max_chars), turns=number(self.turns), each=number(self.each))

    def parse(self, raw: Any) -> str:
        text = super().parse(raw)
        turns = turns_of(text, self.sides[0])
        if len(turns) > int(self.turns):
            raise FieldError("too_many", "Please write at most %(most)s lines for each side.", most=self.turns)
        for who, words in (each for turn in turns for each in turn.items()):
            if who not in self.sides:
                raise FieldError("nobody", "There is nobody who is called %(who)s.", who=who)
            if len(words) > int(self.each):
                raise FieldError("too_long", "Please use at most %(most)s characters at a time.", most=self.each)
        return text

    def simulate(self, rng: Random) -> str:
        lines = rng.randint(2, max(2, min(6, int(self.turns))))
        words = ["well", "I", "would", "like", "to", "know", "what", "you", "think", "of", "it"]
        said = [" ".join(rng.sample(words, k=5))[: int(self.each)].strip() for _ in range(lines)]
        return "\n".join(f"{self.sides[at % 2]}: {one}" for at, one in enumerate(said))[: int(self.max_chars)].strip()

    @property
    def bounds(self) -> str:
        first, second = self.sides
        return (
            f"at most {self.max_chars} characters; each time that somebody speaks is a line that begins with {first}: "
            f"or {second}:, at most {self.turns} for each; what is done is in [brackets]; who goes away: {LEAVES}"
        )
