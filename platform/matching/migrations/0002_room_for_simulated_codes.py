"""Codes of simulated studies begin with SIM."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="group",
            name="code",
            field=models.CharField(max_length=16, unique=True),
        ),
    ]
