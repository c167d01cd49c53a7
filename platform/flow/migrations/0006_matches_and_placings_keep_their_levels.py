"""The levels of a round stand on the rows that every page reads anyway."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0005_who_was_told_at_the_end"),
    ]

    operations = [
        migrations.AddField(
            model_name="match",
            name="condition",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="placing",
            name="condition",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="placing",
            name="label",
            field=models.CharField(max_length=40, null=True),
        ),
    ]
