"""The shape of the file: pydantic's findings in our words, and the sections that are sound despite them."""

import re
from collections.abc import Mapping
from copy import deepcopy
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from studies.checks.context import meant
from studies.problems import Problem
from studies.schema import StudyFile
from studies.schema_types import NAME_PATTERN, SHORT_NAME_PATTERN, SLUG_PATTERN
from studies.yaml_file import Document, Path, spell

_SECRET_KEY = re.compile(r"(?i)^(api_?key|(access_|auth_)?token|secret(_key)?|password|passwd|credentials?|key)$")
_SECRET_VALUE = re.compile(
    r"\b(sk-[A-Za-z0-9_-]{16,}|ghp_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|xox[abp]-[\w-]{10,}|Bearer [\w.-]{20,})"
)
_BY_PATTERN = {
    NAME_PATTERN: "Use a-z, 0-9 and _, a letter first, at most 24 characters.",
    SHORT_NAME_PATTERN: "Use a-z, 0-9 and _, a letter first, at most 15 characters.",
    SLUG_PATTERN: "Use a-z, 0-9 and -, a letter first, 2 to 60 characters.",
}

_BOUNDS = {
    "greater_than_equal": ("ge", "of at least"),
    "less_than_equal": ("le", "of at most"),
    "greater_than": ("gt", "above"),
    "less_than": ("lt", "below"),
}
_SHAPES = {
    "bool_type": "Write true or false.",
    "bool_parsing": "Write true or false.",
    "list_type": "Write a list: [first, second].",
    "model_type": "Write its entries by their names: {name: value}.",
    "dict_type": "Write its entries by their names: {name: value}.",
}


def sections_of(document: Document) -> tuple[dict[str, Any], list[Problem]]:
    """The sections that are valid by themselves (by field name), and everything that is wrong with the shape."""
    data = document.data
    if not isinstance(data, dict):
        what = "a study file is a mapping of names to values."
        return {}, [Problem("study.yaml", "E006", what, "Begin with `schema: study/1`.", 1)]
    problems = _secrets(document)
    mended = deepcopy(data)
    for error in _errors_of(data):
        path, known = _walk(StudyFile, error["loc"])
        problem = _problem(error, path, known, document)
        # A secret is told once, and a trap that was told while reading is not told again as a wrong type.
        is_told = problem.path in {each.path for each in [*problems, *document.problems]}
        if not is_told:
            problems.append(problem)
        _mend(mended, path, error)
    return _valid_sections(mended), problems


def shape_problems(
    error: ValidationError,
    *,
    at: Path,
    document: Document,
    model: type[BaseModel] | Any,
    skip: int = 0,
    moved: Mapping[str, Path] | None = None,
) -> list[Problem]:
    """The findings of another model (parameters, items) whose raw value stands at a path of a document.

    Args:
        skip: How many parts at the beginning of pydantic's own paths are not the model's.
        moved: Key of the model → where its raw value stands, where that is not simply under the key.
    """
    found = []
    for each in error.errors():
        path, known = _walk(model, each["loc"][skip:])
        first = (moved or {}).get(str(path[0]), path[:1]) if path else ()
        found.append(_problem(each, (*at, *first, *path[1:]), known, document))
    return found


def _errors_of(data: Any) -> list[ErrorDetails]:
    try:
        StudyFile.model_validate(data)
    except ValidationError as error:
        return error.errors()
    return []


