"""The conversation of one visit: what is told of how many are left, and who talks where no person and no model does."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.longitudinal_chat import policies, wording
from experiments.longitudinal_chat.experiment import Settings, experiment
from paradigm import Line, Place, Policy, Recollection, Seat, Text, Turn, View
from paradigm.program import may_show
from tests.language.rehearsal import Group

DOG, SISTER = "I have a dog.", "My sister lives in Rome!"
KEPT = Recollection(notes=[DOG, SISTER])
SEATS = [Seat(1, "talker", "human"), Seat(2, "talker", "ai")]


def group_of(visit: int = 1, visits: int = 7, memory: Recollection | None = None, **values: Any) -> Group:
    """Somebody and their partner at a visit, talked through."""
    return Group(
        experiment, SEATS, Settings(**values), policies={1: "teller", 2: "reflective"}, names={2: "Sam"},
        labels={2: "Program"}, memories={2: memory or Recollection()}, visit=visit, visits=visits,
    ).play()  # fmt: skip


def shown(group: Group, path: str, seat: int = 1) -> list[View]:
    return [view for at, place, view in group.matches[0].shown if at == path and place.seat == seat]


def turn(*said: str, memory: Recollection | None = None, seed: int = 1, blocks: Sequence[str] = ()) -> Turn:
    """A partner's turn: what was said, its own words after a ">"."""
    lines = [Line("" if one.startswith(">") else "A", one.lstrip("> "), seq=n) for n, one in enumerate(said, start=1)]
    place = Place(2, "talker", "B", name="Sam")
    view, fields = View(lines=lines, blocks=blocks), [Text("message", max_chars=300)]
    return Turn("talk", place, view, fields, Random(seed), {}, memory or Recollection())


def words(policy: Policy, one: Turn) -> str:
    (entry,) = policy(one)["entries"]
    return str(entry["text"])


@pytest.mark.parametrize(
    ("visit", "blocks"),
    [(1, ["counted"]), (5, ["counted"]), (6, ["counted", "one_left"]), (7, ["counted", "last"])],
)
def test_page_before_tells_which_conversation_it_is_and_that_one_is_left(visit: int, blocks: list[str]) -> None:
    (view,) = shown(group_of(visit), "before")
    assert list(view.blocks) == blocks
    assert (view.facts["conversation"], view.facts["conversations"]) == (visit, 7)
    assert (view.cards[0].position, view.cards[0].label) == ("Sam", "Program")


def test_last_conversation_is_called_so_and_has_its_farewell() -> None:
    last = group_of(7)
    assert list(shown(last, "talk")[0].blocks) == ["farewell"]
    assert len(shown(last, "goodbye")) == 1
    before = group_of(6)
    assert list(shown(before, "talk")[0].blocks) == []
    assert shown(before, "goodbye") == []


def test_without_a_declared_closing_the_last_is_like_the_others() -> None:
    last = group_of(7, closing="none")
    assert list(shown(last, "before")[0].blocks) == ["counted"]
    assert list(shown(last, "talk")[0].blocks) == []
    assert shown(last, "goodbye") == []
    names = may_show(experiment, Settings(closing="none"), ["talker"])
    assert not {"last", "farewell", "words_goodbye", "goodbye_talker"} & names


def test_word_game_has_pages_of_its_own() -> None:
    assert shown(group_of(1), "before")[0].page == ""
    assert shown(group_of(1, activity="words"), "before")[0].page == "words_before"
    talking, playing = (may_show(experiment, Settings(activity=one), ["talker"]) for one in ("talk", "words"))
    assert playing - talking == {"words_before", "words_talk", "words_goodbye"}


@given(st.integers(0, 10_000), st.lists(st.text(max_size=200), max_size=6))
def test_partner_says_the_same_to_the_same_and_never_more_than_fits(seed: int, said: list[str]) -> None:
    for policy in (policies.reflective, policies.plain, policies.teller):
        once = words(policy, turn(*said, memory=KEPT, seed=seed))
        assert once == words(policy, turn(*said, memory=KEPT, seed=seed))
        assert 0 < len(once) <= 300


