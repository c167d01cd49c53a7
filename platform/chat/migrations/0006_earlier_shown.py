import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = """
CREATE TRIGGER chat_earliershown_append_only BEFORE UPDATE OR DELETE ON chat_earliershown
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER chat_earliershown_append_only ON chat_earliershown;"


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0005_what_was_shown"),
        ("events", "0001_clock_events_and_due"),
        ("matching", "0004_seats_know_labels"),
    ]

    operations = [
        migrations.CreateModel(
            name="EarlierShown",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earlier_shown",
                        to="chat.conversation",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="matching.seat"
                    ),
                ),
                (
                    "earlier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="chat.conversation"
                    ),
                ),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
            ],
        ),
        migrations.AddConstraint(
            model_name="earliershown",
            constraint=models.UniqueConstraint(fields=("conversation", "seat", "earlier"), name="earlier_shown_once"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
