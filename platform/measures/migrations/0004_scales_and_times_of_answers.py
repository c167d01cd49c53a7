"""Which questions of a scale somebody is asked, never changed; and when each question was seen and answered."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = (
    "CREATE TRIGGER measures_scaledrawn_append_only BEFORE UPDATE OR DELETE ON measures_scaledrawn "
    "FOR EACH ROW EXECUTE FUNCTION events_append_only();"
)
BACKWARD = "DROP TRIGGER measures_scaledrawn_append_only ON measures_scaledrawn;"


class Migration(migrations.Migration):
    dependencies = [
        ("measures", "0003_pages_that_were_shown"),
        ("scheduling", "0001_initial"),
        ("events", "0001_clock_events_and_due"),
    ]

    operations = [
        migrations.AddField("answer", "shown_ms", models.PositiveIntegerField(null=True)),
        migrations.AddField("answer", "first_ms", models.PositiveIntegerField(null=True)),
        migrations.AddField("answer", "last_ms", models.PositiveIntegerField(null=True)),
        migrations.CreateModel(
            name="ScaleDrawn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.CharField(max_length=40)),
                ("scale", models.CharField(max_length=40)),
                ("shown", models.JSONField()),
                ("left_out", models.JSONField(default=list)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scales", to="scheduling.session"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("session", "stage", "scale"), name="scale_drawn_once")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
