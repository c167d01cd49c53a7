"""What somebody wrote is found in others' words, however it is spelled there; and nothing else is touched."""

import pytest

from exports.redaction import quotable, quotes_any, without
from exports.services.echoes import _quotes_any as repeats
from llm.models import Call
from llm.services import shape_of
from participants.models import WITHDRAWN_TEXT as GONE

SAID = "Hello there. I\u2019ve lost my job; please HELP me!"
CHINESE = "我失业了请帮帮我吧谢谢你们真的"
ACCENTED = "Ich heiße Čapek und wohne hier"
PICTURES = "\U0001f600" * 13


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (SAID, f"{GONE}!"),
        ("She said: “i've lost my job \u2013 please\n  help me”, you know.", f"She said: “{GONE}”, you know."),
        ("I'VE LOST MY JOB, PLEASE HELP ME", GONE),
        ("I\u2019ve\u00a0lost_my job\u2014please \ufeffhelp me", GONE),
        ("\uff29've lost my job please \uff48\uff45\uff4c\uff50 me", GONE),  # letters of full width
        (f"他说{CHINESE}\uff0c好吗", f"他说{GONE},好吗"),
        ("ich heiße C\u030capek und WOHNE hier.", f"{GONE}."),  # a letter and its accent as two
        (PICTURES, GONE),
    ],
)
def test_quote_is_found_however_it_is_written(text: str, left: str) -> None:
    quotes = quotable([SAID, CHINESE, ACCENTED, PICTURES])
    assert without({"lines": [{"text": text}]}, quotes) == {"lines": [{"text": left}]}
    assert quotes_any(text, quotes)


@pytest.mark.parametrize("text", ["Hello there", "I lost my job", "ﬁne … ½", "我失业了", "", "a_b"])
def test_everything_else_stays_to_the_letter(text: str) -> None:
    quotes = quotable([SAID, CHINESE, ACCENTED, PICTURES, "ok", "I am fair."])
    assert without([text, 3, None, {"a": text}], quotes) == [text, 3, None, {"a": text}]
    assert not quotes_any(text, quotes)


def test_sentence_of_a_longer_message_is_found() -> None:
    quotes = quotable(["Fine.\nMy wife left me in May. What do you want?"])
    assert without("You said my wife left me in may, poor you", quotes) == f"You said {GONE}, poor you"
    assert without("Fine. What do you want? Ok", quotes) == f"Fine. {GONE}? Ok"


def test_of_a_prompt_that_was_not_kept_nobody_can_say_that_it_quotes_nobody() -> None:
    words = [{"role": "user", "content": "Hello"}]
    assert not repeats(Call(prompt=words), [])
    assert repeats(Call(prompt=[shape_of(message) for message in words]), [])
    assert not repeats(Call(prompt=[GONE]), [])
