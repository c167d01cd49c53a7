import django.db.models.deletion
from django.db import migrations, models

import events.clock

# Like what was found in conversations they are never changed or removed, save for erasure.
FORWARD = """
CREATE TRIGGER chat_wordstrigger_append_only BEFORE UPDATE OR DELETE ON chat_wordstrigger
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
CREATE TRIGGER chat_wordsstep_append_only BEFORE UPDATE OR DELETE ON chat_wordsstep
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = """
DROP TRIGGER chat_wordstrigger_append_only ON chat_wordstrigger;
DROP TRIGGER chat_wordsstep_append_only ON chat_wordsstep;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0009_case_numbers"),
        ("scheduling", "0006_pairs_of_people"),
    ]

    operations = [
        migrations.AddField("report", "edition", models.CharField(blank=True, max_length=12, default=""), False),
        migrations.CreateModel(
            name="WordsTrigger",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.CharField(blank=True, max_length=40)),
                ("item", models.CharField(blank=True, max_length=40)),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
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
                ("edition", models.CharField(max_length=12)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="words_trigger",
                        to="chat.casenumber",
                    ),
                ),
                (
                    "report",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="trigger",
                        to="chat.report",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="words_triggers",
                        to="scheduling.session",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WordsStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[("card", "Card"), ("alerted", "Alerted"), ("answered", "Answered")], max_length=10
                    ),
                ),
                ("rev", models.PositiveIntegerField(default=0)),
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
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.session",
                    ),
                ),
                (
                    "trigger",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="chat.wordstrigger"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="wordstrigger",
            constraint=models.UniqueConstraint(
                condition=models.Q(("report", None)),
                fields=("session", "stage", "item", "attempt"),
                name="words_trigger_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="wordsstep",
            constraint=models.UniqueConstraint(fields=("trigger", "what"), name="words_step_once"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
