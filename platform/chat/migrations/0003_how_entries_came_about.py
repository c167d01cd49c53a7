from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_entries_are_append_only")]

    operations = [
        migrations.AddField("entry", "answers", models.PositiveIntegerField(null=True)),
        migrations.AddField("entry", "first_key_ms", models.PositiveIntegerField(null=True)),
        migrations.AddField("entry", "sent_ms", models.PositiveIntegerField(null=True)),
        migrations.AddField("entry", "edits", models.PositiveIntegerField(null=True)),
        migrations.AddField("entry", "pastes", models.PositiveIntegerField(null=True)),
        migrations.AddField("entry", "blurs", models.PositiveIntegerField(null=True)),
        migrations.AddField("entry", "planned_at", models.DateTimeField(null=True)),
    ]
