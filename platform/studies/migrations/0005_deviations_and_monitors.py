"""What was done otherwise than planned, and who may see conditions while data come in."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

GUARD = """
CREATE TRIGGER studies_deviation_is_append_only BEFORE UPDATE OR DELETE ON studies_deviation
    FOR EACH ROW EXECUTE FUNCTION studies_refuse_change();
"""
DROP = "DROP TRIGGER studies_deviation_is_append_only ON studies_deviation;"


class Migration(migrations.Migration):
    dependencies = [("studies", "0004_slots_of_every_unit")]

    operations = [
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "Owner"),
                    ("editor", "Editor"),
                    ("operator", "Operator"),
                    ("analyst", "Analyst"),
                    ("monitor", "Monitor"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Deviation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("unmasked", "Unmasked")], max_length=12)),
                ("reason", models.TextField()),
                ("by", models.CharField(max_length=150)),
                ("role", models.CharField(max_length=10)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deviations", to="studies.study"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "unmasked")), fields=("study",), name="study_unmasked_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="deviation_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARD, DROP),
    ]
