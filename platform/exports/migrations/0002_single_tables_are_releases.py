"""A single table that was downloaded is a release, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_tombstones_and_releases")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="table",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
    ]
