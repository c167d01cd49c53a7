"""Of calls that there are it is not known what the provider said of them, and no seed was given."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("llm", "0002_what_was_remembered")]

    operations = [
        migrations.AddField(model_name="call", name="seed", field=models.BigIntegerField(null=True)),
        migrations.AddField(
            model_name="call", name="finish_reason", field=models.CharField(blank=True, default="", max_length=40)
        ),
        migrations.AddField(
            model_name="call", name="request_id", field=models.CharField(blank=True, default="", max_length=120)
        ),
        migrations.AddField(
            model_name="call", name="system_fingerprint", field=models.CharField(blank=True, default="", max_length=120)
        ),
    ]
