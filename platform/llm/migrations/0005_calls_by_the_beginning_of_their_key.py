"""Calls are looked for by how their keys begin: those of a study, of a turn."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("llm", "0004_accounts_and_charges")]

    operations = [
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["scope"], name="llm_call_scope", opclasses=["varchar_pattern_ops"]),
        ),
    ]
