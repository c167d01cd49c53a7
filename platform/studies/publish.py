"""What is published of the format: the JSON Schema for editors and other tools, and the tables of the reference."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from studies.problems import StudyError
from studies.schema import StudyFile
from studies.schema_items import ItemFile
from studies.schema_scales import ScaleFile
from studies.spans import SPAN_PATTERN

SCHEMA_FILE = "docs/study.schema.json"
REFERENCE_FILE = "docs/study-file.md"
BEGIN, END = "<!-- fields: written by `manage.py study schema` -->", "<!-- end of fields -->"


def schema() -> dict[str, Any]:
    """The schema of a study file, with those of files of items and of scales: `$defs.ItemFile`, `$defs.ScaleFile`."""
    found = StudyFile.model_json_schema(by_alias=True)
    for name, model in (("ItemFile", ItemFile), ("ScaleFile", ScaleFile)):
        inside = model.model_json_schema(by_alias=True)
        found["$defs"] |= inside.pop("$defs") | {name: inside}
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return found


def published() -> str:
    """The schema as it stands in docs/."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def with_fields(reference: str) -> str:
    """The reference with its tables of fields written anew.

    Raises:
        StudyError: "marks_missing", when the text has no place for them.
    """
    before, begin, rest = reference.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise StudyError("marks_missing", f"{REFERENCE_FILE} needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{''.join(_tables())}{END}{after}"


def _tables() -> Iterator[str]:
    whole = schema()
    models: dict[str, Any] = {"StudyFile": whole} | whole["$defs"]
    for name, model in models.items():
        if "properties" not in model:
            continue
        yield f"### {name}\n\n{model['description']}\n\n| field | type | default | meaning |\n|---|---|---|---|\n"
        for field, said in model["properties"].items():
            default = "required" if field in model.get("required", []) else _default(said)
            meaning = said.get("description", "").replace("|", "\\|")
            yield f"| `{field}` | {_type(said)} | {default} | {meaning} |\n"
        yield "\n"


def _default(said: Mapping[str, Any]) -> str:
    default = said.get("default")
    return "" if default is None or default in ("", [], {}) else f"`{json.dumps(default)}`"


def _type(said: Mapping[str, Any]) -> str:
    """A type in few words: "list of Tick", "`group` or `participant`", "whole number from 1 to 600"."""
    if "$ref" in said:
        return str(said["$ref"]).rpartition("/")[2]
    if words := said.get("enum") or [said[key] for key in ("const",) if key in said]:
        return " or ".join(f"`{each}`" for each in words)
    if alternatives := said.get("anyOf") or said.get("oneOf"):
        return " or ".join(_type(each) for each in alternatives if each.get("type") != "null")
    if said.get("type") == "array":
        return f"list of {_type(said['items'])}"
    return _mapping_type(said) if said.get("type") == "object" else _plain_type(said)


def _mapping_type(said: Mapping[str, Any]) -> str:
    patterns: Mapping[str, Any] = said.get("patternProperties", {})
    inside = next(iter(patterns.values()), said.get("additionalProperties"))
    return f"name → {_type(inside) if isinstance(inside, dict) else 'value'}"


def _plain_type(said: Mapping[str, Any]) -> str:
    words = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}
    if str(said.get("pattern", "")).startswith(r"^\d{1,7}"):
        return "money in quotes"
    if said.get("pattern") == SPAN_PATTERN:
        return "length of time"
    if "pattern" in said and "a-z0-9" in said["pattern"]:
        return "name"
    low = said.get("minimum", said.get("exclusiveMinimum"))
    high = said.get("maximum", said.get("exclusiveMaximum"))
    bounds = f" from {low}" if low is not None else ""
    bounds += f" to {high}" if high is not None else ""
    return words.get(str(said.get("type")), "value") + bounds
