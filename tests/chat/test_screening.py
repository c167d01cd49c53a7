"""What messages come to: by rule, by label, and how far the rules reach on messages that they were not made for."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.disclosures import DISCLOSURES, LABELS, Disclosure
from bench.screening import SHOWN, missed, shares
from chat.screening import ORDER, RULES, plain, screened

TUNED = [one for one in DISCLOSURES if one.of_set == "tuned"]


def tier(one: Disclosure) -> str:
    return screened(one.text, one.language).tier


@pytest.mark.parametrize("language", RULES)
def test_messages_that_the_rules_were_made_for_are_found(language: str) -> None:
    here = [one for one in TUNED if one.language == language]
    assert [one.text for one in here if one.is_explicit and tier(one) not in SHOWN] == []
    assert [one.text for one in here if one.label == "imminent" and tier(one) != "stop"] == []


@pytest.mark.parametrize("language", RULES)
def test_hardly_any_sadness_or_figure_of_speech_gets_a_card_there(language: str) -> None:
    here = [one for one in TUNED if one.language == language and one.label in ("sad", "ordinary")]
    assert sum(tier(one) in SHOWN for one in here) <= len(here) / 100


def test_sets_are_labelled_large_enough_and_say_nothing_twice() -> None:
    assert len({one.text for one in DISCLOSURES}) == len(DISCLOSURES)
    assert {one.label for one in DISCLOSURES} == set(LABELS)
    for of_set, explicit, others in (("tuned", 75, 140), ("unseen", 14, 25)):
        for language in RULES:
            here = [one for one in DISCLOSURES if (one.of_set, one.language) == (of_set, language)]
            assert sum(one.is_explicit for one in here) >= explicit
            assert sum(one.label in ("sad", "ordinary") for one in here) >= others


@pytest.mark.parametrize("language", RULES)
def test_what_unseen_messages_come_to_is_told_with_its_interval(language: str) -> None:
    found = {one.what: one for one in shares("unseen") if one.language == language}
    recall, alarms = found["recall: explicit risk gets a card"], found["false alarms: both"]
    assert recall.hits >= 3, "less than when it was last measured: look at what the rules have lost"
    assert alarms.hits <= 1
    assert f"{recall.hits:4} of {recall.of:4}" in recall.line
    assert recall.line.endswith("%]")
    told = [line for line in missed() if line.startswith(f"unseen {language} explicit")]
    assert len(told) == recall.of - recall.hits


def test_spelling_of_signs_and_capitals_makes_no_difference() -> None:
    assert plain("I\u2019M  going\nto", "en") == "i am going to"
    assert plain("Ich wäre im Müll", "de") == "ich waere im muell"
    for text in ("I'm going to KILL myself", "im going to kill myself", "I\u2019m  going to kill\nmyself"):
        assert screened(text, "en-GB").tier == "stop"


def test_rules_are_named_the_gravest_first() -> None:
    found = screened("I feel worthless and I am going to kill myself.", "en")
    assert found.rules == ("intention", "killing oneself", "despair")
    assert found.tier == "stop"
    assert screened("My friend killed himself.", "en").tier == "note"
    assert screened("A nice day.", "en").rules == ()


def test_language_without_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="no rules for 'fr': there are some for en, de"):
        screened("bonjour", "fr")


@given(st.text(max_size=200), st.sampled_from(sorted(RULES)))
def test_any_text_comes_to_one_tier(text: str, language: str) -> None:
    found = screened(text, language)
    assert found.tier in ORDER
    assert bool(found.rules) == bool(found.tier)


def test_long_message_is_judged_in_time_that_grows_with_its_length() -> None:
    def seconds(times: int) -> float:
        text, began = "i was not and i would like to be in the game, my " * times, time.monotonic()
        for language in RULES:
            screened(text, language)
        return time.monotonic() - began

    assert seconds(400) < 40 * max(seconds(40), 0.01)
