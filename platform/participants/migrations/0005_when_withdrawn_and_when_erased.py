"""When somebody asked that their data be deleted, and when they were."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("participants", "0004_pilots")]

    operations = [
        migrations.AddField("participant", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.AddField("participant", "erased_at", models.DateTimeField(null=True)),
    ]
