from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0003_excused_visits")]

    operations = [
        migrations.AddField(
            "scheduledsession", "exit", models.CharField(blank=True, default="", max_length=30), preserve_default=False
        ),
    ]
