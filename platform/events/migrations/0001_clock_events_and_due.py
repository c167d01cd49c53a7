"""The clock with its function and guard, the append-only events, the due work, the signs of life."""

import datetime

import django.db.models.deletion
from django.db import migrations, models

import events.clock

CLOCK = """
INSERT INTO events_clock (id, ahead_by, made_for_simulation) VALUES (1, interval '0', false);

-- STABLE, so that comparisons with it can use an index. A missing row (a flushed test database) means no offset.
CREATE FUNCTION rapport_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT clock_timestamp() + coalesce((SELECT ahead_by FROM events_clock), interval '0') $$;
"""
DROP_CLOCK = "DROP FUNCTION rapport_now();"

GUARDS = """
CREATE FUNCTION events_guard_clock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ahead_by <> interval '0' AND NOT NEW.made_for_simulation THEN
        RAISE EXCEPTION 'the clock moves only in a database made for simulation: see manage.py clock --simulate'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.made_for_simulation IS DISTINCT FROM (CASE WHEN TG_OP = 'UPDATE' THEN OLD.made_for_simulation ELSE false END)
       AND EXISTS (SELECT FROM events_event) THEN
        RAISE EXCEPTION 'this database holds events already: make an empty one for simulation'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.ahead_by < OLD.ahead_by AND EXISTS (SELECT FROM events_event) THEN
        RAISE EXCEPTION 'the clock never goes back once something has happened' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER events_guard_clock BEFORE INSERT OR UPDATE ON events_clock
    FOR EACH ROW EXECUTE FUNCTION events_guard_clock();

CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('rapport.erasing', true), '') = 'on' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '% of % is refused: it is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
DROP_GUARDS = """
DROP TRIGGER events_append_only ON events_event;
DROP FUNCTION events_append_only();
DROP TRIGGER events_guard_clock ON events_clock;
DROP FUNCTION events_guard_clock();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("ahead_by", models.DurationField(default=datetime.timedelta)),
                ("made_for_simulation", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="events_clock_is_one_row")],
            },
        ),
        migrations.RunSQL(CLOCK, DROP_CLOCK),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=60)),
                ("study_id", models.BigIntegerField(null=True)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.BigIntegerField()),
                ("facts", models.JSONField(default=dict)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
            ],
            options={
                "indexes": [
                    models.Index(fields=["study_id", "id"], name="events_event_of_study"),
                    models.Index(fields=["subject_kind", "subject_id", "id"], name="events_event_of_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Due",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reaction", models.CharField(max_length=120)),
                ("queue", models.CharField(choices=[("bots", "bots"), ("jobs", "jobs")], max_length=10)),
                ("key", models.CharField(max_length=120)),
                ("facts", models.JSONField(default=dict)),
                ("run_after", models.DateTimeField()),
                ("again_after", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("outcome", models.CharField(blank=True, default="", max_length=40)),
                ("error_code", models.CharField(blank=True, default="", max_length=60)),
                ("created_at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="events.event"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("outcome", "")), fields=["queue", "run_after"], name="events_due_next"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")),
                        fields=("reaction", "key"),
                        name="events_due_once_while_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_at", None), ("outcome", "")),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True), models.Q(("done_at", None), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="events_due_done_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Beat",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
                ("facts", models.JSONField(default=dict)),
            ],
        ),
        migrations.RunSQL(GUARDS, DROP_GUARDS),
    ]
