"""Partners that are the same for a person in all their groups."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0004_seats_know_labels"),
        ("participants", "0005_when_withdrawn_and_when_erased"),
    ]

    operations = [
        migrations.CreateModel(
            name="PartnerInstance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("partner", models.CharField(max_length=40)),
                ("display_name", models.CharField(blank=True, max_length=40)),
                ("persona", models.CharField(max_length=200)),
                ("persona_sha256", models.CharField(max_length=64)),
                ("model", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="partner_instances",
                        to="participants.participant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("participant", "partner"), name="partner_once_per_person")
                ],
            },
        ),
    ]
