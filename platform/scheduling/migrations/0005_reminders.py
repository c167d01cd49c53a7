import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_still_offered")]

    operations = [
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("channel", models.CharField(max_length=20)),
                ("planned_at", models.DateTimeField()),
                ("send_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("suppressed", "Suppressed"),
                            ("failed", "Failed"),
                            ("unknown", "Unknown"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=30)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "scheduled",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminders",
                        to="scheduling.scheduledsession",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state"], name="reminder_by_state")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("scheduled", "number", "channel"), name="reminder_once_for_each_visit"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "sent"), _negated=True) | models.Q(("sent_at__isnull", False)),
                        name="reminder_sent_has_time",
                    ),
                ],
            },
        ),
    ]
