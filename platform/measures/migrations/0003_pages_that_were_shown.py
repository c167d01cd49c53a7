"""Pages of stages that people came to: which text, how it was filled, and the hash of its words. Never changed."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = (
    "CREATE TRIGGER measures_pageshown_append_only BEFORE UPDATE OR DELETE ON measures_pageshown "
    "FOR EACH ROW EXECUTE FUNCTION events_append_only();"
)
BACKWARD = "DROP TRIGGER measures_pageshown_append_only ON measures_pageshown;"


class Migration(migrations.Migration):
    dependencies = [
        ("measures", "0002_answers_are_append_only"),
        ("scheduling", "0001_initial"),
        ("studies", "0004_slots_of_every_unit"),
        ("events", "0001_clock_events_and_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="PageShown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.CharField(max_length=40)),
                ("rev", models.PositiveIntegerField()),
                ("source", models.CharField(blank=True, max_length=200)),
                ("facts", models.JSONField(default=dict)),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pages", to="scheduling.session"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="studies.version"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("session", "rev"), name="page_shown_once")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
