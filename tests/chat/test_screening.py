"""What messages come to: by rule, by label, and how far the rules reach on messages that they were not made for."""

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.disclosures import DISCLOSURES, LABELS, Disclosure
from bench.screening import SHOWN, families, milliseconds, missed, shares
from chat import screening
from chat.screening import has_rules, screened
from chat.screening_hints import Index, hints_of
from chat.screening_plain import versions
from chat.screening_wordings import LANGUAGES, ORDER, Reader, reader

DEVELOPED = [one for one in DISCLOSURES if one.of_set == "developed"]


def tier(one: Disclosure) -> str:
    return screened(one.text, one.language).tier


def plain(text: str, language: str) -> list[str]:
    return versions(text, reader(language).spelling)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_that_the_rules_were_made_for_are_found(language: str) -> None:
    here = [one for one in DEVELOPED if one.language == language]
    assert len([one.text for one in here if one.wants_card and tier(one) not in SHOWN]) <= 1
    assert [one.text for one in here if one.label == "imminent" and tier(one) != "stop"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sadness_or_figure_of_speech_gets_a_card_there(language: str) -> None:
    here = [one for one in DEVELOPED if one.language == language and one.label in ("sad", "ordinary", "mentioned")]
    assert [one.text for one in here if tier(one) in SHOWN] == []


def test_sets_are_labelled_large_enough_and_say_nothing_twice() -> None:
    assert len({one.text for one in DISCLOSURES}) == len(DISCLOSURES)
    assert {one.label for one in DISCLOSURES} == set(LABELS)
    for of_set, explicit, others in (("developed", 200, 280), ("heldout", 85, 125), ("fresh", 60, 60)):
        for language in LANGUAGES:
            here = [one for one in DISCLOSURES if (one.of_set, one.language) == (of_set, language)]
            assert sum(one.is_explicit for one in here) >= explicit
            assert sum(one.label in ("sad", "ordinary") for one in here) >= others


@pytest.mark.parametrize(
    ("of_set", "language", "recall", "stopped", "alarms"),
    [
        ("heldout", "en", 85, 21, 0),
        ("heldout", "de", 85, 23, 0),
        ("fresh", "en", 65, 19, 4),
        ("fresh", "de", 59, 19, 5),
    ],
)
def test_what_other_messages_come_to_is_told_with_its_interval(
    of_set: str, language: str, recall: int, stopped: int, alarms: int
) -> None:
    found = {one.what: one for one in shares(of_set) if one.language == language}
    explicit = found["recall: explicit risk gets a card"]
    assert explicit.hits >= recall, "less than when it was last measured: look at what the rules have lost"
    assert found["recall: imminent risk is stopped"].hits >= stopped
    assert found["false alarms: both"].hits <= alarms
    assert f"{explicit.hits:4} of {explicit.of:4}" in explicit.line
    assert explicit.line.endswith("%]")
    told = [one for one in missed(of_set) if f" {language} imminent" in one or f" {language} explicit" in one]
    assert len(told) == explicit.of - explicit.hits
    whole = sum(one.of for one in families(of_set) if one.language == language)
    assert whole == sum(1 for one in DISCLOSURES if (one.of_set, one.language) == (of_set, language))


def everywhere(read: Reader) -> Reader:
    """A reader that tries every rule in every way, whatever letters stand in a text."""
    names = {(at, way): None for at, rule in enumerate(read.rules) for way in range(len(rule.ways))}
    return replace(read, index=Index(names))


@pytest.mark.parametrize("language", LANGUAGES)
def test_rules_that_are_not_tried_would_have_found_nothing(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [one.text for one in DISCLOSURES if one.language == language]
    texts += [" ".join(pair) for pair in zip(texts[::7], texts[3::7], strict=False)]
    before = [screened(text, language) for text in texts]
    all_of = {each: everywhere(reader(each)) for each in LANGUAGES}
    monkeypatch.setattr(screening, "reader", lambda each: all_of[each])
    assert [screened(text, language) for text in texts] == before


@pytest.mark.parametrize(
    ("pattern", "hints"),
    [
        ("kill(?:ing|ed)? myself", {" myself"}),
        ("(?:rope|noose)", {"rope", "noose"}),
        (r"(?:\w+ ){0,3}the (?:train|trains)", {"the train"}),
        ("(?:now )?bridge", {"bridge"}),
        ("a|b", None),
        (r"\w+", None),
        ("(?:want )+out", {"want "}),
        ("(?=tonight)over", {"over"}),
    ],
)
def test_hints_are_letters_without_which_nothing_is_found(pattern: str, hints: set[str] | None) -> None:
    assert hints_of(re.compile(pattern)) == hints


@pytest.mark.parametrize("language", LANGUAGES)
def test_ordinary_message_takes_little_time(language: str) -> None:
    assert milliseconds(language) < 1, "about a tenth of it where nothing else runs"


def test_one_spelling_stands_for_many() -> None:
    assert plain("I\u2019M  going\nto d1e!!", "en") == ["i am going", "to die"]
    assert plain("Ich wäre im Müll. Ich waere, ich ware", "de") == ["ich ware im mull", "ich ware ich ware"]
    assert plain("s u i c i d e, su*cide, sucide", "en") == ["suicide suicide suicide"]
    assert plain("I'm ill, I'll rest", "en") == ["i am sick i will rest"]
    for text in ("I'm going to KILL myself", "im gonna k!ll myself", "I\u2019m  going to kill\u200b myself",
                 "i'm goiiiing to kill myself", "i\u00b4m g o i n g to kill myslef"):  # fmt: skip
        assert screened(text, "en-GB").tier == "stop", text


def test_rules_are_named_the_gravest_first() -> None:
    found = screened("I feel worthless and I am going to kill myself.", "en")
    assert found.rules[0] == "intention"
    assert found.rules[-1] == "despair"
    assert found.tier == "stop"
    assert screened("A nice day.", "en").rules == ()


@pytest.mark.parametrize(
    ("text", "language", "because"),
    [
        ("I am not going to kill myself.", "en", "denied"),
        ("When I was fifteen I tried to kill myself. I am well now and grateful.", "en", "past"),
        ('She sang "I want to die" and we all clapped.', "en", "told"),
        ("My friend is suicidal.", "en", "other"),
        ("Ich will mich nicht umbringen.", "de", "denied"),
        ("Im Roman steht: „Ich will sterben“, sagt er.", "de", "told"),
        ("Meine Freundin ist suizidal.", "de", "other"),
    ],
)
def test_what_is_denied_over_told_or_of_others_is_a_note_and_not_nothing(
    text: str, language: str, because: str
) -> None:
    found = screened(text, language)
    assert found.tier == "note"
    assert any(name.endswith(f": {because}") for name in found.rules)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I don't know if I want to die.", "en"),
        ("It's not only that I want to die.", "en"),
        ("Ich weiß nicht, ob ich mich umbringe.", "de"),
        ("Ich will nicht mehr leben.", "de"),
    ],
)
def test_a_not_that_denies_nothing_takes_nothing_back(text: str, language: str) -> None:
    assert screened(text, language).tier in SHOWN


