"""The turns of seats that nobody sits in, and what those in them have noted of people."""

from django.db import models

from chat.models import Conversation
from events.clock import RapportNow
from flow.models import Match
from matching.models import Seat
from participants.models import Participant


class BotTurn(models.Model):
    """One act a seat without a person was asked for: what was planned, and what came of it."""

    class Outcome(models.TextChoices):
        OPEN = "open"
        DELIVERED = "delivered"
        MISSED = "missed"  # planned to be late, as people sometimes are
        FAILED = "failed"  # the model gave nothing usable; the step's deadline decides
        OVERTAKEN = "overtaken"  # the step was over before it acted

    match = models.ForeignKey(Match, models.PROTECT, related_name="bot_turns")
    path = models.CharField(max_length=120)
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="bot_turns")
    planned_at = models.DateTimeField(null=True)  # null: a planned miss
    typing_at = models.DateTimeField(null=True)  # from when on it is seen to write, where a talk shows that
    delivered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    error_code = models.CharField(max_length=30, blank=True)
    created_at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["match", "path", "seat"], name="bot_turn_once")]


class Memory(models.Model):
    """One version of what a partner has noted of a person, as prompts hold it. Append-only: every version is kept.

    There is one for each conversation that is over, so the newest says how far the notes go. Messages themselves are
    not copied: who remembers them word for word reads them where they are.

    Attributes:
        partner: Its name in the study file.
        text: A line for each thing noted; "" where nothing was.
        sources: For each line, keys of the entries that it was made from.
        made_by: Which rule, or later which model, wrote it.
    """

    class Kind(models.TextChoices):
        SUMMARY = "summary"
        FACTS = "facts"

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="memories")
    partner = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind)
    version = models.PositiveIntegerField()
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="memories")
    text = models.TextField(blank=True)
    sources = models.JSONField(default=list)
    made_by = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "partner", "kind", "version"], name="memory_version_once"),
            models.UniqueConstraint(
                fields=["participant", "partner", "kind", "conversation"], name="memory_once_per_conversation"
            ),
        ]