def _valid_sections(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, info in StudyFile.model_fields.items():
        key = info.alias or name
        if key not in data:
            if not info.is_required():
                found[name] = info.get_default(call_default_factory=True, validated_data={})
            continue
        try:
            found[name] = TypeAdapter(info.rebuild_annotation()).validate_python(data[key])
        except ValidationError:
            continue
    return found


def _mend(data: Any, path: Path, error: ErrorDetails) -> None:
    """Undo what is wrong but clear, so that the checks of meaning can run: unknown keys, forgotten quotes."""
    parent: Any = data
    for part in path[:-1]:
        try:
            parent = parent[part]
        except (KeyError, IndexError, TypeError):
            return
    if error["type"] == "extra_forbidden":
        if isinstance(parent, dict):  # a key that looks like a mark of pydantic's cuts the path short
            parent.pop(path[-1], None)
    elif error["type"] in {"string_type", "unquoted"} and isinstance(error["input"], int | float):
        parent[path[-1]] = str(error["input"])


def _walk(model: Any, loc: tuple[int | str, ...]) -> tuple[Path, list[str]]:
    """The raw path of pydantic's `loc` (which also names the members of unions), and the keys known at its end."""
    path: list[int | str] = []
    here: Any = model
    known: list[str] = []
    for part in loc:
        here = _bare(here)
        if part == "[key]":
            break
        if get_origin(here) in (Union, UnionType):
            here = _member(here, part)
            continue
        known = _keys(here)
        path.append(part)
        here = _inside(here, part)
    return tuple(path), known


def _bare(annotation: Any) -> Any:
    """Without Annotated and without `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation):
            rest = [each for each in get_args(annotation) if each is not type(None)]
            annotation = rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007
        else:
            return annotation


def _member(union: Any, tag: int | str) -> Any:
    for each in get_args(union):
        if any(getattr(mark, "tag", None) == tag for mark in getattr(each, "__metadata__", ())):
            return each
        for info in getattr(each, "model_fields", {}).values():
            if get_origin(info.annotation) is Literal and tag in get_args(info.annotation):
                return each
    return Any


def _keys(here: Any) -> list[str]:
    if isinstance(here, type) and issubclass(here, BaseModel):
        return [info.alias or name for name, info in here.model_fields.items()]
    return []


def _inside(here: Any, part: int | str) -> Any:
    if isinstance(here, type) and issubclass(here, BaseModel):
        infos = {info.alias or name: info for name, info in here.model_fields.items()}
        return infos[str(part)].annotation if str(part) in infos else Any
    arguments = get_args(here)
    return arguments[-1] if get_origin(here) in (list, dict) and arguments else Any


def _problem(error: ErrorDetails, path: Path, known: list[str], document: Document) -> Problem:
    code, what, remedy = _words(error, path, known)
    line = next((document.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in document.lines), None)
    return Problem(spell(path, document.data) or "study.yaml", code, what, remedy, line)


def _words(error: ErrorDetails, path: Path, known: list[str]) -> tuple[str, str, str]:
    kind, context, last = error["type"], error.get("ctx", {}), str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return "E101", "unknown key.", meant(last, known)
    if kind == "missing":
        return _missing(path)
    if kind == "unquoted_clock":
        return "E102", f"got the number {error['input']}.", 'Quote clock times: "08:00".'
    if kind in {"string_type", "unquoted"} and isinstance(error["input"], int | float):
        return (
            "E102",
            f"got the number {error['input']}.",
            f'Put it in quotes, as it should be read: "{error["input"]}".',
        )
    if kind == "union_tag_not_found":
        return (
            "E105",
            f"{context.get('discriminator', 'kind')} is missing.",
            "Add it; docs/study-file.md lists the kinds.",
        )
    return _wrong_value(error, context)


def _missing(path: Path) -> tuple[str, str, str]:
    if path[-2:] == ("points", "max"):
        remedy = 'Write the most that points can pay, e.g. max: "6.00".'
        return "E602", "max is missing. Unbounded bonuses are refused.", remedy
    if path[-1:] == ("daily_cost_usd",):
        remedy = 'Write daily_cost_usd: "5.00", or "0.00" for one that costs nothing.'
        return "E504", "is missing. A model without a limit of cost is refused.", remedy
    if path[-1:] == ("asked_if_ai",):
        remedy = "Write admit, deflect or deny: what it answers to whoever asks whether it is a person."
        return "E105", "is missing.", remedy
    return "E105", "is missing.", "Add it; docs/study-file.md says what it means."


def _wrong_value(error: ErrorDetails, context: Mapping[str, Any]) -> tuple[str, str, str]:
    kind = error["type"]
    if kind == "string_pattern_mismatch" and context.get("pattern") in _BY_PATTERN:
        return "E803", f'"{_short(error["input"])}" cannot be a name here.', _BY_PATTERN[str(context["pattern"])]
    if kind == "union_tag_invalid":
        tags = re.findall(r"'(\w+)'", str(context.get("expected_tags", "")))
        return "E100", f'"{_short(context.get("tag"))}" is unknown here.', meant(str(context.get("tag")), tags)
    if kind == "literal_error":
        return "E100", f'got "{_short(error["input"])}".', f"Choose {context.get('expected')}."
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return "E100", f"got {_short(error['input'])}.", f"Write a number {words} {context.get(key):g}."
    if kind in _SHAPES:
        said = error["input"]
        word = str(said).lower() if isinstance(said, bool) else _short(said)
        got = f'got "{word}".' if isinstance(said, str | int | float) else "is of another kind."
        return "E100", got, f"{_SHAPES[kind]} docs/study-file.md lists what it takes."
    return "E100", f"{error['msg'][:1].lower()}{error['msg'][1:]}.", "docs/study-file.md says what is allowed."


def _short(value: Any) -> str:
    return str(value)[:40]


def _secrets(document: Document) -> list[Problem]:
    """Keys and values that look like a secret. Their text is never repeated."""
    found = []
    for path, value in _leaves(document.data, ()):
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        if (_SECRET_KEY.match(key) and isinstance(value, str) and value) or holds_secret(value):
            remedy = "Take it out; keys belong to the installation: set RAPPORT_LLM_KEY in its environment."
            found.append(
                Problem(
                    spell(path, document.data), "E104", "secrets must not be here.", remedy, document.lines.get(path)
                )
            )
    return found


def holds_secret(value: Any) -> bool:
    """Whether a text has something that looks like a key."""
    return isinstance(value, str) and _SECRET_VALUE.search(value) is not None


def _leaves(data: Any, path: Path) -> list[tuple[Path, Any]]:
    if isinstance(data, dict):
        return [leaf for key, value in data.items() for leaf in _leaves(value, (*path, key))]
    if isinstance(data, list):
        return [leaf for at, value in enumerate(data) for leaf in _leaves(value, (*path, at))]
    return [(path, data)]
