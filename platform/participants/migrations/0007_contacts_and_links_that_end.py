import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("participants", "0006_participant_zone")]

    operations = [
        migrations.AddField(
            model_name="entrylink",
            name="ends_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed_address", models.TextField(blank=True)),
                ("agreed_at", models.DateTimeField(null=True)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("stop_sha256", models.CharField(max_length=64, unique=True)),
                ("sealed_stop", models.TextField()),
                (
                    "participant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contact",
                        to="participants.participant",
                    ),
                ),
            ],
        ),
    ]
