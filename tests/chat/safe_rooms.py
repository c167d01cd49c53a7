"""Talks of studies that say what protects people, and what may be said in them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from chat.models import Trigger
from chat.screening_wordings import edition
from events import clock
from flow.models import Match
from studies import definition as kept
from studies.models import SourceFile, Version, VersionFile
from tests.chat.rooms import Sitter, make_match

ALONE = [Sitter("talker"), Sitter("talker", "policy", "talkative")]
TWO = [Sitter("talker"), Sitter("talker")]
EXIT = "# Thank you\n\nThat was all."
CARD = "# If you need support\n\nCall the example line."
SAFETY_SAID: dict[str, Any] = {
    "on_call": {"role": "The psychologist", "email": "oncall@example.org"},
    "staffed": {"zone": "UTC", "hours": [{"days": ["mon"], "begin": "08:00", "end": "18:00"}]},
    "helplines": {"by": "A. Person", "on": "2027-03-01"},
    "adults": "A tick.",
    "stopped": "completed",
}
STOP, OFFER, NOTE = "I am going to kill myself tonight.", "I wish I was dead.", "My friend killed himself."


def room(*sitters: Sitter, language: str = "en", card: str = CARD, **said: Any) -> Match:
    """An open talk of a study that says what protects people."""
    match = make_match("chatting", *sitters, parameters={"quota": 0, "chars": 300, "longest": 600})
    version, sha256 = match.group.version, hashlib.sha256(card.encode()).hexdigest()
    for path, text, name in (("card.md", card, sha256), ("pages/exit.md", EXIT, "e" * 64)):
        file, _ = SourceFile.objects.get_or_create(sha256=name, defaults={"text": text})
        VersionFile.objects.create(version=version, path=path, file=file)
    safety = SAFETY_SAID | {"card": {language: "card.md"}} | said
    frozen = {"files": {"card.md": sha256}}
    definition = version.definition | {"language": language, "safety": safety, "frozen": frozen}
    twin = (uuid4().hex * 2)[:64]
    # Read under another sha256, so that nothing that was parsed before is taken for it.
    with past_guards():
        Version.objects.filter(pk=version.pk).update(definition=definition, sha256=twin)
    kept._version.cache_clear()
    match.conversations.update(edition=edition())  # as if it had been so when it was opened
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
