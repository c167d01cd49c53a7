"""The participant's socket: hints and notices out, pings in, and that somebody types.

Messages of a conversation, and its lines, go through it by `flow.talking`.
"""

import asyncio
import json
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import floor
from typing import Any
from zlib import crc32

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.utils import await_many_dispatch
from redis.exceptions import RedisError

from events import announce
from events.announce import QUIET_SECONDS
from flow.kinds import kind
from flow.pace import at_sockets
from flow.said import Said, Typing, read_frame
from flow.talking import Hub, Talking
from participants.access import participant_of_scope, secret_of_scope
from participants.tokens import stream_name

MOST_SOCKETS = 3
LEAST_BETWEEN_SECONDS = 1.0  # of what a browser says of its typing
JOIN_SECONDS = 3.0  # a Redis that hangs is as one that is not there
UNKNOWN, MALFORMED, TOO_MANY = 4401, 4400, 4429
LATER = 1013  # no Redis just now, or a flood: the page polls and sends forms, and the browser tries again

log = logging.getLogger("rapport.socket")
# This process serves all sockets of an address (docs/operations.md); a restart ends the sockets and the count together.
_open: Counter[int] = Counter()


@dataclass
class _Writer:
    """Somebody who is writing, as far as this socket has heard: until when, and whether its browser was told."""

    begun_at: str
    after: int
    until: float
    is_told: bool = False


