"""What has left the house: the messages in the files that stand in for a mail server."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.utils import parsedate_to_datetime

from config.places import places_of
from tests.machinery.running import Running

BETWEEN = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True)
class Message:
    """One message: of which row of the outbox, to whom, and when it left, by this host's clock."""

    key: str
    to: str
    at: float


def messages(running: Running) -> Sequence[Message]:
    """All, in any order."""
    return list(_read(running))


def _read(running: Running) -> Iterator[Message]:
    for file in places_of(running.home).mail.iterdir():
        for part in filter(bytes.strip, file.read_bytes().split(BETWEEN)):
            said = message_from_bytes(part)
            # the key is before the @; a worker that was killed while it wrote may have left less than that
            key = str(said["Message-ID"] or "").strip("<>").partition("@")[0]
            at = parsedate_to_datetime(str(said["Date"])).timestamp() if said["Date"] else 0.0
            yield Message(key, str(said["To"] or ""), at)
