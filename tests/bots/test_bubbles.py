"""A reply in several messages: divided at its own lines and sentences, each an act of its own at its own instant."""

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from bots.bubbles import divided
from bots.delays import PICK_SECONDS
from bots.guard import WHOLE
from bots.models import BotTurn
from bots.turns import take_turn
from chat.models import Entry
from events import announce, runner
from events.loop import Loop
from events.models import Due
from exports.scope import Scope
from exports.tables.automated import BOT_TURNS
from flow.services import games
from tests.bots import answers
from tests.bots.talking import events, policy, reply, room, say, seat, texts, turn_of
from tests.bots.test_turns import _until, claims_of
from tests.chat.rooms import end_talk

THREE = {"bubbles": 3}
SAID = ["One thing.", "Another thing!", "And a last one?"]
WORDS = st.text(st.sampled_from('ab .!?\n…"Dr'), max_size=120)


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


@given(WORDS, st.integers(1, 6), st.integers(1, 30))
def test_nothing_is_lost_but_white_space_between_and_no_word_is_cut(text: str, most: int, least: int) -> None:
    parts = divided(text, most, least_chars=least)
    assert 1 <= len(parts) <= most
    assert " ".join(parts).split() == text.split()
    at = 0
    for part in parts:
        found = text.index(part, at)
        assert not text[at:found].strip(), "between two of them stands white space"
        at = found + len(part)
    assert len(parts) == 1 or all(len(part) >= least and part == part.strip() for part in parts)


@given(WORDS, st.integers(2, 6))
def test_each_message_but_the_last_ends_where_a_line_or_sentence_does(text: str, most: int) -> None:
    parts, at = divided(text, most), 0
    for part in parts[:-1]:
        at = text.index(part, at) + len(part)
        gap = re.match(r"\s*", text[at:])
        assert gap is not None
        assert "\n" in gap[0] or re.search(r"[.!?…][\"”)]?$", part)


@pytest.mark.parametrize(
    ("text", "most", "parts"),
    [
        ("One. Two.", 1, ["One. Two."]),
        ("Hi there! How are you? All fine.", 3, ["Hi there!", "How are you?", "All fine."]),
        ("Hi there! How are you? All fine.", 2, ["Hi there! How are you?", "All fine."]),
        ("First line. With two.\nSecond", 3, ["First line. With two.", "Second"]),
        ("Dr. No has 3. friends", 3, ["Dr. No has 3. friends"]),
        ("Das geht usw. und so fort. Ja!", 3, ["Das geht usw. und so fort.", "Ja!"]),
        ("no end to it at all", 3, ["no end to it at all"]),
    ],
)
def test_where_a_reply_is_divided(text: str, most: int, parts: list[str]) -> None:
    assert divided(text, most) == parts


@pytest.mark.django_db
def test_unless_the_file_says_otherwise_a_reply_is_one_message() -> None:
    match = room(policy({"floor": "one"}))
    runner.drain("bots")
    assert texts(match) == [" ".join(SAID)]


@pytest.mark.django_db
def test_each_message_is_stored_once_under_a_key_of_its_own() -> None:
    match = room(policy(THREE))
    runner.drain("bots")
    assert texts(match) == SAID
    turn = turn_of(match)
    assert list(Entry.objects.order_by("seq").values_list("key", flat=True)) == [
        f"turn:{turn.pk}:{n}" for n in range(3)
    ]
    assert (turn.rest, turn.unsaid, turn.outcome) == ([], 0, "delivered")
    assert not Due.objects.filter(reaction="bots.turns.take_turn", outcome="").exists()


@pytest.mark.django_db
def test_model_is_asked_once_for_all_of_a_reply_and_ends_the_talk_with_its_last_message() -> None:
    answers.will(reply(" ".join(SAID)).replace('"more"', '"ready"'))
    match = room(seat(THREE))
    runner.drain("bots")
    assert len(answers.asked) == 1
    assert texts(match) == SAID
    assert match.acts.filter(path="talk", seat__number=2).count() == 1


@pytest.mark.django_db
def test_messages_of_one_claim_are_acts_of_their_own() -> None:
    match = room(policy(THREE))
    (claim,) = claims_of(match)
    assert async_to_sync(take_turn)(claim) == "delivered"
    assert texts(match) == SAID[:1]
    assert [one["message"] for one in turn_of(match).rest] == SAID[1:]
    assert Due.objects.filter(reaction="bots.turns.take_turn", key=claim.key, outcome="").count() == 1


