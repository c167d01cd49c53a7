"""The socket of a session: hints out, pings in, and nothing else."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import OperationalError

from events.announce import LINES
from flow import consumers, talking
from flow.consumers import SessionConsumer
from flow.pace import at_sockets
from matching.models import Group
from participants.access import cookie_name
from participants.models import Participant
from participants.services import enter, make_link
from participants.tokens import digest

MakeGroup = Callable[..., Group]
# The consumer asks the database from a thread with a connection of its own.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SECRET = "a-secret"


def scope_of(secret: str) -> dict[str, Any]:
    headers = [(b"cookie", f"{cookie_name()}={secret}".encode())] if secret else []
    return {"type": "websocket", "path": "/ws/session", "headers": headers, "subprotocols": []}


class Socket(ApplicationCommunicator):
    """A browser's end. (channels.testing has one, but its package imports daphne, which is not installed.)"""

    def __init__(self, secret: str) -> None:
        super().__init__(SessionConsumer.as_asgi(), scope_of(secret))

    async def connect(self) -> None:
        await self.send_input({"type": "websocket.connect"})
        assert (await self.receive_output(timeout=3))["type"] == "websocket.accept"

    async def send_to(self, text: str | None = None, data: bytes | None = None) -> None:
        await self.send_input({"type": "websocket.receive", "text": text, "bytes": data})

    async def receive_from(self) -> Any:
        message = await self.receive_output(timeout=3)
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wait(timeout=3)


async def code_of_close(one: Socket) -> int:
    message = await one.receive_output(timeout=3)
    assert message["type"] == "websocket.close"
    return int(message["code"])


@pytest.fixture
def person(make_group: MakeGroup) -> Participant:
    return person_with_secret(make_group)


def person_with_secret(make_group: MakeGroup) -> Participant:
    """Somebody in a group whose browser carries `SECRET`, and of whose sockets nothing is remembered."""
    found = make_group("giver", "taker").seats.get(number=1).participant
    assert found is not None
    Participant.objects.filter(pk=found.pk).update(token_sha256=digest(SECRET))
    consumers._open.clear()
    at_sockets.clear()
    return found


@pytest.mark.parametrize("secret", ["", "foreign", "x" * 500])
async def test_stranger_is_told_and_closed(person: Participant, secret: str) -> None:
    one = Socket(secret)
    await one.connect()
    assert await code_of_close(one) == 4401


