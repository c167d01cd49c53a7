"""When a message was shown to whom: the first page that held it, and of a program the turn that read it."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chat.models import Conversation, EarlierShown, Entry, Shown, TypingShown
from chat.services import keep_shown
from events import clock, due, runner
from exports.scope import Scope
from exports.services import erasure
from exports.tables.seen import SEEN
from flow.models import Match
from matching.models import Group
from participants.models import Participant
from tests.bots.test_turns import QUICK
from tests.chat.rooms import Sitter, browser_of, end_talk, make_match
from tests.chat.test_talks import act
from tests.machinery.erasing import erasing
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
TWO = [Sitter("talker"), Sitter("talker")]
LONG = {"quota": 0, "chars": 200}


def rows(match: Match) -> list[tuple[object, ...]]:
    """Who was shown which message, in order."""
    found = SEEN.rows(Scope(match.group.version.study))
    return [(row["seat"][-1], row["what"], row["seq"], row["by"][-1]) for row in found]  # type: ignore[index]


def test_message_is_shown_with_the_first_page_that_holds_it() -> None:
    match = make_match("chatting", *TWO, parameters=LONG)
    first, second = browser_of(match, 1), browser_of(match, 2)
    first.get("/s/")
    assert not Shown.objects.exists(), "there is nothing to be shown"
    act(match, 1, message="one")
    act(match, 1, message="two")
    assert rows(match) == []
    second.get("/s/")
    second.get("/s/")
    act(match, 2, message="three")
    first.get("/s/")
    assert rows(match) == [("2", "message", 1, "1"), ("2", "message", 2, "1"), ("1", "message", 3, "2")]
    assert [(one.seat.number, one.seq) for one in Shown.objects.order_by("pk")] == [(2, 2), (1, 3)]
    row = next(iter(SEEN.rows(Scope(match.group.version.study))))
    assert set(row) == {column.name for column in SEEN.columns}
    said = Entry.objects.get(seq=1)
    assert float(str(row["shown_s"])) >= (said.at - match.group.formed_at).total_seconds() - 0.001


def test_poll_that_brings_a_message_keeps_it_and_one_without_news_writes_nothing() -> None:
    match = make_match("chatting", *TWO, parameters=LONG)
    client = browser_of(match, 2)
    rev = str(client.get("/s/").content).partition('data-rev="')[2].partition('"')[0]
    act(match, 1, message="one")
    answer = client.get("/s/poll", {"rev": rev}, headers={"X-Fragment": "1"})
    assert (answer.status_code, Shown.objects.count()) == (200, 1)
    newest = answer.content.decode().partition('data-rev="')[2].partition('"')[0]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get("/s/poll", {"rev": newest}, headers={"X-Fragment": "1"}).status_code == 204
    assert not any("chat_shown" in one["sql"] for one in asked)


def test_whoever_has_ended_the_talk_is_still_shown_what_comes() -> None:
    match = make_match("chatting", *TWO, Sitter("talker"), parameters=LONG)
    act(match, 2, then="ready")
    act(match, 1, message="one")
    browser_of(match, 2).get("/s/")
    assert rows(match) == [("2", "message", 1, "1")]


def test_program_is_shown_what_its_turn_reads_before_it_answers() -> None:
    partner = Sitter("talker", "policy", "talkative", settings=QUICK)
    match = make_match("chatting", Sitter("talker"), partner, parameters=LONG)
    act(match, 1, message="hello")
    runner.drain("bots")
    (shown,) = Shown.objects.all()
    assert (shown.seat.number, shown.seq) == (2, 1)
    assert shown.at <= Entry.objects.get(seat__number=2).at


def test_number_that_was_shown_before_is_kept_once() -> None:
    match = make_match("chatting", *TWO, parameters=LONG)
    seat = match.group.seats.get(number=1)
    act(match, 2, message="one")
    act(match, 2, message="two")
    kept = [
        keep_shown(match.pk, path, seat.pk, seq) for path, seq in [("talk", 2), ("talk", 2), ("talk", 1), ("no", 1)]
    ]
    assert kept == [True, False, False, False]


def test_feed_and_page_without_messages_keep_nothing() -> None:
    match = make_match("feeding", *[Sitter("reader")] * 2)
    act(match, 1, message="news")
    browser_of(match, 2).get("/s/")
    assert not Shown.objects.exists()


def test_verification_names_what_was_shown_before_it_was_said() -> None:
    match = make_match("chatting", *TWO, parameters=LONG)
    act(match, 1, message="one")
    browser_of(match, 2).get("/s/")

    def named() -> set[str]:
        return {one.what for one in check(match.group.version.study, late_after_seconds=1e6).differences}

    assert "message shown before it was said" not in named()
    with erasing():
        Shown.objects.update(at=Entry.objects.get().at - timedelta(seconds=5))
    assert "message shown before it was said" in named()
    with erasing():
        Shown.objects.update(at=clock.now(), seq=2)
    assert "message shown before it was said" in named()


def test_what_somebody_was_shown_is_deleted_with_their_data() -> None:
    match = make_match("chatting", *TWO, parameters=LONG)
    act(match, 1, message="one")
    act(match, 2, message="two")
    for number in (1, 2):
        browser_of(match, number).get("/s/")
    one, other = match.group.seats.order_by("number")
    talk = Conversation.objects.get()
    for reader, writer in ((one, other), (other, one)):
        TypingShown.objects.create(conversation=talk, seat=reader, writer=writer, begun_at=clock.now())
    for reader in (one, other):
        EarlierShown.objects.create(conversation=talk, seat=reader, earlier=talk)
    assert len(list(SEEN.rows(Scope(match.group.version.study)))) == 6
    end_talk(match)
    now = clock.now()
    Group.objects.update(status="complete", ended_at=now - timedelta(minutes=3))
    gone = {"status": "withdrawn", "exit": "left", "withdrawn_at": now, "ended_at": now}
    assert one.participant_id is not None
    Participant.objects.filter(pk=one.participant_id).update(**gone)
    assert [row["what"] for row in SEEN.rows(Scope(match.group.version.study))] == ["earlier"], "held back at once"
    with transaction.atomic():
        due.schedule(erasure.ERASE, f"participant:{one.participant_id}", None)
    runner.drain("jobs")
    assert [shown.seat_id for shown in Shown.objects.all()] == [other.pk]
    assert not TypingShown.objects.exists()
    assert [opened.seat_id for opened in EarlierShown.objects.all()] == [other.pk]
