"""One participant's visit in a wave. Where it stands is a stage and a revision."""

from django.db import models

from events.clock import RapportNow
from participants.models import Participant


class Session(models.Model):
    """One visit. `stage` is the index in the wave's stages; `rev` grows whenever the page to be shown changes."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        FINISHED = "finished"

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="sessions")
    wave = models.CharField(max_length=40)
    repeat = models.PositiveSmallIntegerField(default=1)
    stage = models.PositiveSmallIntegerField(default=0)
    rev = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    planned_exit = models.CharField(max_length=30, blank=True)  # by which the last stage will lead out
    facts = models.JSONField(default=dict)  # the open stage's own small memory (page of instructions, quiz attempts …)
    stage_opened_at = models.DateTimeField(db_default=RapportNow())
    started_at = models.DateTimeField(db_default=RapportNow())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "wave", "repeat"], name="session_once_per_wave"),
        ]
