import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0005_partners_that_last"),
        ("participants", "0006_participant_zone"),
        ("studies", "0006_former_monitors"),
    ]

    operations = [
        migrations.AddField("group", "topic", models.CharField(blank=True, default="", max_length=200)),
        migrations.CreateModel(
            name="TopicOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.CharField(max_length=40)),
                ("sequence", models.CharField(blank=True, max_length=40)),
                ("number", models.PositiveIntegerField()),
                ("topics", models.JSONField()),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="topic_orders",
                        to="participants.participant",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="studies.version"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="topicorder",
            constraint=models.UniqueConstraint(fields=("participant", "stage"), name="topic_order_once_per_person"),
        ),
        migrations.AddConstraint(
            model_name="topicorder",
            constraint=models.UniqueConstraint(
                fields=("version", "stage", "sequence", "number"), name="topic_order_number_once"
            ),
        ),
    ]
