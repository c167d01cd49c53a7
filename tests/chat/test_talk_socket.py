"""A conversation over sockets: messages in, in their order, lines out at once; what fails becomes a form or a page."""

import asyncio
import json
import threading
import time
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from chat import lines, notices, saying
from chat.models import Conversation, Entry, Shown
from events.announce import LINES
from flow import consumers, talking
from flow.kinds import kind
from flow.models import Match
from flow.pace import MOST, at_sockets
from flow.services import games
from participants.models import Participant
from participants.tokens import digest
from tests.chat.rooms import Sitter, browser_of, make_match
from tests.chat.test_saying import by_form
from tests.chat.test_talks import act
from tests.pages.test_session_socket import Socket, code_of_close

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
TWO = [Sitter("talker"), Sitter("talker")]
FREE = {"quota": 0, "chars": 200}
in_thread = database_sync_to_async


@pytest.fixture
def match(request: pytest.FixtureRequest) -> Match:
    consumers._open.clear()
    at_sockets.clear()
    made = make_match("chatting", *getattr(request, "param", TWO), parameters=FREE)
    for number in (1, 2):
        seat = made.group.seats.get(number=number)
        if seat.participant_id:
            browser_of(made, number)  # its cookie
    return made


def secret_of(match: Match, number: int) -> str:
    person = match.group.seats.get(number=number).participant
    assert person is not None
    return f"secret-{person.code}"


async def socket_of(match: Match, number: int) -> Socket:
    """The socket of somebody's page, once it hears."""
    one = Socket(await in_thread(secret_of)(match, number))
    await one.connect()
    await one.send_to('{"do":"ping"}')
    assert await one.receive_from() == {"do": "pong"}
    await asyncio.sleep(0.2)  # joining is asynchronous
    return one


def frame(match: Match, text: str, *, key: str = "", **more: Any) -> str:
    said = {"do": "say", "talk": lines.name_of(match, "talk"), "key": key or str(uuid4()), "text": text, "how": {}}
    return json.dumps(said | more)


async def told(one: Socket) -> list[tuple[int, str, str]]:
    """The lines in the next frame."""
    got = await one.receive_from()
    assert (got["stream"], set(got)) == ("talk", {"stream", "talk", "lines"}), got
    return [(line["seq"], line["who"], line["text"]) for line in got["lines"]]


async def test_message_is_acknowledged_and_comes_as_a_line_to_everybody_at_once(match: Match) -> None:
    first, second, other_tab = [await socket_of(match, number) for number in (1, 2, 2)]
    for seq, (one, who) in enumerate([(first, "1"), (first, "1"), (second, "2")], start=1):
        key = str(uuid4())
        await one.send_to(frame(match, f"words {seq}", key=key, how={"answers": 0, "sent_ms": 12}))
        name = lines.name_of(match, "talk")
        assert await one.receive_from() == {"stream": "talk", "talk": name, "stored": key, "seq": seq}
        for each in (first, second, other_tab):
            own = (who == "1") == (each is first)
            assert await told(each) == [(seq, "" if own else who, f"words {seq}")]
    assert await first.receive_nothing(timeout=0.6), "no pointer follows"
    shown = await in_thread(lambda: sorted(Shown.objects.values_list("seat__number", "seq")))()
    assert shown == [(1, 3), (2, 1), (2, 2)]
    for one in (first, second, other_tab):
        await one.disconnect()


async def test_no_word_goes_through_redis(match: Match) -> None:
    layer = get_channel_layer()
    assert layer is not None
    channel = await layer.new_channel()
    await layer.group_add(LINES, channel)
    await asyncio.sleep(0.2)
    one = await socket_of(match, 1)
    await one.send_to(frame(match, "a secret"))
    heard = await asyncio.wait_for(layer.receive(channel), 3)
    assert "secret" not in str(heard)
    ((streams, talk, seq, who),) = heard["lines"]
    assert (len(streams), talk, seq, who) == (2, (await in_thread(Conversation.objects.get)()).pk, 1, "")
    await layer.group_discard(LINES, channel)
    await one.disconnect()


