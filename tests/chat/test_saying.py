"""A message over a socket: stored as its form would be in the ordinary case, and nothing changed in any other."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chat import lines, saying, services
from chat.models import Conversation, Entry, Shown
from events import announce, clock, runner
from events.models import Due, Event
from flow.deadlines import GRACE
from flow.models import Act, Match, Submission
from flow.queries import rev_of
from flow.said import News, Said, Taken
from flow.services import games, sessions
from matching.models import Seat
from participants.models import Participant
from participants.tokens import stream_name
from scheduling.models import ScheduledSession, Session
from tests.bots.test_turns import QUICK
from tests.chat.rooms import Sitter, browser_of, end_talk, make_match
from tests.chat.test_between_people import session_of
from tests.chat.test_post_entry import together
from tests.chat.test_talks import act
from tests.machinery.erasing import erasing
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
TWO = [Sitter("talker"), Sitter("talker")]
FREE = {"quota": 0, "chars": 40}
KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


def person_in(match: Match, number: int) -> int:
    """The key of the person in a seat."""
    found = match.group.seats.get(number=number).participant_id
    assert found is not None
    return found


def say(match: Match, number: int, text: str, *, key: str = "", talk: str = "", **how: str) -> Taken:
    """Somebody's socket brings a message."""
    said = Said(talk or lines.name_of(match, match.path), key or str(uuid4()), text, how)
    return saying.say(person_in(match, number), stream_in(match, number), None, said)


def stream_in(match: Match, number: int) -> str:
    """Where the browser of the person in a seat hears of news."""
    return stream_name(Participant.objects.get(pk=person_in(match, number)).token_sha256)


