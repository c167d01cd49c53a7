"""Whether a study is simulated is decided before its first version, and what is simulated stays so for ever."""

from django.db import migrations

GUARD = """
CREATE FUNCTION studies_keep_simulated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.is_simulated OR EXISTS (SELECT FROM studies_version WHERE study_id = OLD.id) THEN
        RAISE EXCEPTION 'whether % is simulated stays as it is: make another study instead', OLD.slug
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER studies_study_keeps_simulated BEFORE UPDATE ON studies_study
    FOR EACH ROW WHEN (OLD.is_simulated IS DISTINCT FROM NEW.is_simulated) EXECUTE FUNCTION studies_keep_simulated();
"""
DROP = """
DROP TRIGGER studies_study_keeps_simulated ON studies_study;
DROP FUNCTION studies_keep_simulated();
"""


class Migration(migrations.Migration):
    dependencies = [("studies", "0002_frozen_and_append_only")]

    operations = [migrations.RunSQL(GUARD, DROP)]
