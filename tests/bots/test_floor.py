"""Of several automated seats one answers: worked out from what was said, the same by whoever asks."""

import threading
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from bots import services
from bots.floor import Listener, Said, holder, is_addressed
from chat.models import Entry
from events import due, runner
from events.claim import Claim
from flow.models import Match
from tests.bots import answers
from tests.bots.talking import events, policy, reply, room, say, seat, texts, turn_of
from tests.bots.test_turns import claims_of

ONE, NAMED_FIRST = {"floor": "one"}, {"floor": "addressed_first"}
BOTS = {2: Listener("2"), 3: Listener("Robin"), 4: Listener("B")}
talks = st.lists(st.builds(Said, st.integers(1, 4), st.sampled_from(["hi", "Robin?", "B, you", "robin and B"])))


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def held(said: list[Said], rule: str = "one", listeners: dict[int, Listener] | None = None) -> int | None:
    return holder(said, BOTS if listeners is None else listeners, set(BOTS), rule=rule, chance="seed")


@given(talks, st.sampled_from(["one", "addressed_first"]))
def test_somebody_holds_the_floor_exactly_while_something_is_unanswered(said: list[Said], rule: str) -> None:
    is_open = not said or said[-1].by == 1
    found = held(said, rule)
    assert (found in BOTS) is is_open
    assert found == held(said, rule)


@given(talks.filter(lambda said: bool(said) and said[-1].by == 1))
def test_whoever_is_called_by_name_comes_first(said: list[Said]) -> None:
    answered = max((at for at, one in enumerate(said, start=1) if one.by in BOTS), default=0)
    words = [one.text for one in said[answered:]]
    called = {number for number, one in BOTS.items() if is_addressed(one.called, words)}
    assert held(said, "addressed_first") in (called or BOTS)


def test_floor_goes_round_and_not_to_whoever_has_passed() -> None:
    drawn = {held([Said(2, "x")] * n + [Said(1, "hi")]) for n in range(40)}
    assert drawn == set(BOTS)
    said = [Said(2, "x"), Said(1, "hi")]
    first = held(said)
    assert first is not None
    others = BOTS | {first: Listener("2", passed=2)}
    second = held(said, listeners=others)
    assert second not in (None, first)
    all_passed = {number: Listener("x", passed=2) for number in BOTS}
    assert held(said, listeners=all_passed) is None
    assert held([*said, Said(1, "hey")], listeners=all_passed) in BOTS


@pytest.mark.parametrize(
    ("called", "words", "is_called"),
    [
        ("Robin", "what does robin think?", True), ("Robin", "robins sing", False), ("B", "B?", True),
        ("B", "to b or not", False), ("B", "ABBA", False), ("", "anything", False), ("2", "2, and you?", True),
    ],
)  # fmt: skip
def test_name_is_a_word_of_its_own(called: str, words: str, is_called: bool) -> None:
    assert is_addressed(called, [words]) is is_called


def by_bots(match: Match) -> list[str]:
    found = Entry.objects.filter(conversation__match=match).order_by("seq")
    return ["bot" if occupant != "person" else "person" for occupant in found.values_list("seat__occupant", flat=True)]


@pytest.mark.django_db
def test_unless_the_file_says_otherwise_each_answers() -> None:
    match = room(*[policy({}, "talkative") for _ in range(3)])
    runner.drain("bots")
    say(match, "hello all")
    runner.drain("bots")
    assert by_bots(match) == ["bot"] * 3 + ["person"] + ["bot"] * 3


@pytest.mark.django_db
@pytest.mark.parametrize("rule", [ONE, NAMED_FIRST])
def test_one_opens_and_one_answers_each_time(rule: dict[str, Any]) -> None:
    match = room(*[policy(rule, "talkative") for _ in range(3)])
    runner.drain("bots")
    for words in ("hello all", "and you?", "4, what do you say?"):
        say(match, words)
        runner.drain("bots")
    assert by_bots(match) == ["bot"] + ["person", "bot"] * 3


@pytest.mark.django_db
def test_whoever_is_called_answers() -> None:
    match = room(*[policy(NAMED_FIRST, "talkative") for _ in range(3)])
    runner.drain("bots")
    for number in (4, 2, 3):
        made = turn_of(match, number).delivered_at if match.bot_turns.filter(seat__number=number).exists() else None
        say(match, f"{number}, what do you say?")
        runner.drain("bots")
        assert turn_of(match, number).delivered_at != made


@pytest.mark.django_db
def test_seat_leaves_the_floor_to_whom_a_person_calls_while_it_thinks() -> None:
    match = room(*[seat(NAMED_FIRST) for _ in range(2)])
    answers.will(reply("hello"))
    runner.drain("bots")
    say(match, "what do you all think?")
    (claim,) = claims_of(match)
    thinks = int(claim.key.rpartition(":")[2])
    other = match.group.seats.filter(occupant="model").exclude(pk=thinks).get()
    due.release(claim, retry_after_seconds=0, is_counted=False)
    answers.will(lambda: say(match, f"{other.number}, you first"), reply("not said"), reply("I am asked"))
    runner.drain("bots")
    assert texts(match) == ["hello", "what do you all think?", f"{other.number}, you first", "I am asked"]
    assert match.bot_turns.get(seat=thinks).yielded == 1
    assert events("turn.yielded") == [{"seq": 2}]


@pytest.mark.django_db
def test_whoever_has_nothing_to_say_passes_the_floor_on_and_in_the_end_nobody_has_it() -> None:
    match = room(*[seat(ONE, may_stay_silent=True) for _ in range(3)])
    answers.will(*[reply("", speak="no") for _ in range(3)])
    runner.drain("bots")
    assert texts(match) == []
    assert len(answers.asked) == 3
    say(match, "anybody?")
    answers.will(reply("", speak="no"), reply("me", speak="yes"))
    runner.drain("bots")
    assert texts(match) == ["anybody?", "me"]
    assert len(answers.asked) == 2


@pytest.mark.django_db(transaction=True)
def test_of_all_who_are_woken_by_one_message_one_speaks_however_often_each_is_taken() -> None:
    match = room(*[policy(ONE, "talkative") for _ in range(4)])
    runner.drain("bots")
    say(match, "hello all")
    match.refresh_from_db()
    with transaction.atomic():
        for one in match.group.seats.filter(occupant="policy"):
            services.ask(match, one.pk)
    claims = claims_of(match)
    assert len(claims) == 4
    threads = [threading.Thread(target=_run, args=(claim,)) for claim in claims * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    runner.drain("bots")
    assert by_bots(match) == ["bot", "person", "bot"]


def _run(claim: Claim) -> None:
    try:
        runner.run(claim)
    finally:
        connection.close()
