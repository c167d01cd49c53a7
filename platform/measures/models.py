"""Answers to survey and quiz items."""

from django.db import models

from events.clock import RapportNow
from scheduling.models import Session


class Answer(models.Model):
    """One reply to one item. Append-only; a quiz's further tries have a higher `attempt`."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="answers")
    stage = models.CharField(max_length=40)
    item = models.CharField(max_length=40)
    attempt = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField()  # the place in which the item was shown, from 1
    value = models.JSONField(null=True)  # null: shown and not answered
    is_correct = models.BooleanField(null=True)  # quiz items only
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "stage", "item", "attempt"], name="answer_once")]
