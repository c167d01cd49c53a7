"""The turns of seats that nobody sits in."""

from django.db import models

from events.clock import RapportNow
from flow.models import Match
from matching.models import Seat


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
    delivered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    error_code = models.CharField(max_length=30, blank=True)
    created_at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["match", "path", "seat"], name="bot_turn_once")]
