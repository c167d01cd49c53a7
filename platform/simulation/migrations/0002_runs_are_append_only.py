"""A simulated run is never changed: it cannot become clean afterwards."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER simulation_simulationrun_append_only BEFORE UPDATE OR DELETE ON simulation_simulationrun
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP TRIGGER simulation_simulationrun_append_only ON simulation_simulationrun;"


class Migration(migrations.Migration):
    dependencies = [("simulation", "0001_simulation_run"), ("events", "0001_clock_events_and_due")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
