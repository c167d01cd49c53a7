"""Acts, exposures and submissions are never changed. A later change would be a change of the data."""

from django.db import migrations

TABLES = ("flow_act", "flow_exposure", "flow_submission")
FORWARD = "".join(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION events_append_only();"
    for table in TABLES
)
BACKWARD = "".join(f"DROP TRIGGER {table}_append_only ON {table};" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("flow", "0001_initial"), ("events", "0001_clock_events_and_due")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
