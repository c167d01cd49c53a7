"""The belief that is drawn at the end of a game, and paid instead of its round. Never changed, save by erasure."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = """
CREATE TRIGGER flow_award_append_only BEFORE UPDATE OR DELETE ON flow_award
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER flow_award_append_only ON flow_award;"


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0006_matches_and_placings_keep_their_levels"),
        ("matching", "0003_pilots"),
    ]

    operations = [
        migrations.CreateModel(
            name="Award",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=120)),
                ("field", models.CharField(max_length=60)),
                ("what", models.CharField(max_length=10)),
                ("said", models.IntegerField(null=True)),
                ("truth", models.IntegerField(null=True)),
                ("chances", models.PositiveIntegerField(null=True)),
                ("tickets", models.PositiveIntegerField()),
                ("ticket", models.PositiveIntegerField()),
                ("prize", models.PositiveIntegerField()),
                ("points", models.PositiveIntegerField()),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "match",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="awards", to="flow.match"
                    ),
                ),
                (
                    "seat",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="award", to="matching.seat"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
