"""The active control: a word game with a program, over the same talk, in the same time. Pure; words are English.

Odd words are to be found from their letters, even ones begin with the letter with which the last one ended. Everybody
has the same words in the same order, and another stretch of them at each visit. The game stands in what the program
has said: it reads its own last lines and keeps nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from experiments.longitudinal_chat import wording
from paradigm import Line, Turn

LISTED = """apple bridge candle dragon engine forest garden hammer island jacket kitchen ladder market needle orange
pencil rabbit saddle ticket window anchor basket camera desert eleven finger guitar harbor insect jungle kettle lemon
mirror napkin oyster pepper ribbon silver tunnel violin autumn button castle dinner embers fabric ginger helmet impact
jersey kernel litter magnet nature office planet radish sample timber velvet artist bottle circus doctor escape flower
gravel honest injury joyful kidney lizard melody number option parrot rocket spider turtle vessel answer beacon carpet
donkey effort falcon galaxy hunter income jigsaw ketchup lantern meadow nickel ornate pillow rescue singer travel
useful winter arrow berry chair dream earth field grape house ivory juice knife leaf month night ocean piano quilt
river storm tiger uncle voice water yacht zebra bread cloud dance eagle flame glass image jewel koala light
mouse nurse olive paint queen robin sheep table unity video wheel youth alarm beach clock daisy entry fruit giant
igloo judge kayak lunch metal noise onion pearl radio snake train under visit world adult blade coast diary
enemy frost green honey index jelly label magic north order plant quiet rainy salad teach urban vapor wrist album
brick crown depth error fever guest habit input joint laugh maple novel orbit pizza range scarf torch upper vital
watch actor badge cabin drama event fence globe hotel ideal kneel layer motor nerve organ phone rural shelf tower
value whale acorn bench cargo ditch elbow ferry giraffe hobby ivy joker lobby mayor noble otter panel razor shore
tulip valid wagon"""
WORDS = LISTED.split()
A_VISIT = 40  # words for each visit, before they begin anew
MOST_TRIES = 3
GREETING = "Welcome to the word game."
SKIPS = frozenset({"skip", "next", "pass"})
_TASK = re.compile(
    r"Word (?P<number>\d+): (find the word in these letters: (?P<letters>[A-Z]+)"
    r"|write a word that begins with (?P<first>[A-Z]))"
)
_FOUND = re.compile(r"That makes (\d+)\b")
_ONE_WORD = re.compile(r"[a-z]{3,20}")
RIGHT = ("Right!", "Yes!", "Correct!")


def word_of(number: int, visit: int) -> str:
    """The word of a task, from 1, at a visit."""
    return WORDS[((visit - 1) * A_VISIT + number - 1) % len(WORDS)]


def letters_of(word: str) -> str:
    """A word's letters in an order that is not its own; the same whenever asked."""
    letters, rng = list(word.upper()), Random(f"letters/{word}")  # noqa: S311  seeded on purpose
    while "".join(letters) == word.upper():
        rng.shuffle(letters)
    return "".join(letters)


@dataclass(frozen=True)
class Task:
    """What is to be found: a word from its letters, or a new one with a first letter.

    Attributes:
        answers: What was answered since it was set, oldest first.
        used: What was answered before.
        asks_kind: Whether the player has just asked what the host is. That is no answer.
    """

    number: int
    letters: str
    first: str
    answers: Sequence[str]
    used: Sequence[str]
    asks_kind: bool

    @property
    def answer(self) -> str:
        """The newest answer; "" where there is none."""
        return self.answers[-1] if self.answers else ""


def host(turn: Turn) -> Mapping[str, Any]:
    """Leads through the game: sets a word, judges the answer, helps, and goes on."""
    visit, lines = int(turn.view.facts.get("conversation", 1)), turn.view.lines
    task = task_in(lines)
    if task is None:
        return _say(f"{GREETING} {_set(1, visit, '')}")
    if task.asks_kind:
        return _say(f"{wording.I_AM_ONE} The word is still to be found.")
    word = word_of(task.number, visit)
    if is_right(task, word):
        found = f"{turn.rng.choice(RIGHT)} That makes {_found(lines) + 1} so far."
        return _say(f"{found} {_set(task.number + 1, visit, task.answer)}")
    if task.answer in SKIPS or len(task.answers) >= MOST_TRIES:
        shown = f"It was {word.upper()}. " if task.letters else ""
        return _say(f"{shown}Let us go on. {_set(task.number + 1, visit, word)}")
    return _say(_help(task, word))


def solver(turn: Turn) -> Mapping[str, Any]:
    """Plays a person who finds most of the words: for trials."""
    task, words = task_in(turn.view.lines), "I do not know"
    if task is not None and turn.rng.random() < 0.7:
        fitting = [word for word in WORDS if _fits(word, task) and word not in task.used]
        words = turn.rng.choice(fitting) if fitting else "skip"
    own = sum(1 for line in turn.view.lines if not line.who)
    return {**_say(words), "then": "ready" if own >= 6 and turn.rng.random() < 0.4 else "more"}


def task_in(lines: Sequence[Line]) -> Task | None:
    """The last task that was set, with what the player answered; None before the first."""
    set_at = [at for at, line in enumerate(lines) if _TASK.search(line.text)]
    found = _TASK.search(lines[set_at[-1]].text) if set_at else None
    if found is None:
        return None
    host_is_me = not lines[set_at[-1]].who
    said = [(at, _bare(line.text)) for at, line in enumerate(lines) if bool(line.who) == host_is_me]
    since = [text for at, text in said if at > set_at[-1]]
    return Task(
        number=int(found["number"]),
        letters=found["letters"] or "",
        first=found["first"] or "",
        answers=[text for text in since if not wording.asks_kind(text)],
        used=[text for at, text in said if at < set_at[-1]],
        asks_kind=bool(since) and wording.asks_kind(since[-1]),
    )


def is_right(task: Task, word: str) -> bool:
    """Whether the newest answer is the word that is looked for, or a new one that begins as it must."""
    if task.letters:
        return task.answer == word
    return bool(_ONE_WORD.fullmatch(task.answer)) and _fits(task.answer, task) and task.answer not in task.used


def _fits(word: str, task: Task) -> bool:
    return sorted(word.upper()) == sorted(task.letters) if task.letters else word[0].upper() == task.first


def _set(number: int, visit: int, before: str) -> str:
    """The words that set a task."""
    if number % 2 or not before:
        return f"Word {number}: find the word in these letters: {letters_of(word_of(number, visit))}"
    return f"Word {number}: write a word that begins with {before[-1].upper()}, the last letter of {before.upper()}."


def _help(task: Task, word: str) -> str:
    if task.letters:
        return f'That is not the one. It begins with {word[: len(task.answers)].upper()}. Try again, or write "skip".'
    return f'I need one new word, three letters or more, that begins with {task.first}. Or write "skip".'


def _bare(text: str) -> str:
    return text.strip().rstrip(".!").lower()


def _found(lines: Sequence[Line]) -> int:
    return max((int(found[1]) for line in lines if (found := _FOUND.search(line.text))), default=0)


def _say(words: str) -> Mapping[str, Any]:
    return {"entries": [{"kind": "message", "text": words}]}
