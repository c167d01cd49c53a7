"""Reads YAML without its traps: safe types only, no anchors, no doubled keys, no numbers out of clock times."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from studies.problems import Problem

MAX_CHARS = 300_000
MAX_DEPTH = 30
Path = tuple[str | int, ...]
# The same as SafeLoader, some ten times faster; its words about errors are poorer, so those are SafeLoader's.
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CLOCK = re.compile(r"^[-+]?\d+(:[0-5]?\d)+(\.\d*)?$")
_YES_NO = re.compile(r"^(?:yes|no|on|off)$", re.IGNORECASE)
_ODD_NUMBER = re.compile(
    r"^[-+]?(?:0[0-7_]+|0[xb][0-9a-fA-F_]+|\d[\d_]*_[\d_]*(?:\.\d*)?|\.(?:inf|nan))$", re.IGNORECASE
)
# No database takes a NUL, no file half a character, and no screen should be sent the rest.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Document:
    """What a file says, where each thing stands (path → line), and what is wrong with it as YAML."""

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def parse(text: str, *, name: str, prefix: str = "") -> Document:
    """Read a YAML text.

    Args:
        name: The file's name, for messages about the whole of it.
        prefix: Put before every path, where a study has several such files.

    Returns:
        `data` is None where the text cannot be read at all; `problems` then says why.
    """
    if len(text) > MAX_CHARS:
        what = f"the file has {len(text)} characters; {MAX_CHARS} are allowed."
        return Document(None, problems=[Problem(name, "E002", what, "Move long texts into files of their own.")])
    try:
        refused = _refused(name, text)
        node = None if refused else _composed(text)
    except yaml.MarkedYAMLError as error:
        return Document(None, problems=[_syntax_problem(name, error)])
    except yaml.YAMLError as error:
        return Document(None, problems=[Problem(name, "E001", f"this is not YAML: {error}.", "Mend the text.")])
    if node is None:
        return Document(None, problems=[refused or _empty(name)])
    reader = _Reader()
    data = reader.read(node, ())
    problems = [
        Problem(f"{prefix}{spell(path, data)}" or name, code, what, remedy, line)
        for path, code, what, remedy, line in reader.found
    ]
    if data is None and not problems:
        problems = [_empty(name)]
    return Document(data, reader.lines, problems)


def _composed(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_FAST)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _refused(name: str, text: str) -> Problem | None:
    """The first anchor or too deep nesting; found while scanning, before anything is built."""
    try:
        return _first_refused(name, yaml.parse(text, Loader=_FAST))
    except yaml.YAMLError:
        return _first_refused(name, yaml.parse(text, Loader=yaml.SafeLoader))


def _first_refused(name: str, events: Iterable[yaml.Event]) -> Problem | None:
    depth = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else None
        if getattr(event, "anchor", None):  # an alias has one too
            return Problem(name, "E005", "anchors (&) and aliases (*) are not allowed.", "Write the value out.", line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            return Problem(name, "E006", f"this is nested deeper than {MAX_DEPTH} levels.", "Make it flat.", line)
    return None


def _empty(name: str) -> Problem:
    return Problem(name, "E006", "the file is empty.", "Write it; docs/study-file.md has an example.", 1)


def _syntax_problem(name: str, error: yaml.MarkedYAMLError) -> Problem:
    mark: Any = error.problem_mark or error.context_mark
    what = ", ".join(part for part in (error.context, error.problem) if part)
    remedy = "Look at this line and the one before: indentation, a colon, a bracket or a quotation mark."
    return Problem(name, "E001", f"this is not YAML: {what}.", remedy, int(mark.line) + 1 if mark else None)


class _Reader:
    """Makes plain Python of YAML nodes and notes what is wrong on the way."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.found: list[tuple[Path, str, str, str, int | None]] = []
        self.maker = yaml.constructor.SafeConstructor()

    def read(self, node: yaml.Node, path: Path) -> Any:
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(each, (*path, at)) for at, each in enumerate(node.value)]
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _CONTROL.sub("?", key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            here = (*path, key)
            self.lines[here] = key_node.start_mark.line + 1
            if not key:
                self.complain(here, "E006", "a key must be a word.", "Write `name: value`.")
            elif key in found:
                self.complain(here, "E004", "this key stands twice.", "Keep one of them.", key_node.start_mark.line + 1)
            else:
                found[key] = self.read(value_node, here)
                self.lines[here] = key_node.start_mark.line + 1
        return found

    def scalar(self, node: yaml.Node, path: Path) -> Any:
        said = str(node.value)
        if not getattr(node, "style", None) and (trap := _trap(said)):
            self.complain(path, "E102", *trap)
            return said
        try:
            value = self.maker.construct_object(node)
        except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, ValueError) as error:
            because = next(iter(str(error).splitlines()), type(error).__name__)  # its makers trust every tag
            self.complain(path, "E001", f"cannot read {said[:40]!r}: {because}.", "Put it in quotes, without a tag.")
            return said
        if wrong := _unusable(value):
            self.complain(path, *wrong)
            return _CONTROL.sub("?", said)
        return value

    def complain(self, path: Path, code: str, what: str, remedy: str, line: int | None = None) -> None:
        self.found.append((path, code, what, remedy, line or self.lines.get(path)))


def _unusable(value: Any) -> tuple[str, str, str] | None:
    """Code, what and remedy, where escapes or tags (`"\\0"`, `!!binary`) made something that no study file can hold."""
    if isinstance(value, str):
        what, remedy = "this text has control characters, or halves of one.", "Write plain text, without \\x and \\u."
        return ("E003", what, remedy) if _CONTROL.search(value) else None
    if isinstance(value, float) and not math.isfinite(value):
        return "E102", "YAML reads this as a number without end.", "Write a plain number."
    if value is None or isinstance(value, bool | int | float):
        return None
    return "E102", f"YAML reads this as {type(value).__name__}, because of its tag.", "Remove the tag (!!…)."


def _trap(said: str) -> tuple[str, str] | None:
    """What and remedy, where YAML would read a plain word as something else than its author meant."""
    quoted = f'"{said}"'
    if _CLOCK.match(said):
        return f"YAML reads {said} as a number of seconds.", f"Quote clock times: {quoted}."
    if re.match(r"^\d{4}-\d\d?-\d\d?", said):
        return f"YAML reads {said} as a date.", f"Quote dates: {quoted}."
    if _YES_NO.match(said):
        return f"YAML reads {said} as true or false.", f"Write true or false, or quote the word: {quoted}."
    if _ODD_NUMBER.match(said):
        return f"YAML reads {said} in an unexpected way.", f"Quote it, {quoted}, or write a plain number."
    return None


def spell(path: Path, data: Any = None) -> str:
    """A path as people write it: waves[main].stages[quiz].on_fail; list entries by their id where they have one."""
    out = ""
    for part in path:
        data = _inside(data, part)
        if isinstance(part, int):
            out += f"[{data['id'] if isinstance(data, dict) and isinstance(data.get('id'), str) else part}]"
        else:
            out += f".{part}" if out else part
    return out


def _inside(data: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return data[part] if isinstance(data, list) and part < len(data) else None
    return data.get(part) if isinstance(data, dict) else None
