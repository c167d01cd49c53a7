"""What each person is owed, and why."""

from django.db import models

from events.clock import RapportNow
from participants.models import Participant


class Settlement(models.Model):
    """The one reckoning of a participant's pay, in minor units (pence, cents). Written once, at the exit."""

    participant = models.OneToOneField(Participant, models.CASCADE, related_name="settlement")
    exit = models.CharField(max_length=30)
    code = models.CharField(max_length=20)  # the completion code shown; several people may share an exit's code
    currency = models.CharField(max_length=3)
    base_minor = models.IntegerField()
    bonus_minor = models.IntegerField()
    waiting_minor = models.IntegerField()
    points = models.IntegerField()
    explanation = models.JSONField(default=list)  # [{what, amount_minor, because}] as shown to the person
    at = models.DateTimeField(db_default=RapportNow())

    @property
    def total_minor(self) -> int:
        """What is to be paid, in minor units."""
        return self.base_minor + self.bonus_minor + self.waiting_minor
