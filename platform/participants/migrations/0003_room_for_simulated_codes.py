"""Codes of simulated studies begin with SIM."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("participants", "0002_consents_are_append_only"),
    ]

    operations = [
        migrations.AlterField(
            model_name="participant",
            name="code",
            field=models.CharField(max_length=16, unique=True),
        ),
    ]
