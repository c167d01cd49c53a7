from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("measures", "0004_scales_and_times_of_answers")]

    operations = [
        # Before, nothing was screened.
        migrations.AddField("answer", "edition", models.CharField(blank=True, max_length=12, default=""), False),
    ]
