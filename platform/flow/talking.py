"""One browser's part in a conversation over its socket: its messages in, in their order, and new lines out.

Nothing here knows what a conversation is: that is `chat`'s, found by `KINDS["lines"]`. What fails here fails into what
is there without a socket: a message into its form, a line into the page that is asked for now and then.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from events.announce import LINES
from events.offload import run_kept
from flow.kinds import kind
from flow.pace import at_sockets
from flow.said import News, Room, Said, Taken, Typing
from participants import services as people
from participants.models import Participant

MOST_WAITING = 8
LATE_SECONDS = 3.0  # the browser turns to its form after four: then a message must not be stored behind its back
LIFE_SECONDS = 20.0  # a message is a sign of life; one in so long is enough

log = logging.getLogger("rapport.socket")
Send = Callable[[str], Awaitable[None]]


class Talking:
    """What one socket does in conversations, one thing after the other.

    Args:
        stream: The name under which its browser was let in.
        send: Sends a frame to the browser.
        point: Tells the browser at the next tick that its page is another one.
        came: Hears of which talk something has come, its number, and by whom it was being written.
    """

    def __init__(
        self,
        participant_id: int,
        stream: str,
        send: Send,
        point: Callable[[int], None],
        came: Callable[[int, int, str], None],
    ) -> None:
        self._participant_id, self._stream = participant_id, stream
        self._send, self._point, self._came = send, point, came
        self._said: deque[tuple[Said | Typing, float]] = deque()
        self._news: dict[int, int] = {}  # conversation → the newest number that was heard of
        self._room: Room | None = None
        self._told = 0  # the newest number of `_room` that this socket was told
        self._lived_at = float("-inf")
        self._working: asyncio.Task[None] | None = None
        self._is_open = False

    def open(self) -> None:
        """The browser can be told: what was heard before goes out now."""
        self._is_open = True
        self._work_soon()

    def say(self, said: Said) -> None:
        """Take in a message, when those before it are through. One of too many goes by its form without an answer."""
        if len(self._said) >= 2 * MOST_WAITING:
            return
        now = asyncio.get_running_loop().time()
        is_too_much = at_sockets.is_too_quick(self._participant_id, now) or len(self._said) >= MOST_WAITING
        self._said.append((said, float("-inf") if is_too_much else now))
        self._work_soon()

    def type(self, key: str = "") -> None:
        """Let the others know that somebody types: after the messages before it, and before the one that is typed.

        Otherwise it might begin after its own message was stored, and outlive it: a program's never does. One that goes
        by its form is known by its key.
        """
        if len(self._said) < MOST_WAITING:
            self._said.append((Typing(key), asyncio.get_running_loop().time()))
            self._work_soon()

    def hear(self, talk: int, seq: int, who: str = "") -> None:
        """A conversation has come to a number; `who` was seen to write it, where that is shown."""
        if who:
            self._came(talk, seq, who)
        self._news[talk] = max(seq, self._news.get(talk, 0))
        self._work_soon()

    def close(self) -> None:
        """The socket is gone, for good. What is being stored is stored."""
        self._is_open = False
        self._said.clear()
        self._news.clear()
        if self._working is not None:
            self._working.cancel()

    def _work_soon(self) -> None:
        if self._is_open and (self._working is None or self._working.done()):
            self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._said or self._news:
            try:
                if self._said:
                    await self._take(*self._said.popleft())
                else:
                    await self._tell(*self._news.popitem())
            except Exception as error:  # the socket is gone, or going
                log.info("line not sent", extra={"facts": {"error": type(error).__name__}})

    async def _take(self, said: Said | Typing, since: float) -> None:
        is_late = asyncio.get_running_loop().time() - since >= LATE_SECONDS
        if isinstance(said, Typing):
            if not is_late:
                await self._note_typing(said.key)
            return
        taken = Taken(self._room)
        if not is_late:
            try:
                taken = await run_kept(kind("lines", "say"), self._participant_id, self._stream, self._room, said)
            except Exception as error:  # its form does and says what follows from that
                log.info("message not taken", extra={"facts": {"error": type(error).__name__}})
                taken = Taken(None)
        if taken.room is None or not taken.seq:
            self._room = taken.room if taken.room and self._is_known(taken.room.talk) else None
            await self._frame(said.talk, form=said.key)
            return
        if not self._is_known(taken.room.talk):
            self._told = taken.seq - 1
        self._room = taken.room
        await self._frame(said.talk, stored=said.key, seq=taken.seq)
        if taken.line is not None and self._told == taken.seq - 1:
            self._told = taken.seq
            await self._frame(said.talk, lines=[taken.line])
        elif self._told < taken.seq:
            self._news[taken.room.talk] = max(taken.seq, self._news.get(taken.room.talk, 0))
        await self._live()

    async def _tell(self, talk: int, seq: int) -> None:
        is_known = self._is_known(talk)
        if is_known and self._told >= seq:
            return
        after = self._told if is_known else seq - 1  # a browser asks for its page when it finds a gap
        try:
            news: News = await run_kept(kind("lines", "new"), self._participant_id, self._room, talk, after)
        except Exception as error:  # the page has it
            log.info("lines not read", extra={"facts": {"error": type(error).__name__}})
            news = News(None)
        if news.lines is None:
            self._point(seq)
        if news.room is None or news.lines is None:
            if is_known:  # of another talk nothing follows for the one that is open
                self._room = None
            return
        self._room = news.room
        self._told = max([after, *(int(line["seq"]) for line in news.lines)])
        if news.lines:
            await self._frame(news.room.name, lines=news.lines)

    async def _note_typing(self, key: str) -> None:
        noted = partial(kind("typing", "by_person"), self._participant_id, key=key, stream=self._stream)
        try:
            await run_kept(noted)
        except Exception as error:  # a hint, and no more
            log.info("notice lost", extra={"facts": {"what": "by_person", "error": type(error).__name__}})

    def _is_known(self, talk: int) -> bool:
        return self._room is not None and self._room.talk == talk

    async def _live(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._lived_at >= LIFE_SECONDS:
            self._lived_at = now
            await run_kept(people.touch, Participant(pk=self._participant_id))

    async def _frame(self, talk: str, **said: Any) -> None:
        await self._send(json.dumps({"stream": "talk", "talk": talk, **said}))


class Hub:
    """What this process hears of new lines, passed on to those of its sockets that it is about.

    One message to each process, and not one to each socket: what a message costs should not grow with who follows it.
    """

    _of: WeakKeyDictionary[asyncio.AbstractEventLoop, "Hub"] = WeakKeyDictionary()

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._followers: dict[str, set[Talking]] = {}
        self._lock = asyncio.Lock()
        self._hearing: asyncio.Task[None] | None = None
        self._channel = ""

    @classmethod
    def of(cls, layer: Any) -> "Hub":
        """The one of the loop that this runs on."""
        return cls._of.setdefault(asyncio.get_running_loop(), cls(layer))

    async def follow(self, stream: str, talking: Talking) -> None:
        """Let a socket hear of the lines of a stream. Raises RedisError, OSError: nothing can be heard just now."""
        async with self._lock:
            if self._hearing is None:
                self._channel = self._channel or await self._layer.new_channel()  # one that was made is heard once
                await self._layer.group_add(LINES, self._channel)
                self._hearing = asyncio.create_task(self._hear())
            self._followers.setdefault(stream, set()).add(talking)

    async def leave(self, stream: str, talking: Talking) -> None:
        """A socket is gone; with the last one nothing is heard any more. Raises RedisError, OSError, as `follow`."""
        async with self._lock:
            followers = self._followers.get(stream, set())
            followers.discard(talking)
            if not followers:
                self._followers.pop(stream, None)
            if self._followers or self._hearing is None:
                return
            hearing, channel = self._hearing, self._channel
            self._hearing, self._channel = None, ""
            try:
                await self._layer.group_discard(LINES, channel)
            finally:  # also where Redis hangs, and is waited for no longer
                hearing.cancel()

    async def _hear(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
                for streams, *line in message["lines"]:
                    self._pass_on(streams, *line)
            except Exception:  # all sockets of the process would fall silent
                log.exception("new lines could not be passed on")
                await asyncio.sleep(1)

    def _pass_on(self, streams: list[str], talk: int, seq: int, who: str = "") -> None:
        for stream in streams:
            for one in self._followers.get(stream, ()):
                one.hear(talk, seq, who)
