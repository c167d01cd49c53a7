"""Posting: once for each key, numbered without a gap, and only where and when it may be said."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction

from chat import queries, services
from chat.errors import ChatError
from chat.models import Conversation, Entry
from events import clock
from events.models import Due, Event
from flow.models import Match
from flow.services import games
from matching.models import Seat
from tests.chat.rooms import Sitter, conversation_of, make_match

TALKERS = [Sitter("talker"), Sitter("talker")]


def post(match: Match, number: int, text: str, *, key: str, kind: str = "message", **facts: object) -> Entry:
    """One entry by a seat of the match's group."""
    seat = match.group.seats.get(number=number)
    return services.post_entry(
        conversation_id=conversation_of(match).pk, seat_id=seat.pk, kind=kind, text=text, facts=facts, key=key
    )


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ChatError) as caught:
        call()
    return caught.value.code


@pytest.mark.django_db
def test_same_key_returns_the_same_entry_and_another_body_is_a_conflict() -> None:
    match = make_match("chatting", *TALKERS)
    first = post(match, 1, " hello ", key="a")
    assert (first.seq, first.text) == (1, "hello")
    assert post(match, 1, "hello", key="a").pk == first.pk
    assert refused(lambda: post(match, 1, "other", key="a")) == "conflict"
    assert post(match, 2, "other", key="a").seq == 2
    assert Entry.objects.count() == 2


@pytest.mark.django_db
def test_entry_records_an_event_without_its_text() -> None:
    match = make_match("chatting", *TALKERS)
    post(match, 1, "a secret", key="a")
    event = Event.objects.get(kind="chat.entry")
    assert event.facts["seq"] == 1
    assert "secret" not in str(event.facts)
    assert not Due.objects.filter(reaction="bots.turns.hear").exists(), (
        "where only people talk there is no program to hear it"
    )


@pytest.mark.django_db
def test_entry_is_heard_by_a_program_that_sits_there() -> None:
    sitters = Sitter("talker"), Sitter("talker", "policy", "talkative")
    match = make_match("chatting", *sitters, parameters={"quota": 0})
    before = Due.objects.filter(reaction="bots.turns.hear").count()
    post(match, 1, "hello", key="a")
    assert Due.objects.filter(reaction="bots.turns.hear", outcome="").count() == before + 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "text", "facts", "code"),
    [
        ("message", "   ", {}, "empty"),
        ("message", "x" * 41, {}, "too_long"),
        ("message", "a\x00b", {}, "characters"),
        ("message", "a\ud800b", {}, "characters"),
        ("message", "hi", {"to": 1}, "facts"),
        ("vote", "", {"to": 1}, "kind"),
        ("point", "", {}, "facts"),
        ("point", "words", {"thing": "o1"}, "facts"),
    ],
)
def test_unfit_entry_is_refused_and_leaves_no_row(kind: str, text: str, facts: dict[str, object], code: str) -> None:
    match = make_match("chatting", *TALKERS)
    assert refused(lambda: post(match, 1, text, key="a", kind=kind, **facts)) == code
    assert not Entry.objects.exists()
    assert conversation_of(match).last_seq == 0


@pytest.mark.django_db
def test_quota_is_kept_and_the_last_entry_is_announced() -> None:
    match = make_match("chatting", *TALKERS, parameters={"quota": 1})
    post(match, 1, "one", key="a")
    assert refused(lambda: post(match, 1, "two", key="b")) == "quota"
    assert not Event.objects.filter(kind="talk.full").exists()
    post(match, 2, "one", key="a")
    assert Event.objects.filter(kind="talk.full").count() == 1
    match.refresh_from_db()
    assert match.path == "talk"


@pytest.mark.django_db
def test_nothing_is_said_after_the_end_but_a_repeat_is_answered() -> None:
    match = make_match("chatting", *TALKERS)
    conversation = conversation_of(match)
    kept = post(match, 1, "in time", key="a")
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=5))
    assert refused(lambda: post(match, 1, "late", key="b")) == "closed"
    games.close_overdue(match_id=match.pk, rev=match.rev)
    conversation.refresh_from_db()
    assert conversation.closed_at is not None
    seat = match.group.seats.get(number=1)
    again = services.post_entry(
        conversation_id=conversation.pk, seat_id=seat.pk, kind="message", text="in time", facts={}, key="a"
    )
    assert again.pk == kept.pk


