"""An entry is never changed or removed, save for erasure."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER chat_entry_append_only BEFORE UPDATE OR DELETE ON chat_entry
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER chat_entry_append_only ON chat_entry;"


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial"), ("events", "0001_clock_events_and_due")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
