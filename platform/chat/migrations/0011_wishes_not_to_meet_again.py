from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0010_words_outside_conversations")]

    operations = [migrations.AddField("report", "is_apart", models.BooleanField(default=False))]
