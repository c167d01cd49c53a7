"""Seats that there are go on being shown every label, as they were so far."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("matching", "0003_pilots")]

    operations = [
        migrations.AddField(
            model_name="seat",
            name="knows",
            field=models.CharField(blank=True, default="own|partners|rivals", max_length=30),
        ),
    ]