async def test_who_is_not_known_yet_is_not_let_in_nor_answered(
    person: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def slowly(scope: Any) -> None:
        asked.set()
        assert may_answer.wait(5)

    monkeypatch.setattr(consumers, "participant_of_scope", slowly)
    one = Socket("stranger")
    await one.send_input({"type": "websocket.connect"})
    while not asked.is_set():
        await asyncio.sleep(0.01)
    await one.send_to('{"do":"ping"}')
    assert await one.receive_nothing(timeout=0.3)
    may_answer.set()
    assert (await one.receive_output(timeout=3))["type"] == "websocket.accept"
    assert await code_of_close(one) == 4401
    assert await one.receive_nothing(timeout=0.3)


async def test_pointer_reaches_the_page_without_the_name_of_its_stream(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    stream = f"session-{digest(SECRET)[:32]}"
    await deliver(stream, {"type": "pointer", "stream": stream, "seq": 7})
    assert await one.receive_from() == {"stream": "page", "seq": 7}
    await one.disconnect()


async def test_pointers_of_two_processes_keep_the_same_distance_as_those_of_one(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    stream = f"session-{digest(SECRET)[:32]}"
    await deliver(stream, {"type": "pointer", "stream": stream, "seq": 1})
    assert (await one.receive_from())["seq"] == 1
    layer = get_channel_layer()
    assert layer is not None
    for seq in (2, 3):  # past every announcer, as from processes that know nothing of each other
        await layer.group_send(stream, {"type": "pointer", "stream": stream, "seq": seq})
    assert await one.receive_nothing(timeout=0.1)
    assert (await one.receive_from())["seq"] == 3
    await one.disconnect()


async def test_pointers_come_at_ticks_whenever_something_happened(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    stream, clock = f"session-{digest(SECRET)[:32]}", asyncio.get_running_loop().time
    await deliver(stream, {"type": "pointer", "stream": stream, "seq": 1})
    await one.receive_from()
    layer, came = get_channel_layer(), []
    assert layer is not None
    for seq in range(2, 8):
        await asyncio.sleep(0.3 + seq * 0.037)
        await layer.group_send(stream, {"type": "pointer", "stream": stream, "seq": seq})
        assert (await one.receive_from())["seq"] == seq
        came.append(clock())
    apart = [(at - came[0]) / consumers.QUIET_SECONDS for at in came[1:]]
    assert [abs(each - round(each)) < 0.2 for each in apart] == [True] * 5, apart
    await one.disconnect()


async def test_writing_that_comes_later_than_its_message_is_not_told(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    stream, layer = f"session-{digest(SECRET)[:32]}", get_channel_layer()
    assert layer is not None
    await asyncio.sleep(0.3)
    await come(stream, seq=4)
    await layer.group_send(stream, writing(seconds=5) | {"talk": 7})  # begun after 3: by another process, and later
    assert await one.receive_nothing(timeout=0.6)
    for told in ({"talk": 7, "after": 4}, {"talk": 8, "after": 0}):  # the next message, and another conversation
        await layer.group_send(stream, writing(seconds=0.3, begun_at=f"2026-11-20T12:00:0{told['talk']}+00:00") | told)
        assert await one.receive_from() == {"stream": "typing", "who": "B", "is": True, "after": told["after"]}
        assert (await one.receive_from())["is"] is False
    await one.disconnect()


def writing(*, seconds: float, begun_at: str = "2026-11-20T12:00:00+00:00", who: str = "B") -> dict[str, Any]:
    """As `chat.notices` tells it."""
    return {"type": "notice", "who": who, "after": 3, "begun_at": begun_at, "seconds": seconds}


async def test_writing_is_told_once_however_often_it_is_renewed_and_again_when_it_fades(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    stream, layer = f"session-{digest(SECRET)[:32]}", get_channel_layer()
    assert layer is not None
    await deliver(stream, writing(seconds=1))
    assert await one.receive_from() == {"stream": "typing", "who": "B", "is": True, "after": 3}
    for _ in range(3):
        await asyncio.sleep(0.3)
        await layer.group_send(stream, writing(seconds=1))
    assert await one.receive_nothing(timeout=0.6)
    assert await one.receive_from() == {"stream": "typing", "who": "B", "is": False}
    assert await one.receive_nothing(timeout=0.6)
    await one.disconnect()


async def test_writing_that_comes_to_a_message_is_followed_by_its_pointer_alone(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    stream, layer = f"session-{digest(SECRET)[:32]}", get_channel_layer()
    assert layer is not None
    await deliver(stream, writing(seconds=30))
    assert (await one.receive_from())["is"] is True
    await come(stream, seq=4)
    await layer.group_send(stream, {"type": "pointer", "stream": stream, "seq": 4})
    assert await one.receive_from() == {"stream": "page", "seq": 4}
    assert await one.receive_nothing(timeout=0.6)
    await layer.group_send(stream, writing(seconds=0.2) | {"talk": 7, "after": 4})
    await come(stream, seq=5)
    assert await one.receive_nothing(timeout=0.6), "what began and came between two ticks is told by its message alone"
    await one.disconnect()


async def test_notices_keep_the_ticks_of_pointers(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    stream, clock = f"session-{digest(SECRET)[:32]}", asyncio.get_running_loop().time
    layer, came = get_channel_layer(), []
    assert layer is not None
    await deliver(stream, {"type": "pointer", "stream": stream, "seq": 1})
    await one.receive_from()
    came.append(clock())
    for number in range(1, 6):
        await asyncio.sleep(0.3 + number * 0.037)
        await layer.group_send(stream, writing(seconds=0.4, begun_at=f"2026-11-20T12:00:0{number}+00:00"))
        assert (await one.receive_from())["is"] is True
        came.append(clock())
        assert (await one.receive_from())["is"] is False
        came.append(clock())
    apart = [(at - came[0]) / consumers.QUIET_SECONDS for at in came[1:]]
    assert [abs(each - round(each)) < 0.2 for each in apart] == [True] * 10, apart
    await one.disconnect()


async def test_typing_is_heard_at_most_once_a_second_and_answered_with_nothing(
    person: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(talking, "kind", lambda family, name: lambda *about, **_: heard.append((family, name, *about)))
    one = Socket(SECRET)
    await one.connect()
    await one.send_to('{"do":"ping"}')
    await one.receive_from()
    for _ in range(5):
        await one.send_to('{"do":"typing"}')
    assert await one.receive_nothing(timeout=0.3)
    assert heard == [("typing", "by_person", person.pk)]
    monkeypatch.setattr(consumers, "LEAST_BETWEEN_SECONDS", 0.0)
    await asyncio.sleep(0.8)
    await one.send_to('{"do":"typing"}')
    assert await one.receive_nothing(timeout=0.3)
    assert len(heard) == 2
    await one.disconnect()


async def test_hint_that_cannot_be_kept_costs_no_socket(person: Participant, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise OperationalError("the database is away")

    for module in (consumers, talking):
        monkeypatch.setattr(module, "kind", lambda _family, _name: gone)
    one = Socket(SECRET)
    await one.connect()
    await deliver(f"session-{digest(SECRET)[:32]}", writing(seconds=5))
    assert (await one.receive_from())["stream"] == "typing"
    await one.send_to('{"do":"typing"}')
    await one.send_to('{"do":"ping"}')
    assert await one.receive_from() == {"do": "pong"}
    await one.disconnect()


async def test_ping_is_answered(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    await one.send_to('{"do":"ping"}')
    assert await one.receive_from() == {"do": "pong"}
    await one.disconnect()


@pytest.mark.parametrize(
    "frame",
    [
        "", "{", "[]", "7", '{"do":"post"}', '{"do":"ping","x":1}', "[" * 1000, '"' + "x" * 2000 + '"',
        '{"do":"typing","key":"x"}', '{"do":"typing","key":7}', '{"do":"typing","more":1}', '{"do":["typing"]}',
    ],
)  # fmt: skip
async def test_malformed_frame_closes(person: Participant, frame: str) -> None:
    one = Socket(SECRET)
    await one.connect()
    await one.send_to(frame)
    assert await code_of_close(one) == 4400


async def test_bytes_close(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    await one.send_to(data=b'{"do":"ping"}')
    assert await code_of_close(one) == 4400


def arrived(*texts: str) -> asyncio.Queue[dict[str, Any]]:
    """What the server hands over, all at once: a connection, its frames, and that it is gone."""
    found: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    frames: list[dict[str, Any]] = [{"type": "websocket.receive", "text": text} for text in texts]
    around: list[dict[str, Any]] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]
    for one in (around[0], *frames, around[1]):
        found.put_nowait(one)
    return found


async def test_two_bad_frames_at_once_close_once_and_leave_nothing_behind(person: Participant) -> None:
    sent: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        if "websocket.close" in sent:  # as uvicorn
            raise RuntimeError("Unexpected ASGI message")
        sent.append(message["type"])

    await SessionConsumer.as_asgi()(scope_of(SECRET), arrived("bad", "bad", '{"do":"ping"}').get, send)
    assert sent == ["websocket.accept", "websocket.close"]
    assert not consumers._open
    assert not talking.Hub.of(get_channel_layer())._followers


async def test_error_on_the_way_leaves_nothing_behind(person: Participant) -> None:
    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await SessionConsumer.as_asgi()(scope_of(SECRET), arrived('{"do":"ping"}').get, send)
    assert not consumers._open
    assert not talking.Hub.of(get_channel_layer())._followers


async def test_fourth_socket_of_one_person_is_closed_and_a_closed_one_makes_room(person: Participant) -> None:
    three = [Socket(SECRET) for _ in range(3)]
    for one in three:
        await one.connect()
        await one.send_to('{"do":"ping"}')  # connect() returns at accept; the count is taken after it
        await one.receive_from()
    fourth = Socket(SECRET)
    await fourth.connect()
    assert await code_of_close(fourth) == 4429
    await three[0].disconnect()
    again = Socket(SECRET)
    await again.connect()
    await again.send_to('{"do":"ping"}')
    assert await again.receive_from() == {"do": "pong"}
    for one in (*three[1:], again):
        await one.disconnect()


async def test_socket_of_a_browser_is_closed_when_the_link_is_redeemed_in_another(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    await asyncio.sleep(0.3)  # joining is asynchronous
    await database_sync_to_async(redeemed_elsewhere)(person)
    assert await code_of_close(one) == 4401


def redeemed_elsewhere(person: Participant) -> None:
    token = make_link(person.study, participant=person)
    assert enter(token, form_key="k" * 40).participant == person


async def come(stream: str, *, seq: int) -> None:
    """Tell, as `chat.storing` does, that a line by B has come; of a talk that is over, so that nothing is read."""
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(LINES, {"type": "lines", "lines": [([stream], 7, seq, "B")]})


async def deliver(stream: str, message: dict[str, Any]) -> None:
    """Send until Redis has the subscription: joining is asynchronous, and a hint to nobody is lost by design."""
    layer = get_channel_layer()
    assert layer is not None
    await asyncio.sleep(0.3)
    await layer.group_send(stream, message)
