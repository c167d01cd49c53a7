"""Events go on telling how grave something was of people who were erased before their erasure took that out, too."""

from django.db import migrations

# As `exports.services.erasure.findings_of` finds them. That something was found stays, as its number does. Tombstones
# say what went when the data were deleted, and stay as they are.
FORGET = """
SET LOCAL rapport.erasing = 'on';
UPDATE events_event SET facts = jsonb_build_object('seat', facts -> 'seat')
WHERE kind = 'safety.found' AND subject_kind = 'conversation' AND jsonb_exists(facts, 'tier') AND facts -> 'seat' IN (
    SELECT to_jsonb(seat.id) FROM matching_seat seat
    JOIN participants_participant person ON person.id = seat.participant_id WHERE person.erased_at IS NOT NULL
);
SET LOCAL rapport.erasing = 'off';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0001_clock_events_and_due"),
        ("exports", "0002_single_tables_are_releases"),
        ("matching", "0001_initial"),
        ("participants", "0005_when_withdrawn_and_when_erased"),
    ]

    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
