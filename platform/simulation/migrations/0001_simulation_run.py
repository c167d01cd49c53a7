"""Which version was played by simulated people, when, and what came of it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("studies", "0002_frozen_and_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="SimulationRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mode",
                    models.CharField(
                        choices=[("full_speed", "Full Speed"), ("ordered", "Ordered"), ("realtime", "Realtime")],
                        max_length=12,
                    ),
                ),
                ("seed", models.CharField(max_length=100)),
                ("participants", models.PositiveIntegerField()),
                ("assumptions", models.JSONField(default=list)),
                ("is_clean", models.BooleanField()),
                ("not_clean_because", models.JSONField(default=list)),
                ("differences", models.JSONField(default=list)),
                ("report", models.JSONField()),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="simulation_runs",
                        to="studies.version",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_clean", True), ("not_clean_because", [])),
                            models.Q(("is_clean", False), models.Q(("not_clean_because", []), _negated=True)),
                            _connector="OR",
                        ),
                        name="simulation_run_says_why",
                    )
                ],
            },
        ),
    ]
