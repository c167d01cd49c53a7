from django.db import migrations, models

# By which rules a conversation of before was screened nobody knows any more.
UNKNOWN = "UPDATE chat_conversation SET edition = 'several'"


class Migration(migrations.Migration):
    dependencies = [("chat", "0007_safety")]

    operations = [
        migrations.AddField("conversation", "edition", models.CharField(blank=True, max_length=12, default=""), False),
        migrations.AddField("trigger", "edition", models.CharField(blank=True, max_length=12, default=""), False),
        migrations.RunSQL(UNKNOWN, migrations.RunSQL.noop),
    ]
