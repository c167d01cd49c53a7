"""Whoever writes in an automated seat's place reads what is said there, and has no other part in the study."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("studies", "0006_former_monitors")]

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
                    ("wizard", "Wizard"),
                    ("former", "Former"),
                ],
                max_length=10,
            ),
        ),
    ]