@pytest.mark.django_db
def test_only_those_who_sit_in_the_match_speak_and_see() -> None:
    match, other = make_match("chatting", *TALKERS), make_match("chatting", *TALKERS)
    stranger = other.group.seats.get(number=1)
    conversation = conversation_of(match)
    code = refused(
        lambda: services.post_entry(
            conversation_id=conversation.pk, seat_id=stranger.pk, kind="message", text="hi", facts={}, key="a"
        )
    )
    assert code == "not_here"
    entry = post(match, 1, "hello", key="a")
    assert queries.visible(entry, match.group.seats.get(number=2))
    assert not queries.visible(entry, stranger)
    assert queries.after(stranger, conversation, 0) == []
    assert [e.text for e in queries.after(match.group.seats.get(number=2), conversation, 0)] == ["hello"]
    assert queries.after(match.group.seats.get(number=2), conversation, 1) == []


@pytest.mark.django_db
def test_entries_are_append_only() -> None:
    match = make_match("chatting", *TALKERS)
    entry = post(match, 1, "hello", key="a")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(text="changed")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.delete()


def together(calls: list[Callable[[], object]]) -> list[object]:
    """Run all at once, each in a thread with its own connection; return results or exceptions."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = calls[index]()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.django_db(transaction=True)
def test_eight_threads_with_one_key_make_one_entry() -> None:
    match = make_match("chatting", *TALKERS)
    results = together([lambda: post(match, 1, "hello", key="a")] * 8)
    assert {getattr(result, "pk", result) for result in results} == {Entry.objects.get().pk}
    assert Event.objects.filter(kind="chat.entry").count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_threads_with_their_own_keys_are_numbered_without_a_gap() -> None:
    match = make_match("chatting", *TALKERS, parameters={"quota": 0})

    def several(number: int) -> None:
        for index in range(5):
            post(match, 1 + number % 2, f"{number}/{index}", key=f"{number}/{index}")

    results = together([partial(several, number) for number in range(8)])
    assert results == [None] * 8
    conversation = conversation_of(match)
    assert list(conversation.entries.order_by("seq").values_list("seq", flat=True)) == list(range(1, 41))
    assert conversation.last_seq == 40


@pytest.mark.django_db(transaction=True)
def test_quota_holds_when_a_seat_posts_in_parallel() -> None:
    match = make_match("chatting", *TALKERS, parameters={"quota": 3})
    results = together([partial(post, match, 1, "hi", key=str(key)) for key in range(8)])
    codes = [getattr(result, "code", "stored") for result in results]
    assert sorted(codes) == ["quota"] * 5 + ["stored"] * 3


@pytest.mark.django_db(transaction=True)
def test_no_entry_gets_into_a_talk_that_closes_at_the_same_time() -> None:
    for _ in range(5):
        conversation = conversation_of(make_match("chatting", *TALKERS, parameters={"quota": 0}))
        results = close_while_posting(conversation)
        assert results[:2] == ["stored", "stored"]
        assert {getattr(result, "code", "stored") for result in results[2:]} <= {"stored", "closed"}
        conversation.refresh_from_db()
        stored = list(conversation.entries.order_by("seq"))
        assert [entry.seq for entry in stored] == list(range(1, conversation.last_seq + 1))
        assert conversation.closed_at is not None
        assert all(entry.at <= conversation.closed_at for entry in stored)


def close_while_posting(conversation: Conversation) -> list[object]:
    """Both say to be ready while one of them posts six times: what came of each."""
    match = conversation.match
    seats = list(match.group.seats.order_by("number"))

    def ready(seat: Seat) -> str:
        return games.act(match_id=match.pk, path="talk", seat_id=seat.pk, values={"then": "ready"}, source="person")

    posts = [partial(post_to, conversation.pk, seats[0].pk, str(key)) for key in range(6)]
    return together([*[partial(ready, seat) for seat in seats], *posts])


def post_to(conversation_id: int, seat_id: int, key: str) -> Entry:
    return services.post_entry(
        conversation_id=conversation_id, seat_id=seat_id, kind="message", text="hi", facts={}, key=key
    )
