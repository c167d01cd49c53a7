"""What was deleted, and which datasets were written. Neither is ever changed, save that a release is retired once."""

import django.db.models.deletion
from django.db import migrations, models

import events.clock

GUARDS = """
CREATE FUNCTION exports_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'exports_release' AND TG_OP = 'UPDATE' THEN
        IF OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL
           AND to_jsonb(NEW) - 'retired_at' - 'retired_by' = to_jsonb(OLD) - 'retired_at' - 'retired_by' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% of % is refused: it says what was done, and stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER exports_tombstone_append_only BEFORE UPDATE OR DELETE ON exports_tombstone
    FOR EACH ROW EXECUTE FUNCTION exports_refuse_change();
CREATE TRIGGER exports_release_append_only BEFORE UPDATE OR DELETE ON exports_release
    FOR EACH ROW EXECUTE FUNCTION exports_refuse_change();
"""
DROP = """
DROP TRIGGER exports_release_append_only ON exports_release;
DROP TRIGGER exports_tombstone_append_only ON exports_tombstone;
DROP FUNCTION exports_refuse_change();
"""


# What was deleted before there were tombstones stands with the events.
THOSE_BEFORE = """
INSERT INTO exports_tombstone (study_id, rule, what, rows, participant_id, by, at)
SELECT event.study_id, 'withdrawal', gone.key, gone.value::int, event.subject_id, 'participant', event.at
FROM events_event event, jsonb_each_text(event.facts -> 'rows') gone
WHERE event.kind = 'participant.erased' AND gone.value::int > 0
    AND EXISTS (SELECT FROM participants_participant person WHERE person.id = event.subject_id);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("participants", "0008_requests_of_erasure"),
        ("studies", "0006_former_monitors"),
        ("events", "0001_clock_events_and_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=12)),
                ("what", models.CharField(max_length=60)),
                ("rows", models.PositiveIntegerField()),
                ("by", models.CharField(max_length=150)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                (
                    "participant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tombstones",
                        to="participants.participant",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tombstones", to="studies.study"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["study", "rule"], name="tombstone_of_rule")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("participant__isnull", False), ("rule", "withdrawal")),
                            models.Q(models.Q(("rule", "withdrawal"), _negated=True), ("participant__isnull", True)),
                            _connector="OR",
                        ),
                        name="tombstone_of_a_wish_names_whose",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("is_masked", models.BooleanField()),
                ("people", models.PositiveIntegerField()),
                ("left_out", models.JSONField(default=list)),
                ("as_of", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                ("retired_by", models.CharField(blank=True, default="", max_length=150)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="releases", to="studies.study"
                    ),
                ),
            ],
            options={
                "ordering": ["study", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("study", "number"), name="release_number_once"),
                    models.UniqueConstraint(fields=("study", "sha256"), name="release_content_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("retired_at", None), ("retired_by", "")),
                            models.Q(("retired_at__isnull", False), models.Q(("retired_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="release_retired_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(THOSE_BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, DROP),
    ]
