from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bots", "0010_what_groups_of_a_batch_used")]

    operations = [
        migrations.AddField("botturn", "rests_until", models.DateTimeField(null=True)),
        migrations.AddField("sentinel", "attempt", models.PositiveSmallIntegerField(default=1)),
        migrations.RemoveConstraint("sentinel", "sentinel_once"),
        migrations.AddConstraint(
            "sentinel",
            models.UniqueConstraint(fields=["study", "model", "day", "number", "attempt"], name="sentinel_once"),
        ),
    ]
