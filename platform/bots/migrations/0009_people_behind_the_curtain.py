import django.db.models.deletion
from django.db import migrations, models

import events.clock


class Migration(migrations.Migration):
    dependencies = [("bots", "0008_batches")]

    operations = [
        migrations.AlterField(
            model_name="replycheck",
            name="by",
            field=models.CharField(
                choices=[
                    ("model", "Model"),
                    ("regenerated", "Regenerated"),
                    ("line", "Line"),
                    ("safety", "Safety"),
                    ("wizard", "Wizard"),
                    ("nobody", "Nobody"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="WizardSeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("holder", models.CharField(blank=True, default="", max_length=150)),
                ("lease_until", models.DateTimeField(null=True)),
                (
                    "turn",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="wizard_seat", to="bots.botturn"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WizardReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made", models.PositiveIntegerField()),
                ("number", models.PositiveSmallIntegerField()),
                ("heard", models.PositiveIntegerField()),
                ("draft", models.JSONField(null=True)),
                ("error_code", models.CharField(blank=True, default="", max_length=30)),
                ("drafted_at", models.DateTimeField(null=True)),
                ("values", models.JSONField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("open", "Open"), ("chosen", "Chosen"), ("lapsed", "Lapsed"), ("held", "Held")],
                        default="open",
                        max_length=8,
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("person", "Person"),
                            ("model", "Model"),
                            ("model_edited", "Model Edited"),
                            ("line", "Line"),
                            ("safety", "Safety"),
                            ("nobody", "Nobody"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                ("wizard", models.CharField(blank=True, default="", max_length=150)),
                ("asked_at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("until", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "turn",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="wizard_replies", to="bots.botturn"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("turn", "made", "number"), name="wizard_reply_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("by", ""), ("decided_at", None), ("outcome", "open")),
                            models.Q(
                                models.Q(("outcome", "open"), _negated=True),
                                models.Q(("by", ""), _negated=True),
                                models.Q(("decided_at", None), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="wizard_reply_is_decided_with_its_outcome",
                    ),
                ],
            },
        ),
    ]
