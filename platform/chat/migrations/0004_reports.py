import django.db.models.deletion
from django.db import migrations, models

import events.clock


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_how_entries_came_about"),
        ("events", "0001_clock_events_and_due"),
        ("matching", "0004_seats_know_labels"),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField()),
                (
                    "reason",
                    models.CharField(
                        choices=[("harm", "Harm"), ("contact", "Contact"), ("danger", "Danger"), ("other", "Other")],
                        max_length=10,
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("last_seq", models.PositiveIntegerField()),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer", models.TextField(blank=True)),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="chat.conversation"
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="matching.seat"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(fields=("seat", "key"), name="report_once"),
        ),
    ]
