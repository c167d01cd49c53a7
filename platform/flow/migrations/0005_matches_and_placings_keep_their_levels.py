"""The levels of a round stand on the rows that every page reads anyway."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0004_acts_of_people_who_are_simulated_are_theirs"),
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
