"""Debriefings: whom the debrief reached, and how it was tried. Never changed."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = """
CREATE TRIGGER flow_debriefing_append_only BEFORE UPDATE OR DELETE ON flow_debriefing
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER flow_debriefing_append_only ON flow_debriefing;"


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0004_acts_of_people_who_are_simulated_are_theirs"),
        ("participants", "0005_when_withdrawn_and_when_erased"),
        ("events", "0001_clock_events_and_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="Debriefing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "how",
                    models.CharField(
                        choices=[("stage", "Stage"), ("last_page", "Last Page"), ("message", "Message")], max_length=10
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("delivered_at", models.DateTimeField(null=True)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debriefings",
                        to="participants.participant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("participant", "how", "attempt"), name="debriefing_once")
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
