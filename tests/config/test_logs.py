"""Log lines hold facts and nothing private."""

import json
import logging
import sys

from config.logs import JsonFormatter, logging_settings


def _line(
    message: str, *arguments: object, facts: dict[str, object] | None = None, failed: bool = False
) -> dict[str, object]:
    record = logging.LogRecord(
        "any.library", logging.WARNING, __file__, 1, message, arguments, sys.exc_info() if failed else None
    )
    if facts is not None:
        record.facts = facts
    text = JsonFormatter().format(record)
    assert "\n" not in text
    parsed: dict[str, object] = json.loads(text)
    return parsed


def test_facts_become_fields() -> None:
    line = _line("turn", facts={"call": 7, "took_ms": 12.5})
    assert (line["event"], line["call"], line["took_ms"], line["level"]) == ("turn", 7, 12.5, "warning")


def test_arguments_of_a_library_are_not_written() -> None:
    line = _line("Not Found: %s", "/s/secret-token")
    assert line["event"] == "Not Found: %s"
    assert "secret-token" not in json.dumps(line)


def test_exception_keeps_type_and_frames_but_no_text() -> None:
    try:
        raise ValueError("Key (email)=(anna@example.org) already exists")
    except ValueError:
        line = _line("failed", failed=True)
    assert line["error"] == "ValueError"
    assert "tests/config/test_logs.py" in str(line["where"])
    assert "anna" not in json.dumps(line)


def test_exception_of_ours_keeps_its_code() -> None:
    class RefusedError(Exception):
        code = "too_long"

    try:
        raise RefusedError("what somebody wrote")
    except RefusedError:
        line = _line("failed", failed=True)
    assert line["error_code"] == "too_long"
    assert "somebody" not in json.dumps(line)


def test_lines_that_repeat_the_raw_path_are_silenced() -> None:
    loggers = logging_settings(level="INFO")["loggers"]
    assert {loggers[name]["level"] for name in ("django.request", "django.server")} == {"CRITICAL"}
