import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0012_pages_with_a_card"),
        ("flow", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            "wordstrigger",
            "act",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="words_triggers", to="flow.act"
            ),
        ),
        migrations.RemoveConstraint("wordstrigger", "words_trigger_once"),
        migrations.AddConstraint(
            "wordstrigger",
            models.UniqueConstraint(
                condition=models.Q(("act", None), ("report", None)),
                fields=("session", "stage", "item", "attempt"),
                name="words_trigger_once",
            ),
        ),
        migrations.AddConstraint(
            "wordstrigger",
            models.UniqueConstraint(fields=("act", "item"), name="words_trigger_once_in_an_act"),
        ),
    ]
