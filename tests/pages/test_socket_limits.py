"""How much one person may say over sockets, whatever it is, and how often they may open one."""

from unittest import mock

import pytest

from flow import consumers
from flow.pace import at_sockets
from participants.models import Participant
from tests.pages.test_session_socket import SECRET, MakeGroup, Socket, code_of_close, person_with_secret

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


@pytest.fixture
def person(make_group: MakeGroup) -> Participant:
    return person_with_secret(make_group)


async def pongs_of(one: Socket, most: int) -> int:
    """How many pings of so many are answered before the socket is closed with the word to come later."""
    for _ in range(most):
        await one.send_to('{"do":"ping"}')
    answers = 0
    while (message := await one.receive_output(timeout=3))["type"] == "websocket.send":
        answers += 1
    assert (message["type"], message["code"]) == ("websocket.close", 1013), "it polls, and opens another one later"
    return answers


async def test_flood_of_frames_closes_and_another_socket_is_not_let_in_meanwhile(person: Participant) -> None:
    one = Socket(SECRET)
    await one.connect()
    assert await pongs_of(one, at_sockets.MOST_FRAMES + 2) == at_sockets.MOST_FRAMES
    assert await one.receive_nothing(timeout=0.3)
    await one.disconnect()
    for _ in range(2):
        again = Socket(SECRET)
        await again.connect()
        assert await code_of_close(again) == 1013
    assert not consumers._open
    at_sockets.clear()  # as ten seconds later
    later = Socket(SECRET)
    await later.connect()
    await later.send_to('{"do":"ping"}')
    assert await later.receive_from() == {"do": "pong"}
    await later.disconnect()


async def test_frames_of_all_sockets_of_a_person_count_together_however_often_they_are_opened(
    person: Participant,
) -> None:
    answers = 0
    first = Socket(SECRET)
    await first.connect()
    for _ in range(2):
        one = Socket(SECRET)
        await one.connect()
        for _ in range(20):
            await one.send_to('{"do":"ping"}')
            assert await one.receive_from() == {"do": "pong"}
            answers += 1
        await one.disconnect()
    assert answers + await pongs_of(first, 40) == at_sockets.MOST_FRAMES
    await first.disconnect()


async def test_sockets_that_are_opened_time_and_again_cost_no_look_into_the_database(
    person: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = mock.Mock(wraps=consumers.participant_of_scope)
    monkeypatch.setattr(consumers, "participant_of_scope", looked)
    codes = []
    for _ in range(at_sockets.MOST_OPENED + 3):
        one = Socket("a-secret-of-nobody")
        await one.connect()
        codes.append(await code_of_close(one))
    assert codes == [4401] * at_sockets.MOST_OPENED + [1013] * 3
    assert looked.call_count == at_sockets.MOST_OPENED
    known = Socket(SECRET)
    await known.connect()
    await known.send_to('{"do":"ping"}')
    assert await known.receive_from() == {"do": "pong"}, "that is nobody else's affair"
    await known.disconnect()
