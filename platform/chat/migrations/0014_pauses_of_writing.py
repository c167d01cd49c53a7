"""Of each entry of an automated seat it is kept when it was to be seen to stop writing it. Until now none did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0013_words_of_decisions")]

    operations = [migrations.AddField("entry", "pauses", models.JSONField(default=list))]
