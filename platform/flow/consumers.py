"""The participant's socket: hints out, pings in. It decides nothing and carries nothing that anybody typed."""

import asyncio
import json
import logging
from collections import Counter
from contextlib import suppress
from math import floor
from typing import Any
from zlib import crc32

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from redis.exceptions import RedisError

from events.announce import QUIET_SECONDS
from participants.access import participant_of_scope
from participants.tokens import stream_name

MOST_SOCKETS = 3
MOST_CHARACTERS = 1024
UNKNOWN, MALFORMED, TOO_MANY = 4401, 4400, 4429
LATER = 1013  # no Redis just now: the page polls, and the browser tries again

log = logging.getLogger("rapport.socket")
# This process serves all sockets of an address (docs/operations.md); a restart ends the sockets and the count together.
_open: Counter[int] = Counter()


class SessionConsumer(AsyncWebsocketConsumer):
    """Follows one participant's stream and passes on its pointers."""

    participant_id: int | None = None
    stream = ""
    _untold: int | None = None
    _last_tick = 0
    _telling: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Accept first: a browser that is refused earlier never learns why."""
        await self.accept()
        participant = await database_sync_to_async(participant_of_scope)(self.scope)
        if participant is None:
            await self.close(code=UNKNOWN)
            return
        if _open[participant.pk] >= MOST_SOCKETS:
            await self.close(code=TOO_MANY)
            return
        self.participant_id = participant.pk
        _open[participant.pk] += 1
        self.stream = stream_name(participant.token_sha256)
        try:
            await self.channel_layer.group_add(self.stream, self.channel_name)
        except (RedisError, OSError):
            await self.close(code=LATER)

    async def disconnect(self, code: int) -> None:
        """Stop following. Presence is not decided here: a closed socket may be a phone in a pocket."""
        if self._telling is not None:
            self._telling.cancel()
        if self.participant_id is None:
            return
        _open[self.participant_id] -= 1
        if _open[self.participant_id] <= 0:
            del _open[self.participant_id]
        self.participant_id = None
        with suppress(RedisError, OSError):
            await self.channel_layer.group_discard(self.stream, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer a ping; close on anything else. Who is not known yet, or any more, is not answered."""
        if self.participant_id is None:
            return
        if not _is_ping(text_data):
            await self.close(code=MALFORMED)
            return
        await self.send(text_data='{"do":"pong"}')

    async def pointer(self, event: dict[str, Any]) -> None:
        """Something changed: told at this socket's next tick, four times a second.

        A hint that came at once would tell who acted, by thousandths of a second: a person's browser asks for a page at
        the same instant as the one that is told, and a program acts in a process of its own. What happens between two
        ticks cannot be told apart (`docs/decisions/0004-pointers-keep-ticks.md`).
        """
        self._untold = int(event["seq"])
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        """Send the newest pointer at its tick. The name of the stream stays here: it is made from a secret."""
        try:
            while self._untold is not None:
                await asyncio.sleep(self._until_next_tick())
                seq, self._untold = self._untold, None
                await self.send(text_data=json.dumps({"stream": "page", "seq": seq}))
        except Exception as error:  # one broken socket must not cost the others their hint
            log.info("pointer not sent", extra={"facts": {"error": type(error).__name__}})

    def _until_next_tick(self) -> float:
        """Seconds to the next tick that has not been used. Sockets differ in where theirs lie."""
        offset = crc32(self.channel_name.encode()) / 2**32 * QUIET_SECONDS
        now = asyncio.get_running_loop().time() - offset
        self._last_tick = max(self._last_tick, floor(now / QUIET_SECONDS)) + 1
        return self._last_tick * QUIET_SECONDS - now

    async def revoked(self, event: dict[str, Any]) -> None:
        """This browser's secret is not valid any more."""
        await self.close(code=UNKNOWN)


def _is_ping(text: str | None) -> bool:
    if text is None or len(text) > MOST_CHARACTERS:
        return False
    try:
        return bool(json.loads(text) == {"do": "ping"})
    except (ValueError, RecursionError):
        return False
