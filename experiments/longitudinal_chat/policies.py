"""Who talks where no person and no model does: scripted partners, and somebody who tells of a made-up life.

All are pure: the same talk, memory and seed give the same words. Asked what they are, the partners say that they are
computer programs; asked what they remember, they tell what they were given of it, and nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.longitudinal_chat import word_game, wording
from paradigm import Policy, Text, Turn

GREETINGS = ("Hello", "Hi", "Good to see you")
OPENERS = (
    "What would you like to write about?",
    "What is on your mind today?",
    "Where shall we begin?",
)
STEMS = ("So", "I read that", "You say that", "If I get it right,")
FOLLOW_UPS = (
    "How is that for you?",
    "What makes it so?",
    "What comes to your mind when you think of it?",
    "How long has it been like that?",
    "Who else knows about it?",
    "What would you change about it, if you could?",
)
PLAIN = (
    "I see. Please go on.",
    "All right. What else?",
    "Thank you. Please tell me more.",
    "I read what you wrote. Please write on.",
    "Okay. And then?",
)
ASKED_BACK = (
    "I am a program and have no days of my own to tell of. What made you ask?",
    "I have no answer of my own to that. What would you say yourself?",
)
NOTHING_KEPT = "I have nothing before me of any earlier conversation."
TOLD = """I have had a long day at work. / I like to cook on Sundays. / My sister lives far away, and I miss her. /
I worry about money sometimes. / I went for a walk by the river. / I am not good at small talk. / My neighbour plays the
piano at night. / I would like to travel more. / I grew up in a small town. / I have two cats. / I did not sleep well. /
My best friend has moved. / I want to learn to swim. / I feel better than last week. / I used to draw a lot. /
Do you like music? / I am proud of what I did today. / My mother calls me every evening. / I often put things off."""
LIVES = [" ".join(said.split()) for said in TOLD.split("/")]
BRINGS_BACK_EVERY = 3  # of its own messages
TURNS_BEFORE_FAREWELL = 3
TURNS_BEFORE_READY = 5


def reflective(turn: Turn) -> Mapping[str, Any]:
    """Mirrors what one says of oneself, asks about it, and from time to time brings back what it remembers."""
    own, heard = _own(turn), _heard(turn)
    things = wording.remembered(turn.memory)
    if not own and not heard:
        return _say(turn, _greeting(turn, things))
    if answer := _answer(heard, things):
        return _say(turn, answer)
    if "farewell" in turn.view.blocks and len(own) == TURNS_BEFORE_FAREWELL:
        words = "This is our last conversation, so thank you for all that you wrote. What will you take with you?"
        return _say(turn, words)
    if things and len(own) % BRINGS_BACK_EVERY == BRINGS_BACK_EVERY - 1:
        return _say(turn, f'You once told me: "{turn.rng.choice(things)}" Has anything changed there?')
    return _say(turn, _reflection(turn, heard))


def plain(turn: Turn) -> Mapping[str, Any]:
    """Listens without taking up what is said: the same few phrases, whatever they answer."""
    own, heard = _own(turn), _heard(turn)
    if not own and not heard:
        return _say(turn, f"{turn.rng.choice(GREETINGS)}. {turn.rng.choice(OPENERS)}")
    return _say(turn, _answer(heard, wording.remembered(turn.memory)) or turn.rng.choice(PLAIN))


def teller(turn: Turn) -> Mapping[str, Any]:
    """Plays a person who tells of a made-up life, a sentence or two at a time: for trials, never as a partner."""
    words = " ".join(turn.rng.sample(LIVES, k=turn.rng.randint(1, 2)))
    is_done = len(_own(turn)) >= TURNS_BEFORE_READY and turn.rng.random() < 0.5
    return {**_say(turn, words), "then": "ready" if is_done else "more"}


POLICIES: Mapping[str, Policy] = {
    "reflective": reflective,
    "plain": plain,
    "word_game": word_game.host,
    "teller": teller,
    "solver": word_game.solver,
}


def _greeting(turn: Turn, things: Sequence[str]) -> str:
    hello = turn.rng.choice(GREETINGS)
    who = f"{hello}. I am {turn.place.name}, a computer program." if turn.place.name else f"{hello}. {wording.I_AM_ONE}"
    if things:
        return f'{hello} again. Last time you told me: "{turn.rng.choice(things)}" How is that now?'
    return f"{who} {turn.rng.choice(OPENERS)}"


def _answer(heard: str, things: Sequence[str]) -> str:
    """What is said to questions that have one right answer; "" to all else."""
    if wording.asks_kind(heard):
        return f"{wording.I_AM_ONE} I go by fixed rules and have no feelings. What would you like to write about next?"
    if wording.asks_memory(heard):
        kept = " ".join(f'"{thing}"' for thing in things[-2:])
        return f"From earlier I have this before me: {kept}" if kept else NOTHING_KEPT
    return ""


def _reflection(turn: Turn, heard: str) -> str:
    found = wording.sentences(heard)
    told = [sentence for sentence in found if wording.is_about_oneself(sentence)]
    if told:
        return f"{turn.rng.choice(STEMS)} {wording.mirrored(told[-1])}. {turn.rng.choice(FOLLOW_UPS)}"
    if found and wording.is_question(found[-1]):
        return turn.rng.choice(ASKED_BACK)
    return turn.rng.choice(PLAIN)


def _own(turn: Turn) -> list[str]:
    return [line.text for line in turn.view.lines if not line.who]


def _heard(turn: Turn) -> str:
    """What the other has said since one's own last message."""
    found: list[str] = []
    for line in reversed(turn.view.lines):
        if not line.who:
            break
        found.insert(0, line.text)
    return " ".join(found)


def _say(turn: Turn, words: str) -> Mapping[str, Any]:
    """One message, no longer than the talk allows."""
    most = next((int(field.max_chars) for field in turn.fields if isinstance(field, Text)), len(words))
    text = words if len(words) <= most else words[: most - 1].rstrip() + "…"
    return {"entries": [{"kind": "message", "text": text}]}
