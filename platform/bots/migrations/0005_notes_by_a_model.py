"""A model may take notes: which lines no source supports, and each attempt with what came of it."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0004_what_interrupts_a_reply"),
        ("chat", "0002_entries_are_append_only"),
        ("participants", "0005_when_withdrawn_and_when_erased"),
    ]

    operations = [
        migrations.AddField("memory", "unsupported", models.JSONField(default=list)),
        migrations.AlterField("memory", "made_by", models.CharField(max_length=120)),
        migrations.CreateModel(
            name="Noting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("partner", models.CharField(max_length=40)),
                ("kind", models.CharField(choices=[("summary", "Summary"), ("facts", "Facts")], max_length=10)),
                ("attempt", models.PositiveSmallIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("written", "Written"),
                            ("failed", "Failed"),
                            ("given_up", "Given Up"),
                            ("dropped", "Dropped"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("error_code", models.CharField(blank=True, default="", max_length=30)),
                ("asked_at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notings", to="chat.conversation"
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notings",
                        to="participants.participant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("participant", "partner", "kind", "conversation", "attempt"),
                        name="noting_once_per_attempt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("outcome", "open")),
                            models.Q(
                                models.Q(("outcome", "open"), _negated=True),
                                models.Q(("ended_at", None), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="noting_ends_with_its_outcome",
                    ),
                ],
            },
        ),
    ]
