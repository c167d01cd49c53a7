"""Conversations hold entries: messages, posts, comments, votes, edits, points. A document is the fold of its edits."""

from django.db import models

from events.clock import RapportNow
from flow.models import Match
from matching.models import Seat


class Conversation(models.Model):
    """One talk of one match. The row everybody locks to write; `last_seq` numbers entries without a gap."""

    match = models.ForeignKey(Match, models.PROTECT, related_name="conversations")
    path = models.CharField(max_length=120)
    channel = models.CharField(max_length=20)
    last_seq = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["match", "path"], name="conversation_once")]


class Entry(models.Model):
    """One thing said or done in a conversation. Append-only."""

    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="entries")
    seq = models.PositiveIntegerField()
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12)
    text = models.TextField(blank=True)
    facts = models.JSONField(default=dict)  # {"to": seq} of a comment or vote, {"section": name} of an edit …
    key = models.CharField(max_length=60)  # idempotency key, unique per seat
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="entry_seq_once"),
            models.UniqueConstraint(fields=["conversation", "seat", "key"], name="entry_key_once"),
        ]
