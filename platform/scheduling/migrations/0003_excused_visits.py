from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0002_scheduledsession"),
    ]

    operations = [
        migrations.AlterField(
            model_name="scheduledsession",
            name="state",
            field=models.CharField(
                choices=[
                    ("planned", "Planned"),
                    ("open", "Open"),
                    ("started", "Started"),
                    ("completed", "Completed"),
                    ("partial", "Partial"),
                    ("missed", "Missed"),
                    ("excused", "Excused"),
                    ("cancelled", "Cancelled"),
                ],
                default="planned",
                max_length=10,
            ),
        ),
    ]
