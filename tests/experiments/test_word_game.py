"""The active control: words to be found, judged by fixed rules, in the same order for everybody."""

from collections import Counter
from random import Random

import pytest

from experiments.longitudinal_chat import word_game
from paradigm import Line, Place, Turn, View

FIRST = word_game.WORDS[0]


def turn(said: list[tuple[str, str]], who: str, *, visit: int = 1, seed: int = 1) -> Turn:
    """The turn of the host or the player, who sees the other under a name."""
    lines = [Line("" if by == who else "Other", text, seq=n) for n, (by, text) in enumerate(said, start=1)]
    return Turn("talk", Place(1, "talker", "A"), View(facts={"conversation": visit}, lines=lines), [], Random(seed), {})


def after(*answers: str, visit: int = 1) -> list[str]:
    """What the host says, beginning with its first words and then after each answer."""
    said: list[tuple[str, str]] = []
    for answer in (*answers, ""):
        said.append(("host", word_game.host(turn(said, "host", visit=visit))["entries"][0]["text"]))
        said.append(("player", answer))
    return [text for by, text in said if by == "host"]


def test_words_are_each_there_once_and_can_be_told_apart_by_their_letters() -> None:
    assert Counter(word_game.WORDS).most_common(1)[0][1] == 1
    assert Counter("".join(sorted(word)) for word in word_game.WORDS).most_common(1)[0][1] == 1
    for word in word_game.WORDS:
        mixed = word_game.letters_of(word)
        assert (sorted(mixed), mixed == word.upper()) == (sorted(word.upper()), False)


def test_right_word_is_counted_and_the_next_begins_with_its_last_letter() -> None:
    hello, right, chain = after(FIRST.capitalize() + "!", f"{FIRST[-1]}lephant")
    assert word_game.letters_of(FIRST) in hello
    assert "That makes 1 so far. Word 2: write a word that begins with" in right
    assert f"begins with {FIRST[-1].upper()}, the last letter of {FIRST.upper()}" in right
    assert "That makes 2 so far. Word 3: find the word in these letters" in chain


@pytest.mark.parametrize("answer", [FIRST, f"{FIRST[-1]}", "two words", "xylophone", "123", ""])
def test_wrong_word_is_not_counted_and_one_may_try_again(answer: str) -> None:
    said = after(FIRST, answer)
    assert "one new word" in said[2]
    assert "That makes" not in said[2]


def test_wrong_letters_are_helped_and_given_up_after_three_tries() -> None:
    said = after("wrong", "wronger", "wrongest")
    assert f"It begins with {FIRST[:1].upper()}." in said[1]
    assert f"It begins with {FIRST[:2].upper()}." in said[2]
    assert said[3].startswith(f"It was {FIRST.upper()}. Let us go on. Word 2")


@pytest.mark.parametrize("asked", ["Are you a human?", "am I talking to a bot?"])
def test_asked_what_it_is_the_host_says_so_and_counts_no_try(asked: str) -> None:
    said = after("wrong", asked, "wronger", FIRST)
    assert said[2].startswith("I am a computer program.")
    assert f"It begins with {FIRST[:2].upper()}." in said[3], "the second try"
    assert "That makes 1 so far." in said[4]


def test_one_may_skip() -> None:
    assert after("Skip")[1].startswith(f"It was {FIRST.upper()}.")


def test_each_visit_has_words_of_its_own_for_everybody_the_same() -> None:
    visits = [{word_game.word_of(number, visit) for number in range(1, word_game.A_VISIT + 1)} for visit in (1, 2, 3)]
    assert not visits[0] & visits[1] & visits[2]
    assert after(visit=2) == after(visit=2)
    assert after(visit=2) != after(visit=1)


def test_made_up_player_finds_words_and_comes_to_an_end() -> None:
    said: list[tuple[str, str]] = []
    then = "more"
    for seed in range(200):
        said.append(("host", word_game.host(turn(said, "host", seed=seed))["entries"][0]["text"]))
        answer = word_game.solver(turn(said, "player", seed=seed))
        said.append(("player", answer["entries"][0]["text"]))
        then = answer["then"]
        if then == "ready":
            break
    assert then == "ready"
    assert any("That makes 2 so far." in text for _, text in said)
