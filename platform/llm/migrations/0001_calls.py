"""The log of calls, and the guard of what is finished in it."""

from django.db import migrations, models

import events.clock

GUARD = """
CREATE FUNCTION llm_guard_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('rapport.erasing', true), '') = 'on' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    -- A superseded row may still take the late reply, which was paid for, but never become an answer.
    IF TG_OP = 'UPDATE' AND (OLD.outcome = 'open' OR (OLD.outcome = 'superseded' AND NEW.outcome = 'superseded')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of a finished row of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER llm_guard_call BEFORE UPDATE OR DELETE ON llm_call FOR EACH ROW EXECUTE FUNCTION llm_guard_call();
"""
DROP_GUARD = """
DROP TRIGGER llm_guard_call ON llm_call;
DROP FUNCTION llm_guard_call();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("events", "0001_clock_events_and_due")]

    operations = [
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scope", models.CharField(max_length=200)),
                ("attempt", models.PositiveSmallIntegerField()),
                ("model_requested", models.CharField(max_length=200)),
                ("model_served", models.CharField(blank=True, default="", max_length=200)),
                ("parameters", models.JSONField(default=dict)),
                ("prompt", models.JSONField()),
                ("prompt_sha256", models.CharField(max_length=64)),
                ("schema_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("output", models.TextField(blank=True, default="")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("ok", "Ok"),
                            ("timeout", "Timeout"),
                            ("unavailable", "Unavailable"),
                            ("rate_limited", "Rate Limited"),
                            ("refusal", "Refusal"),
                            ("empty", "Empty"),
                            ("truncated", "Truncated"),
                            ("bad_json", "Bad Json"),
                            ("wrong_schema", "Wrong Schema"),
                            ("authentication", "Authentication"),
                            ("quota", "Quota"),
                            ("config", "Config"),
                            ("internal", "Internal"),
                            ("superseded", "Superseded"),
                        ],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("error", models.CharField(blank=True, default="", max_length=300)),
                ("tokens_in", models.PositiveIntegerField(null=True)),
                ("tokens_out", models.PositiveIntegerField(null=True)),
                ("latency_ms", models.PositiveIntegerField(null=True)),
                ("cost_usd", models.DecimalField(decimal_places=8, max_digits=14, null=True)),
                ("price", models.JSONField(null=True)),
                ("at", models.DateTimeField(db_default=events.clock.RapportNow())),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="llm_call_at")],
                "constraints": [models.UniqueConstraint(fields=("scope", "attempt"), name="llm_call_once_per_attempt")],
            },
        ),
        migrations.RunSQL(GUARD, DROP_GUARD),
    ]