class SessionConsumer(AsyncWebsocketConsumer):
    """Follows one participant's stream and passes on its pointers and notices, and the lines of a conversation."""

    participant_id: int | None = None
    stream = ""
    _untold: int | None = None
    _may_type_at = 0.0
    _last_tick = 0
    _telling: asyncio.Task[None] | None = None
    _talking: Talking | None = None
    _is_closed = False

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._writers: dict[str, _Writer] = {}
        self._came: dict[str, tuple[int, int]] = {}  # writer → of which talk, and the number of what has come
        self._asking: set[asyncio.Task[None]] = set()  # or nothing would hold them until they are done

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As Channels does, but for two things.

        A Redis that hangs is waited for no longer than one that is not there is: a browser that is told to come later
        does not wait for its socket meanwhile. And whatever ends it, also an error, nothing of it stays behind.
        """
        self.scope, self.base_send, self.channel_layer = scope, send, announce.layer()
        try:
            try:
                async with asyncio.timeout(JOIN_SECONDS):
                    self.channel_name = await self.channel_layer.new_channel()
            except (RedisError, OSError):  # TimeoutError is one
                await receive()  # that it wants to connect
                await self._refuse(LATER)
                return
            heard = partial(self.channel_layer.receive, self.channel_name)
            with suppress(StopConsumer):
                await await_many_dispatch([receive, heard], self.dispatch)
        finally:
            await self._gone()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels does, without its way through one thread first, where it closes connections that are not in use.

        A database that hangs in that thread would hold up pings, and the way costs a frame as much as its answer.
        """
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Follow, then accept: the browser asks for its page when it is open, and what is new after that comes here.

        Who is refused is accepted, too, and then closed: a browser that is refused earlier never learns why.
        """
        now = asyncio.get_running_loop().time()
        secret = secret_of_scope(self.scope)
        if secret and at_sockets.opens_too_often(secret, now):
            await self._refuse(LATER)
            return
        participant = await database_sync_to_async(participant_of_scope)(self.scope)
        if participant is None:
            await self._refuse(UNKNOWN)
            return
        if at_sockets.is_barred(participant.pk, now):
            await self._refuse(LATER)
            return
        if _open[participant.pk] >= MOST_SOCKETS:
            await self._refuse(TOO_MANY)
            return
        self.participant_id = participant.pk
        _open[participant.pk] += 1
        self.stream = stream_name(participant.token_sha256)
        self._talking = Talking(participant.pk, self.stream, self.send, self._point, self._has_come)
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await Hub.of(self.channel_layer).follow(self.stream, self._talking)
                await self.channel_layer.group_add(self.stream, self.channel_name)
        except (RedisError, OSError):
            await self._refuse(LATER)
            return
        await self.accept()
        self._talking.open()

    async def _refuse(self, code: int) -> None:
        await self.accept()
        await self.close(code=code)

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Say it once: a second time is an error of the protocol. What comes after it is not heard."""
        if self._is_closed:
            return
        self._is_closed = True
        self._fall_silent()
        await super().close(code=code, reason=reason)

    async def disconnect(self, code: int) -> None:
        """Stop following. Presence is not decided here: a closed socket may be a phone in a pocket."""
        await self._gone()

    def _fall_silent(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
        if self._talking is not None:
            self._talking.close()

    async def _gone(self) -> None:
        """Leave nothing behind; harmless when it was done before."""
        self._is_closed = True
        self._fall_silent()
        participant_id, self.participant_id = self.participant_id, None
        if participant_id is None:
            return
        _open[participant_id] -= 1
        if _open[participant_id] <= 0:
            del _open[participant_id]
        with suppress(RedisError, OSError):
            async with asyncio.timeout(JOIN_SECONDS):
                if self._talking is not None:
                    await Hub.of(self.channel_layer).leave(self.stream, self._talking)
                await self.channel_layer.group_discard(self.stream, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer a ping, hear that somebody types, take in a message; close on anything else, and on a flood.

        Who is not known, or any more, is not answered.
        """
        if self._is_closed or self._talking is None or self.participant_id is None:
            return
        if at_sockets.is_flooded(self.participant_id, asyncio.get_running_loop().time()):
            await self.close(code=LATER)
            return
        match read_frame(text_data):
            case "ping":
                await self.send(text_data='{"do":"pong"}')
            case Typing(key):
                self._typing(self._talking, key)
            case Said() as said:
                self._talking.say(said)
            case _:
                await self.close(code=MALFORMED)

    def _typing(self, talking: Talking, key: str) -> None:
        """Let the others know; what comes sooner than a browser of ours says it is left alone."""
        now = asyncio.get_running_loop().time()
        if now >= self._may_type_at:
            self._may_type_at = now + LEAST_BETWEEN_SECONDS
            talking.type(key)

    def _ask(self, what: str, *about: Any) -> None:
        """Do something about who is writing beside all else: neither pings nor pointers wait for the database."""

        async def ask() -> None:
            try:
                await database_sync_to_async(kind("typing", what))(*about)
            except Exception as error:  # a hint is no reason to lose the socket
                log.info("notice lost", extra={"facts": {"what": what, "error": type(error).__name__}})

        task = asyncio.create_task(ask())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def pointer(self, event: dict[str, Any]) -> None:
        """Something changed: told at this socket's next tick, four times a second.

        A hint that came at once would tell who acted, by thousandths of a second: a person's browser asks for a page at
        the same instant as the one that is told, and a program acts in a process of its own. What happens between two
        ticks cannot be told apart (`docs/decisions/0004-pointers-keep-ticks.md`).
        """
        self._point(int(event["seq"]))

    def _point(self, seq: int) -> None:
        self._untold = seq
        self._tell_soon()

    async def notice(self, event: dict[str, Any]) -> None:
        """Somebody is writing, or goes on for so many seconds; with their line it ends.

        A browser is told at ticks, too, and only that it begins and that it ended without a message: how often it was
        renewed in between would tell a person's keys from a program's plan.
        """
        who, after = str(event["who"]), int(event["after"])
        talk, came = self._came.get(who, (0, 0))
        if talk == event.get("talk") and after < came:  # it came by another way than its own message, and later
            return
        until = asyncio.get_running_loop().time() + float(event["seconds"])
        known = self._writers.get(who)
        if known is None or known.begun_at != event["begun_at"]:
            self._writers[who] = _Writer(event["begun_at"], after, until)
        else:
            known.until = max(known.until, until)
        self._tell_soon()

    def _has_come(self, talk: int, seq: int, who: str) -> None:
        """What somebody wrote has come, and its line, or a page, shows it."""
        self._writers.pop(who, None)
        known, came = self._came.get(who, (talk, 0))
        self._came[who] = (talk, max(seq, came) if known == talk else seq)

    def _tell_soon(self) -> None:
        if self._is_closed:
            return
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        """Send what is new at its tick. The name of the stream stays here: it is made from a secret."""
        try:
            while self._untold is not None or self._writers:
                await asyncio.sleep(self._until_next_tick())
                seq, self._untold = self._untold, None
                if seq is not None:
                    await self.send(text_data=json.dumps({"stream": "page", "seq": seq}))
                await self._tell_of_writers()
        except Exception as error:  # one broken socket must not cost the others their hint
            log.info("pointer not sent", extra={"facts": {"error": type(error).__name__}})

    async def _tell_of_writers(self) -> None:
        now = asyncio.get_running_loop().time()
        for who, writer in sorted(self._writers.items()):
            if writer.until <= now:
                del self._writers[who]
                if writer.is_told:
                    await self.send(text_data=json.dumps({"stream": "typing", "who": who, "is": False}))
            elif not writer.is_told:
                writer.is_told = True
                told = {"stream": "typing", "who": who, "is": True, "after": writer.after}
                await self.send(text_data=json.dumps(told))
                self._ask("keep", self.participant_id, who, writer.begun_at)

    def _until_next_tick(self) -> float:
        """Seconds to the next tick that has not been used. Sockets differ in where theirs lie."""
        offset = crc32(self.channel_name.encode()) / 2**32 * QUIET_SECONDS
        now = asyncio.get_running_loop().time() - offset
        self._last_tick = max(self._last_tick, floor(now / QUIET_SECONDS)) + 1
        return self._last_tick * QUIET_SECONDS - now

    async def revoked(self, event: dict[str, Any]) -> None:
        """This browser's secret is not valid any more."""
        await self.close(code=UNKNOWN)
