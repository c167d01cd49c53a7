"""What the provider calls the software that answered a reading, and changes of it beside those of answers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bots", "0011_models_that_rest_and_are_read_again")]

    operations = [
        migrations.AddField("sentinel", "software", models.CharField(blank=True, default="", max_length=1300)),
        migrations.AddField("drift", "kind", models.CharField(default="answers", max_length=10)),
        migrations.RemoveConstraint("drift", "drift_one_open_per_model"),
        migrations.AddConstraint(
            "drift",
            models.UniqueConstraint(
                condition=models.Q(("confirmed_at", None)),
                fields=("study", "model", "kind"),
                name="drift_one_open_per_kind",
            ),
        ),
    ]
