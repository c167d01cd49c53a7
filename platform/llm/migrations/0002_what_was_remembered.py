"""Calls that there are held no memory."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("llm", "0001_calls")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="memory_sha256",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
    ]
