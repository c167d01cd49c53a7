"""Whoever was a monitor, and is no longer, keeps a membership that opens nothing: they know, and take no other part."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0005_deviations_and_monitors")]

    operations = [
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "Owner"),
                    ("editor", "Editor"),
                    ("operator", "Operator"),
                    ("analyst", "Analyst"),
                    ("monitor", "Monitor"),
                    ("former", "Former"),
                ],
                max_length=10,
            ),
        ),
    ]
