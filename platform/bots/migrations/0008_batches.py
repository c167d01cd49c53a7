"""Groups without people that were ordered together, and which group is which of them."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0007_what_failed_and_what_was_held"),
        ("matching", "0008_kept_apart"),
        ("studies", "0006_former_monitors"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("stage", models.CharField(max_length=40)),
                ("condition", models.CharField(blank=True, max_length=200)),
                ("wanted", models.PositiveIntegerField()),
                ("max_calls", models.PositiveIntegerField(null=True)),
                ("max_cost_usd", models.DecimalField(decimal_places=4, max_digits=12, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("held", "Held"), ("done", "Done")], default="open", max_length=10
                    ),
                ),
                ("begun_at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="studies.version"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BatchGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="bots.batch"
                    ),
                ),
                (
                    "group",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="in_batch", to="matching.group"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(fields=("version", "number"), name="batch_number_once"),
        ),
        migrations.AddConstraint(
            model_name="batchgroup",
            constraint=models.UniqueConstraint(fields=("batch", "number"), name="batch_group_once"),
        ),
    ]
