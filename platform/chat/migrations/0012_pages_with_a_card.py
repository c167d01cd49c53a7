from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0011_wishes_not_to_meet_again")]

    operations = [
        # By the number of before no page was told from those of the same stage.
        migrations.RemoveField("wordsstep", "rev"),
        migrations.AddField("wordsstep", "page", models.CharField(blank=True, max_length=24, default=""), False),
    ]
