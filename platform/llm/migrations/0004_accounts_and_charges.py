"""What calls may cost and did cost, and what is spent under each key. Calls that there are have no charge."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock


class Migration(migrations.Migration):
    dependencies = [("events", "0001_clock_events_and_due"), ("llm", "0003_what_the_provider_said")]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                ("root", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=20)),
                ("owner", models.BigIntegerField(null=True)),
                ("spent_usd", models.DecimalField(decimal_places=8, default=0, max_digits=20)),
                ("spent_tokens", models.BigIntegerField(default=0)),
                ("reserved_usd", models.DecimalField(decimal_places=8, default=0, max_digits=20)),
                ("reserved_tokens", models.BigIntegerField(default=0)),
                ("hard_usd", models.DecimalField(decimal_places=8, max_digits=20, null=True)),
                ("hard_tokens", models.BigIntegerField(null=True)),
                ("soft_usd", models.DecimalField(decimal_places=8, max_digits=20, null=True)),
                ("soft_tokens", models.BigIntegerField(null=True)),
                ("soft_told", models.CharField(blank=True, default="", max_length=80)),
                ("hard_told", models.CharField(blank=True, default="", max_length=80)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
            ],
            options={
                "indexes": [models.Index(fields=["root", "at"], name="llm_account_root")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reserved_tokens__gte", 0),
                            ("reserved_usd__gte", 0),
                            ("spent_tokens__gte", 0),
                            ("spent_usd__gte", 0),
                        ),
                        name="llm_account_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("root", models.CharField(max_length=60)),
                ("line", models.CharField(max_length=20)),
                ("keys", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reserved", "Reserved"),
                            ("settled", "Settled"),
                            ("assumed", "Assumed"),
                            ("released", "Released"),
                        ],
                        default="reserved",
                        max_length=10,
                    ),
                ),
                ("most_usd", models.DecimalField(decimal_places=8, max_digits=14, null=True)),
                ("most_tokens", models.PositiveBigIntegerField()),
                ("price_input", models.DecimalField(decimal_places=12, max_digits=16, null=True)),
                ("price_output", models.DecimalField(decimal_places=12, max_digits=16, null=True)),
                ("usd", models.DecimalField(decimal_places=8, max_digits=14, null=True)),
                ("tokens", models.PositiveBigIntegerField(null=True)),
                ("lapses_at", models.DateTimeField()),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="charge", to="llm.call"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["root", "at"], name="llm_charge_root"),
                    models.Index(
                        condition=models.Q(("state", "reserved")),
                        fields=["root", "lapses_at"],
                        name="llm_charge_reserved",
                    ),
                ],
            },
        ),
    ]
