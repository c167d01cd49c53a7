from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flow", "0009_pages_of_practice")]

    operations = [
        migrations.AddField("act", "edition", models.CharField(blank=True, max_length=12, default=""), False),
    ]
