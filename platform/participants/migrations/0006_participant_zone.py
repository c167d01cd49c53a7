from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("participants", "0005_when_withdrawn_and_when_erased"),
    ]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="zone",
            field=models.CharField(blank=True, default="", max_length=60),
            preserve_default=False,
        ),
    ]