@pytest.mark.parametrize("match", [[Sitter("talker"), Sitter("talker", "policy", "talkative")]], indirect=True)
async def test_program_s_message_comes_by_the_same_frames_as_a_person_s(match: Match) -> None:
    one = await socket_of(match, 1)
    seat = await in_thread(lambda: match.group.seats.get(number=2).pk)()
    said = {"match_id": match.pk, "path": "talk", "seat_id": seat, "values": {"message": "hi"}, "source": "policy"}
    await in_thread(games.act)(**said, key="turn:1")
    assert await told(one) == [(1, "2", "hi")]
    assert await one.receive_nothing(timeout=0.6)
    await one.disconnect()


async def test_message_by_form_comes_as_a_line_and_the_end_of_a_talk_as_a_pointer(match: Match) -> None:
    first, second = await socket_of(match, 1), await socket_of(match, 2)
    too_late = frame(match, "too late")
    await in_thread(by_form)(match, 1, "by form", str(uuid4()))
    assert await told(second) == [(1, "1", "by form")]
    assert await told(first) == [(1, "", "by form")]
    await in_thread(act)(match, 2, then="ready")
    await in_thread(by_form)(match, 1, "one more", str(uuid4()))
    assert await told(first) == [(2, "", "one more")]
    assert await second.receive_from() == {"stream": "page", "seq": 2}, "its page shows it, and is another one by now"
    await in_thread(act)(match, 1, then="ready")
    assert (await first.receive_from())["stream"] == "page"
    await first.send_to(too_late)
    assert (await first.receive_from())["form"]
    for one in (first, second):
        await one.disconnect()


async def test_what_came_while_one_was_away_is_a_gap_that_the_page_fills(match: Match) -> None:
    await in_thread(by_form)(match, 1, "before", str(uuid4()))
    one = await socket_of(match, 2)
    await in_thread(by_form)(match, 1, "after", str(uuid4()))
    assert await told(one) == [(2, "1", "after")], "the browser asked for its page when it connected"
    await in_thread(lambda: [by_form(match, 1, f"line {n}", str(uuid4())) for n in (3, 4)])()
    got = [await told(one)]
    while got[-1][-1][0] < 4:
        got.append(await told(one))
    assert [line for each in got for line in each] == [(3, "1", "line 3"), (4, "1", "line 4")]
    await one.disconnect()


@pytest.mark.parametrize(
    "broken",
    [
        {"talk": ""}, {"talk": 7}, {"talk": "x" * 65}, {"key": "k"}, {"key": 7}, {"text": 7}, {"text": None},
        {"how": []}, {"how": {"other": 1}}, {"more": 1}, {"do": "post"}, {"text": "x" * 20_000},
    ],
)  # fmt: skip
async def test_frame_that_no_page_sends_closes_the_socket(match: Match, broken: dict[str, Any]) -> None:
    one = await socket_of(match, 1)
    await one.send_to(frame(match, **{"text": "hello"} | broken))
    assert await code_of_close(one) == 4400


async def test_long_words_of_four_bytes_fit(match: Match) -> None:
    one = await socket_of(match, 1)
    await one.send_to(frame(match, "\U0001f44d" * 200))
    assert (await one.receive_from())["seq"] == 1
    await one.disconnect()


async def test_another_talk_and_a_flood_go_by_the_form(match: Match) -> None:
    one = await socket_of(match, 1)
    key = str(uuid4())
    await one.send_to(frame(match, "hello", key=key, talk="y" * 24))
    assert await one.receive_from() == {"stream": "talk", "talk": "y" * 24, "form": key}
    await asyncio.sleep(1.1)
    for n in range(at_sockets.MOST_IN_A_SECOND + 2):
        await one.send_to(frame(match, f"words {n}"))
    got: list[dict[str, Any]] = []
    while len([each for each in got if "lines" not in each]) < at_sockets.MOST_IN_A_SECOND + 2:
        got.append(await one.receive_from())
    answers = ["stored" if "stored" in each else "form" for each in got if "lines" not in each]
    assert answers == ["stored"] * at_sockets.MOST_IN_A_SECOND + ["form"] * 2
    texts = await in_thread(lambda: list(Entry.objects.order_by("seq").values_list("text", flat=True)))()
    assert texts == [f"words {n}" for n in range(at_sockets.MOST_IN_A_SECOND)]
    await one.disconnect()


