"""People of a pilot have an origin of their own."""

from django.db import migrations, models

ORIGINS = [
    ("link", "Link"),
    ("demo", "Demo"),
    ("preview", "Preview"),
    ("pilot", "Pilot"),
    ("simulated", "Simulated"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("participants", "0003_room_for_simulated_codes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="participant",
            name="origin",
            field=models.CharField(choices=ORIGINS, max_length=10),
        ),
        migrations.AlterField(
            model_name="entrylink",
            name="origin",
            field=models.CharField(choices=ORIGINS, default="link", max_length=10),
        ),
    ]
