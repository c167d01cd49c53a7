import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = """
CREATE TRIGGER matching_keptapart_append_only BEFORE UPDATE OR DELETE ON matching_keptapart
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER matching_keptapart_append_only ON matching_keptapart;"


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0007_groups_of_pairs"),
        ("participants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptApart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kept_apart",
                        to="participants.participant",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="participants.participant"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="keptapart",
            constraint=models.UniqueConstraint(fields=("participant", "other"), name="kept_apart_once"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