async def answers_of(one: Socket, count: int) -> list[str]:
    """What becomes of so many messages."""
    got: list[dict[str, Any]] = []
    while len(got) < count:
        said = await one.receive_from()
        got += [] if "lines" in said else [said]
    return ["stored" if "stored" in each else "form" for each in got]


async def test_messages_of_one_person_count_together_over_several_sockets(match: Match) -> None:
    sockets = [await socket_of(match, 1) for _ in range(2)]
    for n in range(3):
        for one in sockets:
            await one.send_to(frame(match, f"words {n}"))
    answers = [each for one in sockets for each in await answers_of(one, 3)]
    assert sorted(answers) == ["form"] + ["stored"] * at_sockets.MOST_IN_A_SECOND
    for one in sockets:
        await one.disconnect()


async def test_socket_that_is_opened_anew_begins_no_new_count(match: Match) -> None:
    one = await socket_of(match, 1)
    person = await in_thread(lambda: match.group.seats.get(number=1).participant_id)()
    for _ in range(MOST):  # as many as in ten seconds may be sent, and not at once
        at_sockets.is_too_quick(person, asyncio.get_running_loop().time() - 2)
    await one.disconnect()
    again, other = await socket_of(match, 1), await socket_of(match, 2)
    for each in (again, other):
        await each.send_to(frame(match, "hello"))
    assert await answers_of(again, 1) == ["form"]
    assert await answers_of(other, 1) == ["stored"], "each person has a count of their own"
    for each in (again, other):
        await each.disconnect()


