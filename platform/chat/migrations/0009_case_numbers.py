import django.db.models.deletion
from django.db import migrations, models

# What was found and reported before keeps the number that its list gave it. A trigger is never changed, save for this.
NUMBERED = """
ALTER TABLE chat_trigger DISABLE TRIGGER chat_trigger_append_only;
WITH placed AS (
    SELECT one.id, version.study_id, row_number() OVER (PARTITION BY version.study_id ORDER BY one.id) AS number
    FROM {table} one
    JOIN chat_conversation talk ON talk.id = one.conversation_id
    JOIN flow_match played ON played.id = talk.match_id
    JOIN matching_group team ON team.id = played.group_id
    JOIN studies_version version ON version.id = team.version_id
), drawn AS (
    INSERT INTO chat_casenumber (study_id, kind, number) SELECT study_id, '{kind}', number FROM placed
    RETURNING id, study_id, number
)
UPDATE {table} SET case_id = drawn.id FROM placed JOIN drawn USING (study_id, number) WHERE {table}.id = placed.id;
ALTER TABLE chat_trigger ENABLE TRIGGER chat_trigger_append_only;
"""
GUARD = """
CREATE TRIGGER chat_casenumber_append_only BEFORE UPDATE OR DELETE ON chat_casenumber
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
"""


def case(name: str, *, null: bool = False) -> models.OneToOneField:
    return models.OneToOneField(
        on_delete=django.db.models.deletion.PROTECT, related_name=name, to="chat.casenumber", null=null
    )


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0008_edition_of_the_rules"),
        ("studies", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("found", "Found"), ("report", "Report")], max_length=6)),
                ("number", models.PositiveIntegerField()),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="case_numbers", to="studies.study"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="casenumber",
            constraint=models.UniqueConstraint(fields=("study", "kind", "number"), name="case_number_once"),
        ),
        migrations.AddField("trigger", "case", case("trigger", null=True)),
        migrations.AddField("report", "case", case("report", null=True)),
        migrations.RunSQL(NUMBERED.format(table="chat_trigger", kind="found"), migrations.RunSQL.noop),
        migrations.RunSQL(NUMBERED.format(table="chat_report", kind="report"), migrations.RunSQL.noop),
        migrations.AlterField("trigger", "case", case("trigger")),
        migrations.AlterField("report", "case", case("report")),
        migrations.RunSQL(GUARD, "DROP TRIGGER chat_casenumber_append_only ON chat_casenumber;"),
    ]
