"""What may change while a socket is open: whoever is in the talk no more hears no line of it, and says nothing in it.

What a socket knows of a talk it found out once. Each message and each line is decided anew by rows, under locks or in
the statement that reads it, and not by that.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async
from django.conf import LazySettings
from django.core.cache import cache

from chat import notices
from chat.models import Entry, Shown
from events import announce
from flow import consumers
from flow.kinds import kind
from flow.models import Match
from flow.pace import at_sockets
from flow.services import games, sessions
from participants.models import Participant
from participants.tokens import digest
from studies.models import Study, Version
from tests.chat.rooms import Sitter, browser_of, make_match
from tests.chat.test_between_people import session_of
from tests.chat.test_saying import stream_in
from tests.chat.test_talk_socket import frame, secret_of, socket_of, told
from tests.chat.test_talks import act
from tests.pages.test_session_socket import Socket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
in_thread = database_sync_to_async
THREE = [Sitter("talker")] * 3
SHOWN = {"quota": 0, "chars": 200, "typing": "shown"}
Change = Callable[[Match], object]


@pytest.fixture(autouse=True)
def exits_have_a_page(settings: LazySettings) -> None:
    names = {"settle": "reckoned", "page": "last_page", "submit": "nothing_asked"}
    pages = {"exit": {what: f"tests.pages.conftest.{name}" for what, name in names.items()}}
    settings.KINDS = settings.KINDS | pages
    kind.cache_clear()
    cache.clear()


@pytest.fixture
def match() -> Match:
    consumers._open.clear()
    at_sockets.clear()
    made = make_match("chatting", *THREE, parameters=SHOWN)
    for number in (1, 2, 3):
        browser_of(made, number)  # its cookie
    return made


def leaves(match: Match) -> None:
    sessions.leave(session_of(match, 1).pk)


def withdraws(match: Match) -> None:
    sessions.leave(session_of(match, 1).pk, withdraw=True)


def is_excluded(match: Match) -> None:
    sessions.leave(session_of(match, 1).pk, exit_name="inactive")


def ends_the_talk(match: Match) -> None:
    act(match, 1, then="ready")


def leaves_the_conversation(match: Match) -> None:
    act(match, 1, then="left")


def goes_on_in_another_browser(match: Match) -> None:
    """By their own link; the hint that closes the old socket is lost."""
    Participant.objects.filter(seats__group=match.group, seats__number=1).update(token_sha256=digest("another"))


def researcher_ends_the_group(match: Match) -> None:
    games.end_group(match.group_id, "researcher")


def talk_is_closed(match: Match) -> None:
    for number in (1, 2, 3):
        act(match, number, then="ready")


OUT: list[Change] = [leaves, withdraws, is_excluded, ends_the_talk, leaves_the_conversation, goes_on_in_another_browser]
OVER: list[Change] = [researcher_ends_the_group, talk_is_closed]


async def everything(one: Socket, *, seconds: float = 1.0) -> list[Any]:
    """What comes within some time; a socket that is closed says no more."""
    found: list[Any] = []
    until = asyncio.get_running_loop().time() + seconds
    while (left := until - asyncio.get_running_loop().time()) > 0 and not await one.receive_nothing(timeout=left):
        message = await one.receive_output(timeout=1)
        found.append(message["type"] if message["type"] != "websocket.send" else message["text"])
    return found


async def at_it(match: Match) -> tuple[Socket, Socket]:
    """Two sockets that know the talk: each has said something in it, and heard the other."""
    one, other = await socket_of(match, 1), await socket_of(match, 2)
    for writer, seq in ((one, 1), (other, 2)):
        await writer.send_to(frame(match, f"words {seq}"))
        assert (await writer.receive_from())["seq"] == seq
        for each in (one, other):
            assert [line[0] for line in await told(each)] == [seq]
    return one, other


@pytest.mark.parametrize("changes", [*OUT, *OVER])
async def test_whoever_is_out_of_a_talk_hears_no_line_of_it_and_says_nothing_in_it(
    match: Match, changes: Change
) -> None:
    one, other = await at_it(match)
    before = await in_thread(Shown.objects.filter(seat__number=1).count)()
    hello, theirs = frame(match, "from outside", key=str(uuid4())), frame(match, "not for them")
    await in_thread(changes)(match)
    await everything(one, seconds=0.6)
    await other.send_to('{"do":"typing"}')
    await asyncio.sleep(0.5)
    await other.send_to(theirs)
    await one.send_to('{"do":"typing"}')
    await one.send_to(hello)
    got = await everything(one, seconds=1.2)
    assert not [text for text in got if '"lines"' in text or '"typing"' in text or '"stored"' in text], got
    assert [text for text in got if '"form"' in text], "its form is told what became of that"
    texts = await in_thread(lambda: list(Entry.objects.order_by("seq").values_list("text", flat=True)))()
    assert texts == ["words 1", "words 2"] + (["not for them"] if changes in OUT else [])
    assert await in_thread(Shown.objects.filter(seat__number=1).count)() == before, "and nothing counts as shown"
    writing = await in_thread(lambda: notices.seen_by(match, match.group.seats.get(number=3)))()
    assert not [each for each in writing or () if each.who == "1"]
    for each in (one, other):
        await each.disconnect()


def study_is_paused(match: Match) -> None:
    Study.objects.filter(pk=match.group.version.study_id).update(status=Study.Status.PAUSED)


def study_is_closed(match: Match) -> None:
    Study.objects.filter(pk=match.group.version.study_id).update(status=Study.Status.CLOSED)


def study_is_amended(match: Match) -> None:
    """Another text about taking part, another language, shorter messages: for whoever comes, and not in this group."""
    old = match.group.version
    (wave,) = old.definition["waves"]
    (stage,) = wave["stages"]
    waves = [wave | {"stages": [stage | {"parameters": stage["parameters"] | {"chars": 3, "typing": "off"}}]}]
    said = old.definition | {"language": "de", "waves": waves}
    Version.objects.create(study=old.study, number=2, definition=said, sha256="f" * 64, seed="another")


@pytest.mark.parametrize("changes", [study_is_paused, study_is_closed, study_is_amended])
async def test_what_becomes_of_the_study_changes_nothing_for_who_is_in_a_talk(match: Match, changes: Change) -> None:
    one, other = await at_it(match)
    await in_thread(changes)(match)
    await other.send_to('{"do":"typing"}')
    writing = await one.receive_from()
    assert (writing["stream"], writing["who"], writing["is"]) == ("typing", "2", True)
    await other.send_to(frame(match, "it goes on"))
    assert (await other.receive_from())["seq"] == 3
    assert await told(one) == [(3, "2", "it goes on")]
    again = await socket_of(match, 3)
    await one.send_to(frame(match, "for all"))
    assert await told(again) == [(4, "1", "for all")]
    for each in (one, other, again):
        await each.disconnect()


async def test_browser_in_which_somebody_goes_on_takes_the_place_of_the_other_at_once(match: Match) -> None:
    one, other = await at_it(match)
    await in_thread(goes_on_in_another_browser)(match)
    await in_thread(announce.pointer)(stream=f"session-{digest(await in_thread(secret_of)(match, 1))[:32]}", seq=2**62)
    assert await everything(one, seconds=0.8) == ["websocket.close"]
    new = Socket("another")
    await new.connect()
    await new.send_to('{"do":"ping"}')
    assert await new.receive_from() == {"do": "pong"}
    await asyncio.sleep(0.3)
    await other.send_to(frame(match, "hello again"))
    assert await told(new) == [(3, "2", "hello again")]
    assert await in_thread(stream_in)(match, 1) == f"session-{digest('another')[:32]}"
    for each in (other, new):
        await each.disconnect()
