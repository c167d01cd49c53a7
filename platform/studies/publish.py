"""The JSON Schema of study files, for editors and other tools."""

import json

from studies.schema import StudyFile
from studies.schema_items import ItemFile

SCHEMA_FILE = "docs/study.schema.json"


def published() -> str:
    """The schema as it stands in docs/: of a study file, with that of item files under `$defs.ItemFile`."""
    schema = StudyFile.model_json_schema(by_alias=True)
    items = ItemFile.model_json_schema(by_alias=True)
    schema["$defs"] |= items.pop("$defs") | {"ItemFile": items}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
