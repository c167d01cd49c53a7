"""Slots and their log for several entries of `allocation`, and for rounds, pairs, sessions and items."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0003_simulated_for_ever"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="slot", name="slot_number_once"),
        migrations.RemoveConstraint(model_name="slot", name="slot_one_holder"),
        migrations.AddField(
            model_name="allocation",
            name="place",
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name="allocation",
            name="since",
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name="slot",
            name="entry",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="slot",
            name="place",
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name="slot",
            name="profile",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="slot",
            name="condition",
            field=models.TextField(),
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.UniqueConstraint(
                fields=("version", "entry", "stratum", "number"), name="slot_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="slot",
            constraint=models.UniqueConstraint(
                condition=models.Q(("holder_id__isnull", False)),
                fields=("holder_kind", "holder_id", "version", "entry", "place"),
                name="slot_one_holder",
            ),
        ),
    ]