def told(match: Match, number: int, *, after: int = 0) -> list[tuple[int, str, str]] | None:
    """The lines that somebody's socket is told; None where its page tells it."""
    talk = Conversation.objects.get(match=match, path="talk").pk
    found = lines.new(person_in(match, number), None, talk, after).lines
    return None if found is None else [(one["seq"], one["who"], one["text"]) for one in found]


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What leaves this process for sockets and workers."""
    found: list[tuple[str, Any]] = []

    def line(streams: Sequence[str], talk: int, seq: int, who: str) -> None:
        found.append(("line", (set(streams), talk, seq)))

    monkeypatch.setattr(announce, "line", line)
    monkeypatch.setattr(announce, "pointer", lambda stream, seq: found.append(("pointer", (stream, seq))))
    monkeypatch.setattr(announce, "hint", lambda queue, due_id: found.append(("hint", (queue, due_id))))
    return found


def test_ordinary_message_is_stored_as_its_form_would_be(announced: list[tuple[str, Any]]) -> None:
    match = make_match("chatting", *TWO, parameters=FREE | {"pastes": "recorded"})
    announced.clear()
    how = {"answers": "0", "first_key_ms": "120", "sent_ms": "900", "edits": "1", "pastes": "2", "blurs": "3"}
    taken = say(match, 1, "  hello  ", key=KEY, **how)
    entry = Entry.objects.get()
    assert (taken.seq, taken.line) == (1, {"seq": 1, "who": "", "text": "hello"})
    assert (entry.seq, entry.kind, entry.text, entry.key, entry.seat.number) == (1, "message", "hello", KEY, 1)
    assert (entry.answers, entry.first_key_ms, entry.sent_ms) == (0, 120, 900)
    assert (entry.edits, entry.pastes, entry.blurs) == (1, 2, 3)
    event = Event.objects.get(kind="chat.entry")
    told = {"match": match.pk, "path": "talk", "rev": match.rev, "seat": entry.seat_id, "seq": 1, "kind": "message"}
    assert event.facts == told | {"by_socket": True}
    tokens = Participant.objects.filter(seats__group=match.group).values_list("token_sha256", flat=True)
    assert announced == [("line", ({stream_name(token) for token in tokens}, entry.conversation_id, 1))]


def test_it_takes_few_statements() -> None:
    match = make_match("chatting", *TWO, parameters=FREE)
    room = say(match, 1, "first").room
    person, other = person_in(match, 1), person_in(match, 2)
    said, stream = Said(lines.name_of(match, "talk"), KEY, "second"), stream_in(match, 1)
    with CaptureQueriesContext(connection) as asked:
        assert saying.say(person, stream, room, said).seq == 2
    words = [one["sql"].split()[0] for one in asked if one["sql"].split()[0] not in {"BEGIN", "COMMIT"}]
    assert words == ["SELECT"] * 5 + ["UPDATE", "INSERT", "INSERT"], "in two ways to the server"
    seat, talk = match.group.seats.get(number=2), Conversation.objects.get()
    reader = lines.room_of(other)
    with CaptureQueriesContext(connection) as asked:
        assert lines.new(other, reader, talk.pk, 0).lines
    assert len(asked) == 1
    assert Shown.objects.get(seat=seat).seq == 2


def ready(match: Match) -> None:
    act(match, 1, then="ready")


def over(match: Match) -> None:
    end_talk(match)


def late(match: Match) -> None:
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=3))


def left(match: Match) -> None:
    match.group.seats.filter(number=1).update(status=Seat.Status.LEFT)


def gone(match: Match) -> None:
    Session.objects.filter(seats__group=match.group, seats__number=1).update(status=Session.Status.FINISHED)


def missed(match: Match) -> None:
    Participant.objects.filter(pk=person_in(match, 1)).update(strikes=1)


def closed(match: Match) -> None:
    Conversation.objects.filter(match=match).update(closed_at=clock.now())


def overdue(match: Match) -> None:
    visit_until(match, clock.now() - GRACE - timedelta(seconds=1))


def visit_until(match: Match, ends: datetime) -> None:
    """The person in the first seat is in a visit whose time ends then."""
    session = Session.objects.get(seats__group=match.group, seats__number=1)
    window = {"opens_at": ends - timedelta(days=1), "closes_at": ends, "grace_until": ends}
    ScheduledSession.objects.create(
        participant=session.participant, session=session, number=1, repeat=1, wave="main", state="started", **window
    )


@pytest.mark.parametrize(
    ("before", "text", "parameters"),
    [
        (ready, "hello", {}),
        (over, "hello", {}),
        (late, "hello", {}),
        (left, "hello", {}),
        (gone, "hello", {}),
        (missed, "hello", {}),
        (closed, "hello", {}),
        (overdue, "hello", {}),
        (None, "hello", {"quota": 5}),
        (None, "x" * 41, {}),
        (None, "   ", {}),
        (None, "hello", {"least": 6}),
        (None, "a\x00b", {}),
        (None, "a\ud800b", {}),
        (None, "anna@example.org", {}),
    ],
)
def test_what_is_not_ordinary_changes_nothing(
    before: Callable[[Match], None] | None, text: str, parameters: dict[str, Any]
) -> None:
    match = make_match("chatting", *TWO, parameters=FREE | parameters)
    name = lines.name_of(match, "talk")
    known = lines.room_of(person_in(match, 1))
    if before is not None:
        before(match)
    counts = [model.objects.count() for model in (Entry, Event, Due, Act, Shown)]
    for room in (known, None):  # what a socket knows from before, and what it finds anew
        taken = saying.say(person_in(match, 1), stream_in(match, 1), room, Said(name, KEY, text))
        assert (taken.seq, taken.line) == (0, None)
    assert [model.objects.count() for model in (Entry, Event, Due, Act, Shown)] == counts
    assert Conversation.objects.get(match=match, path="talk").last_seq == 0


def test_another_talk_is_none_of_theirs() -> None:
    match, other = (make_match("chatting", *TWO, parameters=FREE) for _ in range(2))
    assert say(match, 1, "hello", talk=lines.name_of(other, "talk")).seq == 0
    assert say(match, 1, "hello", talk="x" * 24).seq == 0
    assert saying.say(10**9, "", None, Said("x", KEY, "hello")) == Taken(None)
    assert lines.name_of(match, "talk") != lines.name_of(match, "answer")
    assert not Entry.objects.exists()


def test_visit_whose_time_is_not_over_is_ordinary() -> None:
    match = make_match("chatting", *TWO, parameters=FREE)
    visit_until(match, clock.now())
    assert say(match, 1, "hello").seq == 1, "what was sent in time may arrive a little late"


def test_what_was_shown_is_kept_while_somebody_else_s_message_is_being_stored() -> None:
    match = make_match("chatting", *TWO, parameters=FREE)
    say(match, 1, "first")
    seat = match.group.seats.get(number=2).pk

    def keep() -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            return services.keep_shown(match.pk, "talk", seat, 1)

    with transaction.atomic():
        assert say(match, 1, "second").seq == 2
        assert together([keep]) == [True], "it waits for no message"


def test_whoever_has_left_is_told_of_no_line(announced: list[tuple[str, Any]]) -> None:
    match = make_match("chatting", *TWO, Sitter("talker"), parameters=FREE)
    for number in (1, 2, 3):
        browser_of(match, number)  # each gets a stream of their own
    left(match)
    announced.clear()
    say(match, 2, "hello")
    ((_, (streams, *_rest)),) = announced
    assert streams == {stream_in(match, 2), stream_in(match, 3)}


def by_form(match: Match, number: int, text: str, key: str) -> str:
    session = session_of(match, number)
    return sessions.submit(session.pk, key=UUID(key), rev=rev_of(session), data={"message": text}).outcome


def test_one_key_is_one_entry_by_whichever_way_it_comes_first() -> None:
    match = make_match("chatting", *TWO, parameters=FREE)
    first, second = str(uuid4()), str(uuid4())
    assert say(match, 1, "one", key=first).seq == 1
    assert by_form(match, 1, "one", first) == "stored", "the answer was lost, and the form was sent"
    assert by_form(match, 1, "two", second) == "stored"
    again = say(match, 1, "two", key=second)
    assert (again.seq, again.line) == (2, None)
    assert say(match, 1, "one", key=first).seq == 1
    assert say(match, 1, "another", key=first).seq == 0, "the form says what follows"
    assert [(one.seq, one.key, one.text) for one in Entry.objects.order_by("pk")] == [
        (1, first, "one"), (2, second, "two"),
    ]  # fmt: skip
    assert Event.objects.filter(kind="chat.entry").count() == 2
    assert Submission.objects.count() == 2


def test_many_at_once_are_numbered_without_a_gap_and_each_one_s_in_its_order() -> None:
    match = make_match("chatting", *TWO, parameters=FREE)

    def several(number: int) -> None:
        for index in range(6):
            key = str(uuid4())
            results = [say(match, number, f"{number}/{index}", key=key).seq for _ in range(2)]
            assert results[0] == results[1] > 0

    together([lambda: several(1), lambda: several(2), lambda: several(1)])
    entries = list(Entry.objects.order_by("seq"))
    assert [one.seq for one in entries] == list(range(1, 19))
    own = [one.text for one in entries if one.seat.number == 2]
    assert own == [f"2/{index}" for index in range(6)]


def test_program_hears_what_came_over_a_socket_and_where_there_is_none_no_row_is_written() -> None:
    people = make_match("chatting", *TWO, parameters=FREE)
    say(people, 1, "hello")
    assert not Due.objects.filter(reaction="bots.turns.hear").exists()
    program = Sitter("talker", "policy", "talkative", settings=QUICK)
    mixed = make_match("chatting", Sitter("talker"), program, parameters=FREE)
    say(mixed, 1, "hello")
    assert Due.objects.filter(reaction="bots.turns.hear", outcome="").count() == 1
    runner.drain("bots")
    answer = Entry.objects.get(seat__number=2)
    assert (answer.seq, answer.answers) == (2, 1)
    assert told(mixed, 1, after=1) == [(2, "2", answer.text)]


def test_lines_are_the_page_s_own_whoever_wrote_them_and_by_whichever_way(announced: list[tuple[str, Any]]) -> None:
    match = make_match("chatting", *TWO, Sitter("talker", "policy", "talkative"), parameters=FREE)
    announced.clear()
    say(match, 1, "by socket")
    act(match, 2, message="by form\u202e")
    seat = match.group.seats.get(number=3)
    values = {"message": "made"}
    games.act(match_id=match.pk, path="talk", seat_id=seat.pk, values=values, source="policy", key="turn:1")
    assert told(match, 1) == [(1, "", "by socket"), (2, "2", "by form"), (3, "3", "made")]
    assert told(match, 2) == [(1, "1", "by socket"), (2, "", "by form"), (3, "3", "made")]
    assert told(match, 2, after=3) == []
    html = browser_of(match, 2).get("/s/").content.decode()
    assert f'data-talk="{lines.name_of(match, "talk")}" data-you="You"' in html
    for seq, who, text in told(match, 2) or []:
        assert f'data-seq="{seq}"><span class="who">{who or "You"}</span><p class="said">{text}</p></li>' in html
    sent = [what for what in announced if what[0] != "hint"]
    assert [(what, about[-1]) for what, about in sent] == [("line", 1), ("line", 2), ("line", 3)], "no pointer"


def test_what_was_told_is_kept_as_shown_and_one_s_own_words_are_not() -> None:
    match = make_match("chatting", *TWO, parameters=FREE)
    say(match, 1, "one")
    say(match, 1, "two")
    told(match, 1)
    assert not Shown.objects.exists()
    for after in (0, 1, 0, 2):
        told(match, 2, after=after)
    assert [(one.seat.number, one.seq) for one in Shown.objects.all()] == [(2, 2)]
    say(match, 2, "three")
    told(match, 1, after=2)
    assert [(one.seat.number, one.seq) for one in Shown.objects.order_by("pk")] == [(2, 2), (1, 3)]
    browser_of(match, 1).get("/s/")
    assert Shown.objects.count() == 2, "a page finds it kept"


def test_whoever_cannot_be_told_by_a_line_is_told_by_their_page() -> None:
    match = make_match("chatting", *TWO, Sitter("talker"), parameters=FREE)
    say(match, 1, "one")
    act(match, 2, then="ready")
    assert told(match, 2) is None
    match.group.seats.filter(number=3).update(status=Seat.Status.LEFT)
    assert told(match, 3) is None
    assert told(match, 1) == [(1, "", "one")]
    other = make_match("chatting", *TWO, parameters=FREE)
    talk = Conversation.objects.get(match=match).pk
    assert lines.new(person_in(other, 1), lines.room_of(person_in(other, 1)), talk, 0).lines is None
    assert not Shown.objects.exists()


@pytest.mark.parametrize("knows", [True, False])
def test_of_a_talk_that_is_over_there_is_no_line_and_nothing_to_point_at(knows: bool) -> None:
    """What ended it points at another page. A second pointer, of the last line, would come before or after that one by
    how busy the process is in which somebody spoke: a person's that draws a page, or a program's that does not."""
    match = make_match("chatting", *TWO, parameters=FREE)
    talk = Conversation.objects.get(match=match).pk
    known = lines.room_of(person_in(match, 2)) if knows else None
    say(match, 1, "one")
    over(match)
    assert lines.new(person_in(match, 2), known, talk, 0) == News(None, [])
    assert not Shown.objects.exists()


def test_whoever_has_used_their_quota_is_told_by_their_page() -> None:
    match = make_match("chatting", *TWO, parameters={"quota": 2})
    act(match, 1, message="one")
    assert told(match, 1) == [(1, "", "one")]
    assert told(match, 2) == [(1, "1", "one")]
    act(match, 1, message="two")
    assert told(match, 1) is None, "its page has no log any more"
    assert told(match, 2, after=1) == [(2, "1", "two")]


def test_page_that_lacks_only_lines_that_it_was_told_is_not_sent_again() -> None:
    match = make_match("chatting", *TWO, parameters=FREE | {"turns": 2})
    act(match, 1, message="one")
    client = browser_of(match, 2)
    html = client.get("/s/").content.decode()
    rev = html.partition('data-rev="')[2].partition('"')[0]
    assert 'data-drawn="1"' in html

    def polled(**more: str | int) -> int:
        return client.get("/s/poll", {"rev": rev, **more}, headers={"X-Fragment": "1"}).status_code

    assert polled(drawn=1, read=1) == 204
    say(match, 1, "two")
    assert polled() == 200
    assert polled(drawn=1, read=1) == 200, "a line that it was not told"
    assert polled(drawn=1, read=2) == 204
    assert [polled(drawn=drawn, read=2) for drawn in (0, 2, "", "x", "9" * 10)] == [200] * 5
    say(match, 2, "three")
    assert polled(drawn=1, read=3) == 204
    say(match, 2, "four")
    assert polled(drawn=1, read=4) == 200, "the talk may be ended now, and the page has no button for it"
    assert polled(drawn=1, read=4, digest="x") == 200
    assert "data-drawn" not in browser_of(make_match("feeding", *[Sitter("reader")] * 2), 1).get("/s/").content.decode()


def test_every_study_checks_out_whether_messages_came_by_form_or_socket() -> None:
    match = make_match("chatting", *TWO, parameters=FREE)
    say(match, 1, "one")
    by_form(match, 2, "two", str(uuid4()))
    told(match, 2)

    def named() -> set[str]:
        return {one.what for one in check(match.group.version.study, late_after_seconds=1e6).differences}

    before = named()
    assert not before & {"entry without a form", "numbers of entries", "events of a conversation"}
    with erasing():
        event = Event.objects.get(kind="chat.entry", facts__by_socket=True)
        event.facts.pop("by_socket")
        event.save(update_fields=["facts"])
    assert named() == before | {"entry without a form"}
