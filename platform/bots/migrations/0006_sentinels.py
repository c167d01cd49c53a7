"""Readings of models on the days of a study, and changes until somebody confirms them."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

PROTECT = django.db.models.deletion.PROTECT


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("bots", "0005_notes_by_a_model"), ("studies", "0006_former_monitors")]

    operations = [
        migrations.CreateModel(
            name="Sentinel",
            fields=[
                ("id", key()),
                ("model", models.CharField(max_length=100)),
                ("day", models.DateField()),
                ("number", models.PositiveSmallIntegerField()),
                ("asked_sha256", models.CharField(max_length=64)),
                ("served", models.CharField(blank=True, default="", max_length=500)),
                ("fingerprint", models.CharField(blank=True, default="", max_length=64)),
                ("verdict", models.CharField(blank=True, default="", max_length=10)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("open", "Open"), ("answered", "Answered"), ("failed", "Failed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("error_code", models.CharField(blank=True, default="", max_length=30)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("ended_at", models.DateTimeField(null=True)),
                ("study", models.ForeignKey(on_delete=PROTECT, related_name="sentinels", to="studies.study")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("study", "model", "day", "number"), name="sentinel_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Drift",
            fields=[
                ("id", key()),
                ("model", models.CharField(max_length=100)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("by", models.CharField(blank=True, default="", max_length=150)),
                ("study", models.ForeignKey(on_delete=PROTECT, related_name="drifts", to="studies.study")),
                ("accepted", models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to="bots.sentinel")),
                ("after", models.ForeignKey(on_delete=PROTECT, related_name="+", to="bots.sentinel")),
                ("before", models.ForeignKey(on_delete=PROTECT, related_name="+", to="bots.sentinel")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("confirmed_at", None)),
                        fields=("study", "model"),
                        name="drift_one_open_per_model",
                    )
                ],
            },
        ),
    ]