@pytest.mark.django_db
def test_in_a_talk_with_a_quota_a_reply_is_one_entry() -> None:
    match = room(policy(THREE), quota=2)
    runner.drain("bots")
    assert texts(match) == [" ".join(SAID)] * 2


@pytest.mark.django_db(transaction=True)
def test_each_message_is_planned_from_the_one_before_with_a_notice_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    notices: list[int] = []
    monkeypatch.setattr(announce, "notice", lambda **told: notices.append(told["facts"]["after"]))
    pace = {"min_s": 0, "max_s": 5, "chars_per_s": 20, "think_s": [0.1, 0.2], "miss": 0}
    loop = Loop("bots")
    loop.start()
    try:
        match = room(policy(THREE, pace=pace), typing="shown")
        _until(lambda: len(texts(match)) == 3, seconds=30)
    finally:
        assert loop.stop()
    said = list(Entry.objects.order_by("seq"))
    for before, entry in pairwise(said):
        assert entry.planned_at is not None
        assert entry.typing_at is not None
        assert timedelta(seconds=0.5) <= entry.typing_at - before.at <= timedelta(seconds=1.6)
        assert entry.planned_at - entry.typing_at == timedelta(seconds=len(entry.text) / 20 + PICK_SECONDS)
        assert timedelta(0) <= entry.at - entry.planned_at < timedelta(seconds=1)
    assert notices == [0, 1, 2], "one for each, begun after the one before was said"


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["regenerate", "drop"])
def test_rest_is_not_said_to_whoever_has_written_where_a_reply_gives_way(how: str) -> None:
    match = room(policy({**THREE, "if_interrupted": how}))
    (claim,) = claims_of(match)
    async_to_sync(take_turn)(claim)
    say(match, "wait")
    runner.drain("bots")
    assert texts(match) == [SAID[0], "wait", *SAID]
    turn = turn_of(match)
    assert (turn.unsaid, turn.regenerated + turn.dropped, turn.rest) == (2, 1, [])
    assert events("turn.unsaid") == [{"number": 2}]
    (row,) = BOT_TURNS.rows(Scope(match.group.version.study))
    assert row["unsaid"] == 2


@pytest.mark.django_db
def test_unless_it_gives_way_the_rest_is_said_whatever_was_written() -> None:
    match = room(policy(THREE))
    (claim,) = claims_of(match)
    async_to_sync(take_turn)(claim)
    say(match, "wait")
    runner.drain("bots")
    assert texts(match) == [SAID[0], "wait", *SAID[1:]]
    own = Entry.objects.exclude(text="wait").order_by("seq").values_list("answers", flat=True)
    assert list(own) == [0, 0, 0], "no word of it was made up after somebody wrote"


@pytest.mark.django_db
def test_no_words_are_left_of_what_a_talk_ends_before() -> None:
    match = room(policy(THREE))
    (claim,) = claims_of(match)
    async_to_sync(take_turn)(claim)
    end_talk(match)
    runner.drain("bots")
    turn: Any = turn_of(match)
    assert (turn.rest, turn.unsaid, turn.outcome) == ([], 2, "delivered")
    assert Entry.objects.count() == 1


@pytest.mark.django_db
def test_rest_of_a_reply_waits_while_a_conversation_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    match = room(policy(THREE))
    (claim,) = claims_of(match)
    async_to_sync(take_turn)(claim)
    monkeypatch.setattr("bots.queries.people_pause", lambda *_about: True)
    runner.drain("bots")
    assert texts(match) == SAID[:1]
    assert (turn_of(match).rest, turn_of(match).unsaid) == ([], 2)


@pytest.mark.django_db
def test_line_of_the_study_file_is_said_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from bots.by_policy import PolicyOccupant

    async def held(*_about: Any, **_more: Any) -> Any:
        return {"message": " ".join(SAID), "then": "more", WHOLE: True}

    monkeypatch.setattr(PolicyOccupant, "values", held)
    match = room(policy(THREE))
    runner.drain("bots")
    assert texts(match) == [" ".join(SAID)]


@pytest.mark.django_db
def test_message_that_the_door_refuses_leaves_nothing_behind() -> None:
    match = room(policy(THREE))
    (claim,) = claims_of(match)
    async_to_sync(take_turn)(claim)
    BotTurn.objects.update(rest=[{"message": "x" * 5000, "then": "more"}])
    runner.drain("bots")
    assert texts(match) == SAID[:1]
    assert turn_of(match).rest == []
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="talk", seat_id=person.pk, values={"message": "hi"}, source="person")
    runner.drain("bots")
    assert texts(match) == [SAID[0], "hi", *SAID]
