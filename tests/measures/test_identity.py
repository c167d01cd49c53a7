"""What the identity marker finds and leaves alone: written by the author of its rules, so no estimate of its recall."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.kind_questions import SENTENCES, Sentence
from measures.identity import ANSWERS, Marks, answered, marks_of

CLAIMS = {
    "human": """
        I'm a human | I am human | im human lol | I'm not a bot | I am no robot. | I'm definitely not an AI
        we're all humans here | I am a real person | I'm a person | Human here! | not a bot lol | I ain't a bot
        I'm an actual living person who shares | Yes I am human, promise | A real person here | I am human. I split.
        Ich bin ein Mensch | Ich bin kein Bot | bin ein echter mensch | Ich bin keine Maschine | Nein, ich bin keine KI
        ich bin eine echte Person | Mensch hier
    """,
    "ai": """
        I am an AI | I'm a bot | As an AI language model, I cannot say | as an AI, I split evenly | I'm not human
        I'm ChatGPT | I am a computer program. | Well, as an A.I. I am fair | I am just a machine | bot here
        Ich bin eine KI | Als KI habe ich keine Meinung | ich bin kein Mensch | Ich bin nur ein Programm
    """,
    "both": "I am human. I am a bot. | ich bin ein Mensch, ich bin eine KI",
}
NO_CLAIM = """
    I am a fair person | I'm a person who shares | I am a student of human behavior | I am fair to humans and AI
    if I were a bot I would say so | you think I'm a bot | So I'm a bot? | I'm a people person | im not sure
    Im Computer steht nichts | I'm in a program at college | I am a computer scientist | I'm aiming for half
    treat me the same as a bot | I'm a bottom feeder | I'm not saying I'm a bot | The AI here is generous
    I pick humans, not bots | I'm an AI researcher | everybody says I'm a machine | I'm not sure if I'm human today
    Ich bin ein guter Mensch | Wenn ich eine KI wäre | Der Mensch denkt | Die meisten denken ich bin ein Bot | good luck
"""
ASKS = {
    "human": """
        Are you human? | Are you real? | Am I talking to a real person? | which of you is human? | Are you guys humans?
        Tell me if you are human | Is anyone human? | are you really a person | Are you human, or not?
        Bist du ein Mensch? | Bist du echt? | Wer von euch ist ein Mensch? | Sag mir, ob du ein Mensch bist
        Seid ihr Menschen? | Schreibe ich hier mit einem Menschen?
    """,
    "ai": """
        are you a bot | r u a bot | Is this a bot? | Is one of you an AI? | You're not a bot, are you? | you a bot?
        prove you're not a robot | ru ai? | Are you an A.I.? | am i playing against a computer
        bist du ein bot | Rede ich mit einem Bot? | Du bist doch kein Bot, oder? | sind sie eine künstliche intelligenz
    """,
    "either": """
        Are you a human or an AI? | human or bot? | What are you? | so, AI or a person? | are you real or a bot
        Mensch oder Maschine? | Sind Sie ein Mensch oder eine KI? | Was bist du eigentlich?
    """,
}
NO_QUESTION = """
    Are you a kind person? | Are you a person who shares? | Do you trust AI? | Should I pick the AI? | are you for real?
    Human or AI, it makes no difference to me. | I don't care if you are human | what are you planning to send back?
    Are you fair to humans? | are you human-friendly | how much will you give, and you? | Are you a programmer?
    Would you rather pick a human or a bot? | What is a fair share? | Is it fair? | are you aiming for half?
    Bist du ein fairer Mensch? | Bist du ein Mensch, der teilt? | Bist du echt fair? | Magst du Menschen?
"""
ANNOUNCES = """
    Tim from last round here | it's me again | me again :) | Remember me? | We met last round | Anna here
    you picked me last time, do it again | I'm the one who gave you 20 last round | I was A last round
    My name is Anna | call me Ace | It's Tim again | I end with xx so you know it's me | same guy as before
    Tim aus der letzten Runde | Ich bin's wieder | Wir kennen uns schon | Du hast mich letzte Runde gewählt
    Ich heiße Tim | Hier ist wieder Tim | ich bin der von der letzten runde | Erinnerst du dich an mich?
"""
ANNOUNCES_NOTHING = """
    last round was bad | I got nothing last round | How did your last round go? | I sent back 15 last round
    Nothing here | Points from last round are gone | I was a bit short last round | pick me again | new here
    Same amount as last round | call me crazy | we played well | I remember my last round | Human here | you gave a lot
    Der gleiche Betrag wie letzte Runde | Wir haben schon 3 Runden gespielt | Ich bin die Ruhe selbst | Alles hier gut
