import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("participants", "0006_participant_zone"),
        ("scheduling", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScheduledSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wave", models.CharField(max_length=40)),
                ("repeat", models.PositiveSmallIntegerField()),
                ("number", models.PositiveSmallIntegerField()),
                ("zone", models.CharField(max_length=60)),
                ("planned_open", models.DateTimeField(null=True)),
                ("opens_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("closes_at", models.DateTimeField(null=True)),
                ("grace_until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("open", "Open"),
                            ("started", "Started"),
                            ("completed", "Completed"),
                            ("partial", "Partial"),
                            ("missed", "Missed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=30)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scheduled",
                        to="participants.participant",
                    ),
                ),
                (
                    "session",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scheduled",
                        to="scheduling.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("participant", "wave", "repeat"), name="scheduled_once_per_visit"),
                    models.UniqueConstraint(fields=("participant", "number"), name="scheduled_in_one_order"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "started"),
                                ("state", "completed"),
                                ("state", "partial"),
                                _connector="OR",
                                _negated=True,
                            ),
                            ("session__isnull", False),
                            _connector="OR",
                        ),
                        name="scheduled_begun_has_session",
                    ),
                ],
            },
        ),
    ]
