"""What partners have noted of people. A version is never changed or removed, save for erasure."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = """
CREATE TRIGGER bots_memory_append_only BEFORE UPDATE OR DELETE ON bots_memory
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER bots_memory_append_only ON bots_memory;"


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0001_initial"),
        ("chat", "0002_entries_are_append_only"),
        ("participants", "0005_when_withdrawn_and_when_erased"),
    ]

    operations = [
        migrations.CreateModel(
            name="Memory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("partner", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(choices=[("summary", "Summary"), ("facts", "Facts")], max_length=10),
                ),
                ("version", models.PositiveIntegerField()),
                ("text", models.TextField(blank=True)),
                ("sources", models.JSONField(default=list)),
                ("made_by", models.CharField(max_length=60)),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memories", to="chat.conversation"
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memories",
                        to="participants.participant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("participant", "partner", "kind", "version"), name="memory_version_once"
                    ),
                    models.UniqueConstraint(
                        fields=("participant", "partner", "kind", "conversation"), name="memory_once_per_conversation"
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
