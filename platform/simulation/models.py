"""Which version was played by simulated people, when, and what came of it. Nothing else of a run is kept here."""

from django.db import models

from studies.models import Version


class SimulationRun(models.Model):
    """One simulated run of one version. Append-only: a run cannot become clean afterwards."""

    class Mode(models.TextChoices):
        FULL_SPEED = "full_speed"  # the study's clock moves on as soon as nothing is under way
        ORDERED = "ordered"  # the same, one thing at a time: the same seed gives the same tables
        REALTIME = "realtime"  # by the clock on the wall, with every process and socket

    version = models.ForeignKey(Version, models.PROTECT, related_name="simulation_runs")
    mode = models.CharField(max_length=12, choices=Mode)
    seed = models.CharField(max_length=100)  # of the run; the study's own stays unknown to it
    participants = models.PositiveIntegerField()  # how many were to come
    assumptions = models.JSONField(default=list)
    is_clean = models.BooleanField()
    not_clean_because = models.JSONField(default=list)  # whole phrases; empty when clean
    differences = models.JSONField(default=list)  # the first that verification found
    report = models.JSONField()  # as `report.Report.as_json` gives it
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="simulation_run_says_why",
                condition=models.Q(is_clean=True, not_clean_because=[])
                | models.Q(is_clean=False) & ~models.Q(not_clean_because=[]),
            ),
        ]
