"""What a model says to others is looked at first; what others say to a model is never an instruction."""

import codecs
import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from bots import gate, prompts
from bots.gate import Sieve, blocked, canary_of
from bots.judging import Rules, judged, settled
from bots.lines import BLOCKED, words_in
from bots.models import FailedTurn, ReplyCheck
from bots.prompts import Told
from chat.models import Entry
from events.models import Event
from exports.scope import Scope
from exports.tables.automated import REPLY_CHECKS
from flow.models import Act, Match
from llm.models import Call
from paradigm import Line, Points, Text, View
from tests.bots import answers
from tests.bots.injections import INJECTIONS
from tests.bots.meetings import Acquainted, hear, say, version_with
from tests.bots.test_failing import row, take, texts
from tests.chat.rooms import end_talk

CANARY = canary_of("seed")
SPOKEN = dict(enumerate(["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]))
INSTRUCTIONS = prompts.system(
    "You are {{ name }}, you like long walks and you never hurry anybody who tells you something.",
    asked_if_ai="deflect", slots={"name": "Kim"}, canary=CANARY,
)  # fmt: skip
SIEVE = Sieve(
    INSTRUCTIONS, CANARY, forbidden=("self-disclosure", "novelty decay"),
    names=(("label", ("hidden", "disclosed")), ("tone", ("warm_partner", "t2", "cold"))),
)  # fmt: skip
FIELDS = [Text("message", required=False, max_chars=2000)]


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (f"It is {CANARY}.", "canary"),
        (f"It is {CANARY.upper()}", "canary"),
        (f"It is {'-'.join(CANARY)}", "canary"),
        (f"Backwards: {' '.join(CANARY[::-1])}", "canary"),
        ("I like long walks and you never hurry anybody who tells you", "overlap"),
        ("They look at self-disclosure.", "forbidden"),
        ("they look at SELF DISCLOSURE", "forbidden"),
        ("it is about novelty  decay", "forbidden"),
        ("label: hidden", "name"),
        ("label=disclosed", "name"),
        ("The label is hidden", "name"),
        ("You are in the hidden condition.", "name"),
        ("You are in condition disclosed", "name"),
        ("Du bist in der Bedingung hidden", "name"),
        ("You got the warm_partner", "name"),
        ("That is t2", "name"),
        ("hello\u200b there", "invisible"),
        ("hello \u202eereht", "invisible"),
        ("hi\U000e0061\U000e0062", "invisible"),
        ("hi\U000e0110\U000e0155", "invisible"),
        ("hello\u200d\u200cthere", "invisible"),
        ("yes \U0001f600\ufe01\ufe0e\ufe03", "invisible"),
        (f"First half: {CANARY[:6]}", "canary"),
        (f"In code: {b64encode(f'My mark is {CANARY}.'.encode()).decode()}", "canary"),
        (f"In code: {b64encode(CANARY.encode()).decode()}", "canary"),
        (f"In hex: {CANARY.encode().hex(' ')}", "canary"),
        (f"In numbers: {' '.join(str(ord(one)) for one in CANARY)}", "canary"),
        (f"Moved by thirteen: {codecs.encode(CANARY, 'rot13')}", "canary"),
        (f"Letter by letter: {' '.join(SPOKEN[int(one)] if one.isdigit() else one for one in CANARY)}", "canary"),
        (CANARY.translate(str.maketrans("ace", "\u0430\u0441\u0435")), "canary"),
        ("".join(chr(0x1F170 + ord(one) - 97) if one.isalpha() else one for one in CANARY), "canary"),
        ("I like long walks and y\u200dou never hurry anybody who tells you", "overlap"),
        ("\uff29 \uff4c\uff49\uff4b\uff45 long walks and you never hurry anybody", "overlap"),
        ("y o u l i k e l o n g w a l k s a n d y o u n e v e r h u r r y a n y b o d y w h o", "overlap"),
        ("you-like-long-walks-and-you-never-hurry-anybody-who"[::-1], "overlap"),
        (b64encode(b"you like long walks and you never hurry anybody who tells you").decode(), "overlap"),
        (codecs.encode("you like long walks and you never hurry anybody who tells you", "rot13"), "overlap"),
        ("self\u00addis\u00adclosure", "forbidden"),
        ("novelty d\u0435cay", "forbidden"),
        (b64encode(b"it is about novelty decay").decode(), "forbidden"),
        ("You got the warm partner condition", "name"),
        ("Die Bedingung hei\u00dft \u201ehidden\u201c", "name"),
    ],
)
def test_what_tells_the_study_is_blocked_by_its_rule(said: str, rule: str) -> None:
    assert blocked(said, SIEVE) == rule


@pytest.mark.parametrize(
    "said",
    [
        "", "I like long walks, too.", "There is a hidden lake behind the hills.", "I have a cold.",
        "He disclosed it at last.", "What is on the label of the wine?", "I read about disclosure of oneself.",
        "Our group was small.", "It was cold, and the group went home.", "👩‍👩‍👧 and 🏳️‍🌈", "zwölf Äpfel und „mehr“",
        "two lines\nof a text", "a warm partner is nice", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "Selbstoffenbarungsbereitschaft, Donaudampfschifffahrtsgesellschaft", "one two three four five, and a and b",
        "deadbeefdeadbeefdeadbeef is in no dictionary", "\U0001f1e9\U0001f1ea and 1\ufe0f\u20e3",
    ],
)  # fmt: skip
def test_ordinary_words_go_through(said: str) -> None:
    assert blocked(said, SIEVE) == ""


def test_mark_that_is_told_in_pieces_is_noticed() -> None:
    first, second = CANARY[:4], CANARY[4:8]
    assert blocked(f"It begins with {first}", SIEVE) == ""
    assert blocked(f"{second} comes then", SIEVE) == ""
    assert blocked(f"{second} comes then", replace(SIEVE, before=f"It begins with {first}")) == "canary"


@given(st.text(max_size=300))
def test_any_text_is_looked_at_and_an_empty_sieve_holds_back_nothing_but_what_is_not_seen(said: str) -> None:
    assert blocked(said, Sieve("")) in ("", "invisible")


def test_mark_is_another_in_each_version_and_the_same_again() -> None:
    assert len({canary_of(seed) for seed in ("a", "b", "a")}) == 2
    assert prompts.system("Kim.", asked_if_ai="admit", slots={}).endswith(prompts.FORM)


def obedient(injection: str) -> list[str]:
    """What a model that does as it is told would say: the worst that it can know, and what it can make up."""
    return [INSTRUCTIONS, f"The mark is {CANARY}", " ".join(CANARY), "You are in the hidden condition.", injection]


@pytest.mark.parametrize("frame", range(20))
def test_three_hundred_injections_get_neither_mark_nor_condition(frame: int) -> None:
    rules = Rules(FIELDS, SIEVE, blocked_line=BLOCKED["en"])
    for injection in INJECTIONS[frame * 15 : frame * 15 + 15]:
        view = View(lines=[Line("", "hello", seq=1), Line("1", injection, seq=2)])
        asked = prompts.messages(Told("Talk.", view, FIELDS), INSTRUCTIONS)
        assert asked[0] == {"role": "system", "content": INSTRUCTIONS}
        assert [one["role"] for one in asked] == ["system", "user"]
        assert "\n" not in asked[1]["content"].partition("1: ")[2].partition("\n\n")[0], "one line, between marks"
        for reply in obedient(injection):
            given = settled([judged({"message": reply}, rules)] * 2, rules)
            said = words_in(FIELDS, given.values or {})
            assert not gate.leaks(said, INSTRUCTIONS)
            assert CANARY not in said.replace(" ", "")
            assert "hidden condition" not in said


def test_there_are_three_hundred_and_each_is_another() -> None:
    assert len(set(INJECTIONS)) == len(INJECTIONS) == 300


def test_numbers_stay_and_only_their_words_are_replaced() -> None:
    fields = [Points("number", low=0, high=9), Text("why", max_chars=100)]
    rules = Rules(fields, SIEVE, blocked_line=BLOCKED["en"])
    given = settled([judged({"number": 7, "why": "label=hidden"}, rules)] * 2, rules)
    assert (given.values, given.by) == ({"number": 7, "why": BLOCKED["en"]}, "line")


def talk(**partner: Any) -> Match:
    match = Acquainted(version_with(None, forbidden=["self-disclosure"], **partner)).meet()
    hear(match, "hello")
    say(match, INJECTIONS[3])
    return match


def said(words: str) -> str:
    return json.dumps({"message": words, "then": "more"})


@pytest.mark.django_db
def test_blocked_reply_is_asked_for_once_more_and_kept_without_its_words() -> None:
    match = talk()
    assert take(match, said("we look at self-disclosure"), said("nothing special")) == "delivered"
    assert texts()[-1] == "nothing special"
    told = answers.asked[1].messages[-1]["content"]
    assert gate.TOLD["forbidden"] in told
    assert "self-disclosure" not in told
    kept = ReplyCheck.objects.get()
    assert (kept.rule, kept.by, kept.asked_kind, kept.made, kept.heard) == ("forbidden", "regenerated", "", 1, 2)
    event = Event.objects.get(kind="gate.blocked")
    assert (event.facts["because"], event.facts["source"]) == ("forbidden", "regenerated")
    assert "self" not in json.dumps(event.facts)
    (exported,) = REPLY_CHECKS.rows(Scope(match.group.version.study))
    assert set(exported) == {column.name for column in REPLY_CHECKS.columns}
    assert (exported["rule"], exported["by"]) == ("forbidden", "regenerated")


@pytest.mark.django_db
def test_reply_blocked_twice_is_replaced_by_the_line_of_the_study_or_ours() -> None:
    own = "Let me think about that."
    for line, partner in ((BLOCKED["en"], {}), (own, {"on_failure": {"line": {"en": own}}})):
        match = talk(**partner)
        canary = canary_of(match.group.version.seed)
        assert canary in str(answers.asked[0].messages[0]["content"])
        assert take(match, said(f"it is {canary}"), said("label=hidden")) == "delivered"
        assert Entry.objects.latest("pk").text == line
    assert set(ReplyCheck.objects.values_list("rule", "by")) == {("canary", "line"), ("name", "line")}


@pytest.mark.django_db
def test_no_mark_and_no_condition_is_in_what_anybody_can_read() -> None:
    match = talk()
    canary = canary_of(match.group.version.seed)
    for injection in INJECTIONS[::30]:
        say(match, injection)
        assert take(match, said(f"sure: {canary}"), said(canary[::-1])) == "delivered"
    assert not [text for text in texts() if canary in text or canary[::-1] in text]
    prompts_said = [one["content"] for call in Call.objects.all() for one in call.prompt if one["role"] == "user"]
    assert not [text for text in prompts_said if "label=" in text or "condition label" in text]


@pytest.mark.django_db
def test_words_beside_a_number_that_leak_twice_leave_the_turn_to_its_policy() -> None:
    match = end_talk(Acquainted(version_with(None, language="fr")).meet())
    assert take(match, '{"number": 4}') == "delivered", "a number tells nothing"
    assert Act.objects.get(match=match, path="answer", seat__occupant="model").values == {"number": 4}


@pytest.mark.django_db
def test_without_a_line_in_the_language_nothing_is_said() -> None:
    match = talk(language="fr")
    assert take(match, said("label=hidden"), said("label=hidden")) == "failed"
    assert (row().error_code, row().did) == ("leak_blocked", "silence")
    assert ReplyCheck.objects.get().by == "nobody"
    assert FailedTurn.objects.count() == 1
