"""What somebody was shown and answered in practice, apart from everything that was played."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0008_rounds_that_are_paid"),
        ("scheduling", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PracticeStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.CharField(max_length=40)),
                ("number", models.PositiveSmallIntegerField()),
                ("role", models.CharField(max_length=24)),
                ("round", models.PositiveSmallIntegerField()),
                ("path", models.CharField(max_length=120)),
                ("view", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("values", models.JSONField(null=True)),
                ("opened_at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="practice_steps",
                        to="scheduling.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("session", "stage", "number"), name="practice_step_once")
                ],
            },
        ),
    ]
