import django.db.models.deletion
from django.db import migrations, models

import events.clock

# Like entries they are never changed or removed, save for erasure.
FORWARD = """
CREATE TRIGGER chat_trigger_append_only BEFORE UPDATE OR DELETE ON chat_trigger
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
CREATE TRIGGER chat_safetystep_append_only BEFORE UPDATE OR DELETE ON chat_safetystep
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER chat_trigger_append_only ON chat_trigger; DROP TRIGGER chat_safetystep_append_only ON chat_safetystep;"


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0006_earlier_shown"),
        ("matching", "0006_topics"),
    ]

    operations = [
        migrations.CreateModel(
            name="Trigger",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_reply", models.BooleanField(default=False)),
                ("key", models.CharField(max_length=80)),
                ("seq", models.PositiveIntegerField()),
                (
                    "tier",
                    models.CharField(choices=[("note", "Note"), ("offer", "Offer"), ("stop", "Stop")], max_length=5),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("rules", "Rules"), ("classifier", "Classifier"), ("failed", "Failed")], max_length=10
                    ),
                ),
                ("rules", models.JSONField(default=list)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="triggers", to="chat.conversation"
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="triggers", to="matching.seat"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SafetyStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("card", "Card"),
                            ("paused", "Paused"),
                            ("resumed", "Resumed"),
                            ("stopped", "Stopped"),
                            ("replaced", "Replaced"),
                            ("alerted", "Alerted"),
                            ("answered", "Answered"),
                            ("break", "Break"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.PositiveIntegerField(default=0)),
                ("words", models.TextField(blank=True)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("risk", "Risk"), ("no_risk", "No Risk"), ("unclear", "Unclear")],
                        max_length=8,
                    ),
                ),
                ("by", models.CharField(blank=True, max_length=150)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="safety_steps", to="chat.conversation"
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="safety_steps", to="matching.seat"
                    ),
                ),
                (
                    "trigger",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="chat.trigger"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="trigger",
            constraint=models.UniqueConstraint(fields=("conversation", "seat", "is_reply", "key"), name="trigger_once"),
        ),
        migrations.AddConstraint(
            model_name="safetystep",
            constraint=models.UniqueConstraint(fields=("trigger", "seat", "what"), name="safety_step_once"),
        ),
        migrations.AddConstraint(
            model_name="safetystep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("trigger", None)),
                fields=("conversation", "seat", "what", "number"),
                name="safety_reminder_once",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
