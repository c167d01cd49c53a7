import django.db.models.deletion
from django.db import migrations, models

import events.clock


class Migration(migrations.Migration):
    dependencies = [("bots", "0006_sentinels")]

    operations = [
        migrations.CreateModel(
            name="FailedTurn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made", models.PositiveIntegerField()),
                ("heard", models.PositiveIntegerField()),
                ("error_code", models.CharField(max_length=30)),
                ("tries", models.PositiveSmallIntegerField()),
                (
                    "did",
                    models.CharField(
                        choices=[
                            ("retry", "Retry"),
                            ("fallback", "Fallback"),
                            ("line", "Line"),
                            ("pause", "Pause"),
                            ("silence", "Silence"),
                            ("deadline", "Deadline"),
                            ("end", "End"),
                        ],
                        max_length=10,
                    ),
                ),
                ("is_answered", models.BooleanField(default=False)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "turn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="failures", to="bots.botturn"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("turn", "made", "heard"), name="failed_turn_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReplyCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made", models.PositiveIntegerField()),
                ("heard", models.PositiveIntegerField()),
                ("rule", models.CharField(max_length=12)),
                ("asked_kind", models.CharField(blank=True, max_length=6)),
                ("first", models.CharField(blank=True, max_length=12)),
                ("claims", models.CharField(blank=True, max_length=12)),
                (
                    "by",
                    models.CharField(
                        choices=[
                            ("model", "Model"),
                            ("regenerated", "Regenerated"),
                            ("line", "Line"),
                            ("safety", "Safety"),
                            ("nobody", "Nobody"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "turn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="bots.botturn"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("turn", "made", "heard", "rule"), name="reply_check_once"),
                ],
            },
        ),
    ]