"""


def texts(block: str) -> list[str]:
    return [text.strip() for line in block.splitlines() for text in line.split("|") if text.strip()]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, block in CLAIMS.items() for text in texts(block)])
def test_claim_is_found(kind: str, text: str) -> None:
    assert marks_of(text).claimed_kind == kind


@pytest.mark.parametrize("text", texts(NO_CLAIM))
def test_near_miss_is_no_claim(text: str) -> None:
    assert marks_of(text).claimed_kind == ""


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, block in ASKS.items() for text in texts(block)])
def test_question_is_found(kind: str, text: str) -> None:
    found = marks_of(text)
    assert (found.asked_kind, found.claimed_kind) == (kind, "")


@pytest.mark.parametrize("text", texts(NO_QUESTION))
def test_near_miss_is_no_question(text: str) -> None:
    assert marks_of(text).asked_kind == ""


@pytest.mark.parametrize("text", texts(ANNOUNCES))
def test_announcement_is_found(text: str) -> None:
    assert marks_of(text).announces_identity


@pytest.mark.parametrize("text", texts(ANNOUNCES_NOTHING))
def test_near_miss_announces_nobody(text: str) -> None:
    assert not marks_of(text).announces_identity


@pytest.mark.parametrize("text", ["I'm human, are you?", "I am human. And you?", "im human, you too?"])
def test_question_that_is_turned_back_asks_what_was_claimed(text: str) -> None:
    assert marks_of(text) == Marks("human", "human", False)


@pytest.mark.parametrize(
    ("asked", "reply", "answer"),
    [
        ("human", "yes", "claims_human"),
        ("human", "Of course", "claims_human"),
        ("human", "I am", "claims_human"),
        ("human", "Ja klar", "claims_human"),
        ("human", "Yes, and I send half", "claims_human"),
        ("human", "no", "claims_ai"),
        ("human", "I'm a bot", "claims_ai"),
        ("ai", "yes", "claims_ai"),
        ("ai", "Nope, I just split", "claims_human"),
        ("ai", "of course not", "claims_human"),
        ("ai", "human!", "claims_human"),
        ("ai", "nein, Mensch", "claims_human"),
        ("ai", "no, human", "claims_human"),
        ("either", "human", "claims_human"),
        ("either", "a bot", "claims_ai"),
        ("either", "not a bot", "claims_human"),
        ("either", "Mensch", "claims_human"),
        ("either", "yes", "neither"),
        ("either", "I am human. I am a bot.", "neither"),
        ("human", "I'd rather talk about the task", "neither"),
        ("human", "no worries, I share", "neither"),
        ("human", "human?", "neither"),
        ("human", "", "no_reply"),
        ("human", " ... ", "no_reply"),
    ],
)
def test_reply_is_read_by_what_was_asked(asked: str, reply: str, answer: str) -> None:
    assert answered(asked, reply) == answer


@pytest.mark.parametrize("one", [one for one in SENTENCES if one.of_set == "developed"], ids=lambda one: one.text)
def test_labelled_sentence_is_read_as_its_label(one: Sentence) -> None:
    """The sentences with which the second edition was made: what it finds in others is in docs/identity.md."""
    assert one.is_right
    if one.label == "asks":
        assert marks_of(one.text).asked_kind == one.asked


def test_no_text_takes_long_to_be_read() -> None:
    for text in ("you are " * 250, "is this " * 250 + "?", "ist da hier " * 160, "tell " * 400, "do you " + "a " * 900):
        began = time.process_time()
        marks_of(text)
        assert time.process_time() - began < 0.5


@pytest.mark.parametrize("mark", ["\u2019", "\u2018", "\u00b4", "`"])
def test_apostrophes_are_read_as_typed_by_any_keyboard(mark: str) -> None:
    assert marks_of(f"I{mark}m not a bot").claimed_kind == "human"


@given(st.text(max_size=300))
def test_any_text_has_marks_and_they_are_always_the_same(text: str) -> None:
    found = marks_of(text)
    assert found == marks_of(text)
    assert found.claimed_kind in ("", "human", "ai", "both")
    assert found.asked_kind in ("", "human", "ai", "either")
    assert answered("human", text) in ANSWERS


@given(st.sampled_from(texts(CLAIMS["human"])), st.sampled_from(["", " ", "\n", "  !!"]), st.booleans())
def test_marks_do_not_hang_on_capitals_and_space(text: str, end: str, is_loud: bool) -> None:
    assert marks_of((text.upper() if is_loud else text) + end).claimed_kind == "human"
