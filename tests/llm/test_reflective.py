"""A conversation without a model: what somebody said, turned round; and numbers by a named rule."""

import json
import random
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from hypothesis import given
from hypothesis import strategies as some

from bots.prompts import Told, user
from llm.exchange import Question
from llm.providers.reflective import CONTINUED, OPENINGS, RETURNED, replies, said_last, told_back
from llm.providers.scripted import ask, filled
from paradigm import Line, View
from paradigm.fields import Choice, Option, Points, Text, schema

TALK = schema(
    [
        Choice(name="speak", label="", options=[Option("yes", "I do"), Option("no", "I do not")]),
        Text(name="message", label="Your message", required=False, max_chars=300),
        Choice(name="then", label="", required=False, options=[Option("more", "more"), Option("ready", "ready")]),
    ]
)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("It was fine. I moved to Berlin, and my sister stayed.", "you moved to Berlin, and your sister stayed"),
        ("I was tired of you", "you were tired of me"),
        ("I\u2019m sure you are right", "you're sure I am right"),
        ("My dog died.", "your dog died"),
        ("Ich wohne in Köln. Ich arbeite bei der Post!", "du arbeitest bei der Post"),
        ("Ich habe heute viel gelernt und mein Bruder auch.", "du hast heute viel gelernt und dein Bruder auch"),
        ("Ich heiße Anna und bin neu hier", "du heißt Anna und bin neu hier"),
        ("Am I wrong?", ""), ("ok", ""), ("", ""), ("They left.", ""), ("I " + "very " * 40 + "much", ""),
    ],
)  # fmt: skip
def test_statement_is_told_back_with_its_persons_changed(said: str, told: str) -> None:
    assert told_back(said) == told


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("", OPENINGS["en"]), ("Are you well?", RETURNED["en"]), ("Fine.", CONTINUED["en"]),
        ("Und wie ist das?", RETURNED["de"]), ("Das ist gut.", CONTINUED["de"]),
    ],
)  # fmt: skip
def test_what_is_no_statement_is_met_with_a_question(said: str, known: tuple[str, ...]) -> None:
    assert {next(iter(replies(said, random.Random(seed)))) for seed in range(30)} == set(known)


def prompt(*lines: tuple[str, str]) -> list[dict[str, str]]:
    view = View(lines=[Line(who, text, seq=at) for at, (who, text) in enumerate(lines, start=1)])
    told = Told("Talk.", view, [Text(name="message", label="Your message", max_chars=300)])
    return [{"role": "system", "content": '[1] B: "not this"'}, {"role": "user", "content": user(told)}]


@given(some.text(min_size=1, max_size=200), some.text(max_size=50))
def test_newest_words_of_another_are_found_in_a_prompt(said: str, own: str) -> None:
    """Whatever is in them: they stand in a prompt between marks, without what nobody sees."""
    quoted = json.loads(user(Told("", View(lines=[Line("B", said, seq=1)]), [])).split(": ", 1)[1].split("\n")[0])
    asked = [*prompt(("B", "before"), ("B", said), ("", own)), {"role": "user", "content": "Please answer again."}]
    assert said_last(asked) == quoted


def say(model: str, messages: list[dict[str, str]], form: dict[str, Any]) -> Any:
    return json.loads(async_to_sync(ask)(Question(model, messages, form, {"seed": 7}, 1.0)).text)


def test_reflective_model_answers_what_was_said_and_speaks_on() -> None:
    found = [say("scripted/reflective", prompt(("B", f"I was in Rome {n} times")), TALK) for n in range(20)]
    assert {(one["speak"], one["then"]) for one in found} == {("yes", "more")}
    told = [one["message"] for one in found if "ou were in Rome" in one["message"]]
    assert 8 < len(told) < 20
    assert say("scripted/reflective", prompt(), TALK)["message"] in OPENINGS["en"]
    again = prompt(("B", "I was in Rome 3 times"))
    assert say("scripted/reflective", again, TALK) == say("scripted/reflective", again, TALK)


def test_what_has_no_room_gives_way_to_something_shorter() -> None:
    short = {"type": "string", "maxLength": 12}
    said = list(replies("I went to see my old friend in Rome.", random.Random(1)))
    assert filled(short, random.Random(1), words=said) == "Why is that?"


@pytest.mark.parametrize(("policy", "points"), [("least", 4), ("half", 12), ("most", 20), ("reflective+most", 20)])
def test_numbers_follow_the_named_policy(policy: str, points: int) -> None:
    form = schema([Points(name="points", label="", low=4, high=20, unit="points")])
    assert say(f"scripted/{policy}", prompt(("B", "hello")), form) == {"points": points}
