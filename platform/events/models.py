"""What happened, what follows from it, and what is alive."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from events.clock import RapportNow


class Clock(models.Model):
    """The one row behind `rapport_now()`. A trigger refuses any but the real time unless the database is a simulation.

    Where `stands_at` is set the clock stands there, and moves only when it is set anew.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    ahead_by = models.DurationField(default=timedelta)
    stands_at = models.DateTimeField(null=True)
    made_for_simulation = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(name="events_clock_is_one_row", condition=models.Q(id=1))]


class Event(models.Model):
    """One past fact. A trigger refuses UPDATE and DELETE, save for erasure (`SET LOCAL rapport.erasing = 'on'`).

    `study_id` is no foreign key: events stand left of studies. `facts` holds small values and ids, never texts.
    """

    kind = models.CharField(max_length=60)
    study_id = models.BigIntegerField(null=True)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        indexes = [
            models.Index(fields=["study_id", "id"], name="events_event_of_study"),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="events_event_of_subject"),
        ]


class Due(models.Model):
    """Work that must be done: written with its cause, claimed by compare-and-set, settled with its effect.

    `outcome` is empty while the row is open; afterwards it is the handler's word, "done", "cancelled" or "failed".
    `again_after` is set when the same key was asked for while the row was in hand: settling opens it anew.
    """

    reaction = models.CharField(max_length=120)
    queue = models.CharField(max_length=10, choices=[("bots", "bots"), ("jobs", "jobs")])
    key = models.CharField(max_length=120)
    event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="+")
    facts = models.JSONField(default=dict)
    run_after = models.DateTimeField()
    again_after = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=40, blank=True, default="")
    error_code = models.CharField(max_length=60, blank=True, default="")
    created_at = models.DateTimeField(db_default=RapportNow())
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reaction", "key"], condition=models.Q(outcome=""), name="events_due_once_while_open"
            ),
            models.CheckConstraint(
                name="events_due_done_has_a_time",
                condition=models.Q(outcome="", done_at=None) | ~models.Q(outcome="") & ~models.Q(done_at=None),
            ),
        ]
        indexes = [
            models.Index(fields=["queue", "run_after"], condition=models.Q(outcome=""), name="events_due_next"),
        ]


class Beat(models.Model):
    """A sign of life: when a part of the platform last did something, by name."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField(db_default=RapportNow())
    facts = models.JSONField(default=dict)
