"""What a group of a batch has used is kept once it is over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bots", "0009_people_behind_the_curtain")]

    operations = [
        migrations.AddField(model_name="batchgroup", name="calls", field=models.PositiveIntegerField(null=True)),
        migrations.AddField(
            model_name="batchgroup",
            name="cost_usd",
            field=models.DecimalField(decimal_places=8, max_digits=14, null=True),
        ),
        migrations.AddField(model_name="batchgroup", name="turns", field=models.PositiveIntegerField(null=True)),
        migrations.AddField(model_name="batchgroup", name="failed", field=models.PositiveIntegerField(null=True)),
        migrations.AddField(model_name="batchgroup", name="counted_at", field=models.DateTimeField(null=True)),
    ]