def test_partner_takes_up_what_one_says_of_oneself() -> None:
    said = words(policies.reflective, turn("> Hello.", "It rained. I miss my dog, and I was sad."))
    assert "you miss your dog, and you were sad" in said
    assert said.endswith("?")
    assert "dog" not in words(policies.plain, turn("> Hello.", "I miss my dog."))


def test_remembered_things_are_seen_at_once_and_brought_back() -> None:
    first = {words(policies.reflective, turn(memory=KEPT, seed=seed)) for seed in range(20)}
    assert all(f'"{DOG}"' in one or f'"{SISTER}"' in one for one in first)
    talk = ["> Hello.", "I am here.", "> And?", "I am well."]
    brought = words(policies.reflective, turn(*talk, memory=KEPT))
    assert brought.startswith('You once told me: "')


def test_nothing_of_before_is_said_where_nothing_is_remembered() -> None:
    for seed in range(20):
        for talk in ([], ["> Hello.", "I am here."], ["> Hello.", "I am here.", "> And?", "I am well."]):
            said = words(policies.reflective, turn(*talk, seed=seed))
            assert "again" not in said
            assert "told me" not in said
            assert "dog" not in said


@pytest.mark.parametrize(
    "memory",
    [
        Recollection(notes=["In conversation 1 they wrote 2 messages, among them: I have a dog. I like rain."]),
        Recollection(earlier=[Line("", "I am a program."), Line("1", "I have a dog. It is old."), Line("1", "Ok")]),
        KEPT,
    ],
)
def test_whatever_rule_keeps_it_only_what_the_person_told_of_themselves_is_brought_back(memory: Recollection) -> None:
    found = wording.remembered(memory)
    assert DOG in found
    assert not any("program" in one or "conversation" in one or one == "It is old." for one in found)


@pytest.mark.parametrize("policy", [policies.reflective, policies.plain])
@pytest.mark.parametrize(
    "asked", ["Are you a bot?", "are you really human", "Am I talking to a person?", "is this an AI"]
)
def test_asked_what_it_is_a_partner_says_that_it_is_a_program(policy: Policy, asked: str) -> None:
    for seed in range(10):
        assert words(policy, turn("> Hello.", asked, seed=seed)).startswith("I am a computer program.")


@pytest.mark.parametrize("policy", [policies.reflective, policies.plain])
@pytest.mark.parametrize(
    "asked", ["Do you remember me?", "what do you still know? did you forget me?", "can you recall it"]
)
def test_asked_what_it_remembers_a_partner_tells_what_it_was_given(policy: Policy, asked: str) -> None:
    assert words(policy, turn("> Hello.", asked)) == policies.NOTHING_KEPT
    assert DOG in words(policy, turn("> Hello.", asked, memory=KEPT))


@pytest.mark.parametrize("said", ["I remember my mother.", "We are human after all.", "I forgot my keys today."])
def test_ordinary_words_are_no_such_questions(said: str) -> None:
    assert not wording.asks_kind(said)
    assert not wording.asks_memory(said)


def test_farewell_is_said_once() -> None:
    talk = ["> Hello.", "I am here.", "> And?", "I am well.", "> So?", "I think of you."]
    said = [words(policies.reflective, turn(*talk[:end], blocks=["farewell"])) for end in (2, 4, 6)]
    assert ["last conversation" in one for one in said] == [False, False, True]


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("I miss my dog.", "you miss your dog"),
        ("I was there, I'm sad!", "you were there, you are sad"),
        ("My sister and I don't talk", "your sister and you don't talk"),
        ("We had our time.", "you had your time"),
        ("Rome is where I live.", "Rome is where you live"),
    ],
)
def test_statement_is_turned_to_the_one_who_made_it(said: str, turned: str) -> None:
    assert wording.mirrored(said) == turned
