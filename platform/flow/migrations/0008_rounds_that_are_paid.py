"""Which rounds were drawn to be paid. Never changed."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = """
CREATE TRIGGER flow_paidround_append_only BEFORE UPDATE OR DELETE ON flow_paidround
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER flow_paidround_append_only ON flow_paidround;"


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0007_one_belief_is_paid"),
        ("matching", "0001_initial"),
        ("events", "0001_clock_events_and_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaidRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("block", models.PositiveSmallIntegerField()),
                ("round", models.PositiveIntegerField()),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paid_rounds",
                        to="matching.seat",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("seat", "block"), name="paid_round_once_per_block")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
