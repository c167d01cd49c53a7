from django.db import migrations, models

OUTCOMES = [
    ("open", "Open"),
    ("delivered", "Delivered"),
    ("missed", "Missed"),
    ("failed", "Failed"),
    ("overtaken", "Overtaken"),
    ("silent", "Silent"),
]
COUNTS = ["regenerated", "dropped", "silent", "yielded", "unsaid"]


class Migration(migrations.Migration):
    dependencies = [("bots", "0003_when_they_begin_to_write")]

    operations = [
        migrations.AlterField("botturn", "outcome", models.CharField(choices=OUTCOMES, default="open", max_length=10)),
        *[migrations.AddField("botturn", name, models.PositiveIntegerField(default=0)) for name in COUNTS],
        migrations.AddField("botturn", "interruptions", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("botturn", "read_to", models.PositiveIntegerField(null=True)),
        migrations.AddField("botturn", "passed", models.PositiveIntegerField(null=True)),
        migrations.AddField("botturn", "rest", models.JSONField(default=list)),
    ]
