from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bots", "0002_memories")]

    operations = [migrations.AddField("botturn", "typing_at", models.DateTimeField(null=True))]
