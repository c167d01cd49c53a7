import django.db.models.deletion
from django.db import migrations, models

import events.clock

FORWARD = """
CREATE TRIGGER chat_shown_append_only BEFORE UPDATE OR DELETE ON chat_shown
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
CREATE TRIGGER chat_typingshown_append_only BEFORE UPDATE OR DELETE ON chat_typingshown
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = """
DROP TRIGGER chat_shown_append_only ON chat_shown;
DROP TRIGGER chat_typingshown_append_only ON chat_typingshown;
"""


def seat(name: str) -> tuple[str, models.ForeignKey]:
    return (
        name,
        models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="matching.seat"),
    )


def conversation(related_name: str) -> tuple[str, models.ForeignKey]:
    return (
        "conversation",
        models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to="chat.conversation"
        ),
    )


KEY = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0004_reports"),
        ("events", "0001_clock_events_and_due"),
        ("matching", "0004_seats_know_labels"),
    ]

    operations = [
        migrations.AddField("entry", "typing_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="Shown",
            fields=[
                KEY,
                conversation("shown"),
                seat("seat"),
                ("seq", models.PositiveIntegerField()),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
            ],
        ),
        migrations.AddConstraint(
            model_name="shown",
            constraint=models.UniqueConstraint(fields=("conversation", "seat", "seq"), name="shown_once"),
        ),
        migrations.CreateModel(
            name="TypingShown",
            fields=[
                KEY,
                conversation("typing_shown"),
                seat("seat"),
                seat("writer"),
                ("begun_at", models.DateTimeField()),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
            ],
        ),
        migrations.AddConstraint(
            model_name="typingshown",
            constraint=models.UniqueConstraint(
                fields=("conversation", "seat", "writer", "begun_at"), name="typing_shown_once"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