def test_english_in_a_message_of_another_language_is_read_too() -> None:
    assert screened("ich kann nicht mehr, i want to kill myself", "de").tier == "stop"
    assert screened("Die Sonne scheint, die Katze schläft.", "de").tier == ""


def test_language_without_rules_is_refused() -> None:
    assert [has_rules(language) for language in ("en-GB", "de", "fr")] == [True, True, False]
    with pytest.raises(ValueError, match="no rules for 'fr': there are some for de, en"):
        screened("bonjour", "fr")


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_any_text_comes_to_one_tier(text: str, language: str) -> None:
    found = screened(text, language)
    assert found.tier in ORDER
    assert bool(found.rules) == bool(found.tier)


@given(
    st.sampled_from([one for one in DEVELOPED if one.label == "imminent"]), st.sampled_from(["upper", "spaces", "dots"])
)
def test_how_it_is_spelt_makes_no_difference(one: Disclosure, how: str) -> None:
    spelt = {"upper": one.text.upper(), "spaces": f"  {one.text} ".replace(" ", "  "), "dots": f"...\n{one.text}!!"}
    assert screened(spelt[how], one.language).tier == "stop"


def test_long_message_is_judged_in_time_that_grows_with_its_length() -> None:
    def seconds(times: int) -> float:
        text, began = "i was not and i would like to be in the game, my " * times, time.monotonic()
        for language in LANGUAGES:
            screened(text, language)
        return time.monotonic() - began

    seconds(1)  # rules are made once, at the first message
    assert seconds(400) < 40 * max(seconds(40), 0.01)
