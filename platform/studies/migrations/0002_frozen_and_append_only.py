"""Frozen versions never change; the log of allocation only grows."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION studies_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what is frozen or logged stays; amend the study instead', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER studies_version_is_frozen BEFORE UPDATE OR DELETE ON studies_version
    FOR EACH ROW EXECUTE FUNCTION studies_refuse_change();
CREATE TRIGGER studies_versionfile_is_frozen BEFORE UPDATE OR DELETE ON studies_versionfile
    FOR EACH ROW EXECUTE FUNCTION studies_refuse_change();
CREATE TRIGGER studies_sourcefile_is_frozen BEFORE UPDATE OR DELETE ON studies_sourcefile
    FOR EACH ROW EXECUTE FUNCTION studies_refuse_change();
CREATE TRIGGER studies_allocation_is_append_only BEFORE UPDATE OR DELETE ON studies_allocation
    FOR EACH ROW EXECUTE FUNCTION studies_refuse_change();
"""
DROP = """
DROP TRIGGER studies_version_is_frozen ON studies_version;
DROP TRIGGER studies_versionfile_is_frozen ON studies_versionfile;
DROP TRIGGER studies_sourcefile_is_frozen ON studies_sourcefile;
DROP TRIGGER studies_allocation_is_append_only ON studies_allocation;
DROP FUNCTION studies_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("studies", "0001_initial")]

    operations = [migrations.RunSQL(GUARDS, DROP)]
