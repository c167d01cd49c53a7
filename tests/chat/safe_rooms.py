"""Talks of studies that say what protects people, and what may be said in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from chat.models import Trigger
from events import clock
from flow.models import Match
from studies import definition as kept
from studies.models import SourceFile, Version, VersionFile
from tests.chat.rooms import Sitter, make_match

ALONE = [Sitter("talker"), Sitter("talker", "policy", "talkative")]
TWO = [Sitter("talker"), Sitter("talker")]
CARD = "# If you need support\n\nCall the example line."
SAFETY_SAID: dict[str, Any] = {
    "on_call": {"role": "The psychologist", "email": "oncall@example.org"},
    "staffed": {"zone": "UTC", "hours": [{"days": ["mon"], "begin": "08:00", "end": "18:00"}]},
    "card": {"en": "card.md"},
    "helplines": {"by": "A. Person", "on": "2027-03-01"},
    "adults": "A tick.",
    "stopped": "completed",
}
STOP, OFFER, NOTE = "I am going to kill myself tonight.", "I wish I was dead.", "My friend killed himself."


def room(*sitters: Sitter, **said: Any) -> Match:
    """An open talk of a study that says what protects people."""
    match = make_match("chatting", *sitters, parameters={"quota": 0, "chars": 300, "longest": 600})
    version = match.group.version
    file, _ = SourceFile.objects.get_or_create(sha256="c" * 64, defaults={"text": CARD})
    VersionFile.objects.create(version=version, path="card.md", file=file)
    definition = version.definition | {"safety": SAFETY_SAID | said, "frozen": {"files": {"card.md": "c" * 64}}}
    twin = (uuid4().hex * 2)[:64]
    # Read under another sha256, so that nothing that was parsed before is taken for it.
    with past_guards():
        Version.objects.filter(pk=version.pk).update(definition=definition, sha256=twin)
    kept._version.cache_clear()
    return Match.objects.select_related("group__version").get(pk=match.pk)


@contextmanager
def past_guards() -> Iterator[None]:
    """Rows that are never changed may be, for as long as the block lasts."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
        yield
        cursor.execute("SET LOCAL session_replication_role = 'origin'")


def make_old(minutes: float) -> None:
    """Let every trigger be that old."""
    with past_guards():
        Trigger.objects.update(at=clock.now() - timedelta(minutes=minutes))
