from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether a person is simulated stands with the participant, and was never written with an act."""

    dependencies = [
        ("flow", "0003_acts_and_submissions_name_their_form"),
    ]

    operations = [
        migrations.AlterField(
            model_name="act",
            name="source",
            field=models.CharField(
                choices=[("person", "Person"), ("policy", "Policy"), ("model", "Model"), ("timeout", "Timeout")],
                max_length=10,
            ),
        ),
    ]
