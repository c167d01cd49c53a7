"""Groups of a pilot have an origin of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0002_room_for_simulated_codes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="group",
            name="origin",
            field=models.CharField(
                choices=[
                    ("live", "Live"),
                    ("demo", "Demo"),
                    ("pilot", "Pilot"),
                    ("run", "Run"),
                    ("simulated", "Simulated"),
                ],
                default="live",
                max_length=10,
            ),
        ),
    ]
