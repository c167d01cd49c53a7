"""In a database made for simulation the clock may stand at an instant; whatever it does, it never goes back."""

from django.db import migrations, models

STANDS = """
CREATE OR REPLACE FUNCTION rapport_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce((SELECT coalesce(stands_at, clock_timestamp() + ahead_by) FROM events_clock), clock_timestamp()) $$;

CREATE OR REPLACE FUNCTION events_guard_clock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.ahead_by <> interval '0' OR NEW.stands_at IS NOT NULL) AND NOT NEW.made_for_simulation THEN
        RAISE EXCEPTION 'the clock moves only in a database made for simulation: see manage.py clock --simulate'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.made_for_simulation IS DISTINCT FROM (CASE WHEN TG_OP = 'UPDATE' THEN OLD.made_for_simulation ELSE false END)
       AND EXISTS (SELECT FROM events_event) THEN
        RAISE EXCEPTION 'this database holds events already: make an empty one for simulation'
            USING ERRCODE = 'restrict_violation';
    END IF;
    -- Two ends of one comparison must be as of one moment: statement_timestamp() stands for both.
    IF TG_OP = 'UPDATE'
       AND coalesce(NEW.stands_at, statement_timestamp() + NEW.ahead_by)
           < coalesce(OLD.stands_at, statement_timestamp() + OLD.ahead_by)
       AND EXISTS (SELECT FROM events_event) THEN
        RAISE EXCEPTION 'the clock never goes back once something has happened' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
ONLY_RUNS = """
CREATE OR REPLACE FUNCTION rapport_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT clock_timestamp() + coalesce((SELECT ahead_by FROM events_clock), interval '0') $$;

CREATE OR REPLACE FUNCTION events_guard_clock() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_clock_events_and_due")]

    operations = [
        migrations.AddField(
            model_name="clock",
            name="stands_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(STANDS, ONLY_RUNS),
    ]
