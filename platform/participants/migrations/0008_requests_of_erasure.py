"""Each wish that data be deleted is a row, until all that it asks for is done. Whoever withdrew before has one, too."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

THOSE_BEFORE = """
INSERT INTO participants_erasurerequest (participant_id, by, asked_at, due_at)
SELECT id, 'participant', coalesce(withdrawn_at, ended_at), coalesce(withdrawn_at, ended_at) + interval '1 month'
FROM participants_participant WHERE status = 'withdrawn';
"""


class Migration(migrations.Migration):
    dependencies = [("participants", "0007_contacts_and_links_that_end"), ("events", "0001_clock_events_and_due")]

    operations = [
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "by",
                    models.CharField(
                        choices=[("participant", "Participant"), ("researcher", "Researcher")],
                        default="participant",
                        max_length=12,
                    ),
                ),
                ("asked_at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "participant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure",
                        to="participants.participant",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(THOSE_BEFORE, migrations.RunSQL.noop),
    ]