async def test_database_that_hangs_holds_up_no_ping_and_a_late_message_is_not_stored(
    match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, usual = threading.Event(), saying.say

    def slowly(*about: Any) -> Any:
        assert hangs.wait(5)
        return usual(*about)

    monkeypatch.setattr(talking, "kind", lambda family, name: slowly if name == "say" else kind(family, name))
    monkeypatch.setattr(talking, "LATE_SECONDS", 0.3)
    one = await socket_of(match, 1)
    await one.send_to(frame(match, "first"))
    await one.send_to(frame(match, "second"))
    began = time.monotonic()
    await one.send_to('{"do":"ping"}')
    assert await one.receive_from() == {"do": "pong"}
    assert time.monotonic() - began < 1
    await asyncio.sleep(0.5)
    hangs.set()
    assert (await one.receive_from())["seq"] == 1
    assert await told(one) == [(1, "", "first")]
    assert (await one.receive_from())["form"], "its browser has sent the form by now, or is about to"
    assert await in_thread(Entry.objects.count)() == 1
    await one.disconnect()


async def test_error_becomes_a_form_and_costs_no_socket(match: Match, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(talking, "kind", lambda _family, _name: broken)
    one, key = await socket_of(match, 1), str(uuid4())
    await one.send_to(frame(match, "hello", key=key))
    assert (await one.receive_from())["form"] == key
    await in_thread(by_form)(match, 1, "hello", key)
    assert (await one.receive_from())["stream"] == "page", "a line that cannot be read is told by the page"
    await one.send_to('{"do":"ping"}')
    assert await one.receive_from() == {"do": "pong"}
    await one.disconnect()


async def test_message_whose_answer_was_lost_is_one_message(match: Match, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: Any, **__: Any) -> None:
        raise ConnectionError  # the process, or the way back, ended between the commit and the answer

    one, second, key = await socket_of(match, 1), await socket_of(match, 2), str(uuid4())
    with monkeypatch.context() as patch:
        patch.setattr(talking.Talking, "_frame", gone)
        await one.send_to(frame(match, "hello", key=key))
        while not await in_thread(Entry.objects.exists)():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
    await one.disconnect()
    assert await in_thread(by_form)(match, 1, "hello", key) == "stored"
    again = await socket_of(match, 1)
    await again.send_to(frame(match, "hello", key=key))
    assert (await again.receive_from())["seq"] == 1
    assert await in_thread(lambda: list(Entry.objects.values_list("text", "key")))() == [("hello", key)]
    for each in (again, second):
        await each.disconnect()


async def test_message_is_a_sign_of_life_and_one_in_a_while_is_enough(
    match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived: list[int] = []
    monkeypatch.setattr(talking.people, "touch", lambda person: lived.append(person.pk))
    one = await socket_of(match, 1)
    for n in (1, 2):
        await one.send_to(frame(match, f"words {n}"))
        assert (await one.receive_from())["seq"] == n
        await told(one)
    person = await in_thread(lambda: match.group.seats.get(number=1).participant_id)()
    assert lived == [person]
    await one.disconnect()


async def test_stranger_and_whoever_is_revoked_say_nothing(match: Match) -> None:
    stranger = Socket("nobody")
    await stranger.connect()
    assert await code_of_close(stranger) == 4401
    one = await socket_of(match, 1)
    await in_thread(lambda: Participant.objects.filter(seats__number=1).update(token_sha256=digest("another")))()
    await in_thread(by_form)(match, 2, "not for this browser", str(uuid4()))
    assert await one.receive_nothing(timeout=0.6), "the stream has another name by now"
    await one.disconnect()


async def test_typing_is_told_before_the_message_that_was_typed_and_ends_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumers._open.clear()
    at_sockets.clear()
    match = await in_thread(make_match)("chatting", *TWO, parameters=FREE | {"typing": "shown"})
    await in_thread(browser_of)(match, 1)
    order: list[str] = []

    def slowly(family: str, name: str) -> Any:
        def call(*about: Any, **more: Any) -> Any:
            time.sleep(0.3 if family == "typing" else 0)
            order.append(name)
            return kind(family, name)(*about, **more)

        return call

    for module in (consumers, talking):
        monkeypatch.setattr(module, "kind", slowly)
    one = await socket_of(match, 1)
    await one.send_to('{"do":"typing"}')
    await one.send_to(frame(match, "hello"))
    assert (await one.receive_from())["seq"] == 1
    await asyncio.sleep(0.5)
    assert order[:2] == ["by_person", "say"]
    assert await in_thread(lambda: notices.seen_by(match, match.group.seats.get(number=2)))() == []
    await one.disconnect()


async def test_line_that_comes_when_the_page_is_asked_for_is_told(
    match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = talking.Hub.follow

    async def slowly(*about: Any) -> None:
        await asyncio.sleep(0.5)
        await usual(*about)

    monkeypatch.setattr(talking.Hub, "follow", slowly)
    one = Socket(await in_thread(secret_of)(match, 2))
    await one.connect()  # at this its browser asks for its page
    await in_thread(by_form)(match, 1, "hello", str(uuid4()))
    assert await told(one) == [(1, "1", "hello")]
    await one.disconnect()


async def test_browser_whose_secret_was_replaced_says_nothing_more(match: Match) -> None:
    one, key = await socket_of(match, 1), str(uuid4())
    await one.send_to(frame(match, "hello"))
    assert (await one.receive_from())["seq"] == 1
    await told(one)
    await in_thread(lambda: Participant.objects.filter(seats__number=1).update(token_sha256=digest("another")))()
    await one.send_to(frame(match, "not from here", key=key))
    assert (await one.receive_from())["form"] == key, "its form is told that it is not known any more"
    assert await in_thread(Entry.objects.count)() == 1
    await one.disconnect()


async def test_last_socket_leaves_nothing_behind(match: Match) -> None:
    one, layer = await socket_of(match, 1), get_channel_layer()
    hub = talking.Hub.of(layer)
    assert hub._hearing is not None
    await one.disconnect()
    assert hub._hearing is None
    assert not hub._followers
    again = await socket_of(match, 1)
    await in_thread(by_form)(match, 2, "hello", str(uuid4()))
    assert await told(again) == [(1, "2", "hello")]
    await again.disconnect()
